"""Words the synthetic platform is made of: lookups, specialties, places, phrases, and how common each is.

Belongs here: lists and shares (8.2). Does not belong here: what is drawn from them. States and their codes are real;
streets, clinics and texts are invented.
"""

GENDER_IDENTITIES = (
    "Mulher cis", "Homem cis", "Mulher trans", "Homem trans", "Travesti", "Não-binárie", "Agênero", "Gênero fluido",
    "Outro", "Prefiro não informar",
)  # fmt: skip
GENDER_SHARE = (0.30, 0.24, 0.10, 0.10, 0.04, 0.11, 0.03, 0.04, 0.01, 0.03)
SEXUAL_ORIENTATIONS = (
    "Lésbica", "Gay", "Bissexual", "Pansexual", "Assexual", "Heterossexual", "Outro", "Prefiro não informar",
)  # fmt: skip
ORIENTATION_SHARE = (0.22, 0.26, 0.24, 0.10, 0.04, 0.09, 0.01, 0.04)
ETHNIC_GROUPS = ("Branca", "Parda", "Preta", "Amarela", "Indígena", "Prefiro não informar")
ETHNIC_SHARE = (0.45, 0.32, 0.15, 0.03, 0.01, 0.04)
PRONOUNS = (("a", "ela/dela"), ("o", "ele/dele"), ("e", "elu/delu"), ("a", "ela/dele"), (None, "Outro"))
PRONOUN_SHARE = (0.46, 0.36, 0.11, 0.05, 0.02)
DISABILITIES = (
    "Deficiência Física", "Deficiência Auditiva", "Deficiência Visual", "Deficiência Intelectual",
    "Deficiência Psicossocial", "Deficiência Múltipla", "Transtorno do Espectro Autista", "Prefiro Não Informar",
)  # fmt: skip
PROFESSIONAL_DISABILITY_SHARE = (0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.0)
PATIENT_DISABILITY_SHARE = (0.25, 0.25, 0.167, 0.167, 0.083, 0.083, 0.0, 0.0)

# Id, name, UF, IBGE code; ids in the order of the IBGE codes.
_STATES = """
    RO 11 Rondônia|AC 12 Acre|AM 13 Amazonas|RR 14 Roraima|PA 15 Pará|AP 16 Amapá|TO 17 Tocantins|MA 21 Maranhão|
    PI 22 Piauí|CE 23 Ceará|RN 24 Rio Grande do Norte|PB 25 Paraíba|PE 26 Pernambuco|AL 27 Alagoas|SE 28 Sergipe|
    BA 29 Bahia|MG 31 Minas Gerais|ES 32 Espírito Santo|RJ 33 Rio de Janeiro|SP 35 São Paulo|PR 41 Paraná|
    SC 42 Santa Catarina|RS 43 Rio Grande do Sul|MS 50 Mato Grosso do Sul|MT 51 Mato Grosso|GO 52 Goiás|
    DF 53 Distrito Federal
"""
STATES = tuple(
    (number, name, code, ibge)
    for number, (code, ibge, name) in enumerate((each.strip().split(maxsplit=2) for each in _STATES.split("|")), 1)
)
STATE_IDS = {code: number for number, _, code, _ in STATES}
MAIN_STATES = ("SP", "MG", "RJ", "PR")
MAIN_STATE_SHARE = (0.55, 0.18, 0.18, 0.09)
OTHER_STATES_SHARE = 0.10  # of professionals, but for the demo's few
CITIES = {"SP": "São Paulo", "MG": "Belo Horizonte", "RJ": "Rio de Janeiro", "PR": "Curitiba"}

SPECIALTIES = (
    "Clínica Geral", "Psicologia", "Endocrinologia", "Fisioterapia", "Fonoaudiologia", "Nutrição", "Pediatria",
    "Psiquiatria", "Terapia Ocupacional",
)  # fmt: skip
SPECIALTY_SHARE_OF_FEW = (0.182, 0.182, 0.091, 0.091, 0.091, 0.091, 0.091, 0.091, 0.09)
SPECIALTY_SHARE = (0.16, 0.40, 0.06, 0.055, 0.05, 0.06, 0.04, 0.12, 0.055)
PROFILE_STATUSES = ("approved", "pending", "rejected", "inactive")
PROFILE_STATUS_SHARE = (0.80, 0.12, 0.05, 0.03)

STATUSES = ("completed", "scheduled", "cancelled", "no_show", "confirmed")
COMPLETED, SCHEDULED, CANCELLED, NO_SHOW, CONFIRMED = range(5)
STATUS_SHARE = (0.68, 0.18, 0.12, 0.015, 0.005)
TYPES = ("Online", "Presencial", "telemed", "clinic", "Domiciliar")
TYPE_SHARE = (0.65, 0.34, 0.004, 0.004, 0.002)
REASONS = (
    "Conflito de horário", "Problema de saúde", "Motivo financeiro", "Profissional indisponível", "Desistência",
    "Outro",
)  # fmt: skip
REASON_SHARE = (0.34, 0.22, 0.14, 0.16, 0.09, 0.05)
SCORE_SHARE = (0.02, 0.02, 0.08, 0.28, 0.60)  # of 1 to 5
NO_FEEDBACK = 0.40
FEEDBACK = (
    "Atendimento acolhedor", "Me senti à vontade para falar", "Pontual e atencioso", "Recomendo muito",
    "A ligação caiu duas vezes", "Explicou tudo com calma", "Esperei mais do que o combinado",
)  # fmt: skip

CLINIC_HEADS = ("Clínica", "Espaço", "Consultório", "Instituto", "Casa")
CLINIC_TAILS = ("Ipê", "Girassol", "Arco", "Horizonte", "Jatobá", "Travessia", "Aurora", "Lume", "Maré", "Quintal")
DISTRICTS = ("Centro", "Jardim das Acácias", "Vila Nova", "Boa Vista", "Água Verde")
STREETS = ("Rua das Laranjeiras", "Avenida Central", "Rua do Sol", "Alameda dos Ipês", "Travessa da Lua")
ROLES = ("paciente", "profissional")
