"""What is written in a conversation: short invented sentences, joined into messages of realistic length.

Belongs here: wording. Does not belong here: who writes when (threads.py).
The neutral lists avoid the words of the lead, visit and conversion rules, so that the shares of conversations that
carry those words are the ones planned here and not an accident of small talk.
"""

import numpy as np

from etl_assets.demo.copying import text

CONTACT = (
    "Oi", "Olá, tudo bem?", "Bom dia!", "Sim", "Ok", "Isso mesmo", "Certo, obrigada", "Entendi", "Pode ser",
    "Perfeito 👍", "Vi o anúncio de vocês", "Fica perto do metrô?", "Vocês abrem aos feriados?", "Tem estacionamento?",
    "Minha irmã me indicou vocês", "Moro aqui do lado", "Faz tempo que não me exercito", "Posso levar meu filho?",
    "Não recebi o e-mail", "Qual é o endereço?", "Tenho uma lesão no joelho",
    "Vou falar com meu marido e te respondo", "Obrigado pela atenção", "Desculpe a demora", "Só um instante",
    "kkkkk 😂", "É para mim e para minha mãe",
)  # fmt: skip
LEAD = (
    "Quero começar na academia", "Gostaria de saber os horários", "Quanto custa por mês?",
    "Tenho interesse no plano anual", "Tem aula experimental?", "Qual o valor da matrícula?",
    "Preciso emagrecer e ganhar massa", "Tem desconto para casal?",
)  # fmt: skip
PAID = ("Paguei, segue o comprovante", "Pix feito", "Contrato assinado", "Pagamento enviado, confere aí?")
REFUSED = ("Não quero, obrigada", "Desisti por enquanto", "Já sou aluno", "Era só curiosidade")
AGENT = (
    "Olá! Em que posso ajudar?", "Bom dia, aqui é da recepção", "Claro, explico tudo para você",
    "Qual é o seu nome completo?", "Vou verificar com a equipe", "Temos vestiário completo e armários",
    "Você já se exercita em outro lugar?", "Ficamos em frente à praça", "Recebi aqui, obrigada!", "Posso te ligar?",
    "Qualquer dúvida é só chamar 🙂", "Nossa avaliação física está incluída", "Combinado!",
    "Te mandei o regulamento por e-mail", "Que ótimo!",
)  # fmt: skip
CONFIRM = (
    "Visita confirmada para amanhã às 10:00", "Agendado: quinta às 18h30, te vejo lá",
    "Aula marcada para segunda, 7h",
)  # fmt: skip
BOT = (
    "Olá! Sou o assistente virtual. Como posso ajudar?", "Digite 1 para informações ou 2 para falar com uma pessoa",
    "Obrigado! Recebemos a sua mensagem", "Nosso atendimento funciona em dias úteis", "Não entendi. Pode repetir?",
    "Vou transferir você para um atendente", "Antes de continuar, qual é o seu nome?",
    "Escolha uma das opções abaixo",
)  # fmt: skip
ACTIVITY = (
    "Conversa atribuída automaticamente", "A conversa foi marcada como resolvida", "Etiqueta adicionada",
    "A prioridade foi alterada", "A conversa foi reaberta por uma nova mensagem", "Equipe definida",
)  # fmt: skip
NOTE = (
    "Cliente pediu retorno por telefone",
    "Já ligamos duas vezes, sem resposta",
    "Ver com a coordenação antes de responder",
)

# Kinds of message, as indexes into the pools below and into threads' arrays.
KIND_CONTACT, KIND_USER, KIND_BOT, KIND_ACTIVITY, KIND_NOTE = range(5)
_PLANS: tuple[tuple[tuple[str, ...], tuple[tuple[tuple[str, ...], float], ...]], ...] = (
    (CONTACT, ((LEAD, 0.13), (PAID, 0.008), (REFUSED, 0.02))),
    (AGENT, ((CONFIRM, 0.035),)),
    (BOT, ((CONFIRM[:1], 0.012),)),
    (ACTIVITY, ()),
    (NOTE, ()),
)
# Messages prepared per kind. All conversations draw from them, so a text costs no more than an index.
POOL = 4096


def pool(rng: np.random.Generator, kind: int) -> list[str]:
    """`POOL` encoded texts of one kind, lengths lognormal about a mean of 70 characters; activity stays short."""
    base, extras = _PLANS[kind]
    target = rng.lognormal(np.log(40), 0.85, POOL)
    picks = rng.integers(0, 2**31, (POOL, 24)).tolist()
    chance = rng.random(POOL).tolist()
    texts = []
    for row in range(POOL):
        parts = [base[picks[row][0] % len(base)]]
        for phrases, share in extras:
            if chance[row] < share:
                parts = [phrases[picks[row][1] % len(phrases)]]
                break
            chance[row] -= share
        length = len(parts[0])
        for pick in picks[row][2:]:
            if kind == KIND_ACTIVITY or length >= target[row]:
                break
            parts.append(base[pick % len(base)])
            length += 2 + len(parts[-1])
        texts.append(text(". ".join(parts)))
    return texts


def pools(rng: np.random.Generator) -> list[list[str]]:
    return [pool(rng, kind) for kind in range(len(_PLANS))]
