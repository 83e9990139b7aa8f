"""Words the synthetic shop is made of: places, goods, companies, campaigns.

Belongs here: lists. Does not belong here: how often what is drawn. Cities and IBGE codes are real, companies, brands
and products are invented.
"""

# code, country, macro-region, state, state name, city, IBGE code
REGIONS = (
    ("RG-SP-SAO", "Brasil", "Sudeste", "SP", "Sao Paulo", "Sao Paulo", "3550308"),
    ("RG-SP-CAM", "Brasil", "Sudeste", "SP", "Sao Paulo", "Campinas", "3509502"),
    ("RG-RJ-RIO", "Brasil", "Sudeste", "RJ", "Rio de Janeiro", "Rio de Janeiro", "3304557"),
    ("RG-MG-BHZ", "Brasil", "Sudeste", "MG", "Minas Gerais", "Belo Horizonte", "3106200"),
    ("RG-PR-CTB", "Brasil", "Sul", "PR", "Parana", "Curitiba", "4106902"),
    ("RG-RS-POA", "Brasil", "Sul", "RS", "Rio Grande do Sul", "Porto Alegre", "4314902"),
    ("RG-SC-FLN", "Brasil", "Sul", "SC", "Santa Catarina", "Florianopolis", "4205407"),
    ("RG-BA-SSA", "Brasil", "Nordeste", "BA", "Bahia", "Salvador", "2927408"),
    ("RG-PE-REC", "Brasil", "Nordeste", "PE", "Pernambuco", "Recife", "2611606"),
    ("RG-CE-FOR", "Brasil", "Nordeste", "CE", "Ceara", "Fortaleza", "2304400"),
    ("RG-DF-BSB", "Brasil", "Centro-Oeste", "DF", "Distrito Federal", "Brasilia", "5300108"),
    ("RG-GO-GYN", "Brasil", "Centro-Oeste", "GO", "Goias", "Goiania", "5208707"),
    ("RG-AM-MAO", "Brasil", "Norte", "AM", "Amazonas", "Manaus", "1302603"),
    ("RG-PA-BEL", "Brasil", "Norte", "PA", "Para", "Belem", "1501402"),
    ("RG-ES-VIX", "Brasil", "Sudeste", "ES", "Espirito Santo", "Vitoria", "3205309"),
    # Planted: the same state and city in another country, and a city whose region is deleted.
    ("RG-PT-CAM", "Portugal", None, "SP", "Sao Paulo", "Campinas", None),
    ("RG-TO-PMW", "Brasil", "Norte", "TO", "Tocantins", "Palmas", "1721000"),
)
TWIN_REGION, DELETED_REGION = 15, 16
REGION_WEIGHT = (30, 8, 14, 10, 6, 6, 4, 6, 5, 4, 4, 3, 2, 2, 2, 0.4, 0.4)
# Cities without a region: an order of theirs that names none stays without.
OTHER_PLACES = (("SP", "Ribeirao Preto"), ("MG", "Uberlandia"), ("PR", "Londrina"), ("SC", "Joinville"))
DISTRICTS = ("Centro", "Jardim das Acácias", "Vila Nova", "Boa Vista", "Parque Industrial", "Água Verde")
STREETS = ("Rua das Laranjeiras", "Avenida Central", "Rua São João", "Travessa do Sol", "Alameda dos Ipês")

# category, subcategories, things, relative popularity
CATEGORIES = (
    ("Eletronicos", ("Audio", "Video", "Telefonia"), ("Fone de Ouvido", "Caixa de Som", "Carregador"), 1.6),
    ("Casa", ("Cozinha", "Decoracao", "Jardim"), ("Jogo de Panelas", "Luminária", "Vaso"), 1.2),
    ("Moda", ("Feminina", "Masculina", "Infantil"), ("Camisa", "Vestido", "Tênis"), 1.5),
    ("Esporte", ("Corrida", "Academia"), ("Bola", "Halter", "Mochila"), 0.8),
    ("Beleza", ("Perfumaria", "Cabelos"), ("Perfume", "Xampu", "Creme"), 1.1),
    ("Livros", ("Ficcao", "Tecnicos"), ("Romance", "Manual", "Almanaque"), 0.6),
    ("Informatica", ("Perifericos", "Redes", "Componentes"), ("Teclado", "Mouse", "Roteador"), 1.0),
    ("Brinquedos", ("Jogos", "Bonecos"), ("Quebra-Cabeça", "Carrinho", "Jogo de Tabuleiro"), 0.7),
)
BRAND_STEMS = ("Araripe", "Boreal", "Caeté", "Dunas", "Embira", "Faísca", "Guará", "Horizonte", "Ibirá", "Jatobá",
               "Lume", "Mandacaru")  # fmt: skip
BRAND_TAILS = ("", " Prime", " Casa", " Tech", " Sport")
COLORS = ("Preto", "Branco", "Azul", "Vermelho", "Verde", "Cinza")
MATERIALS = ("Plastico", "Metal", "Tecido")
ORIGINS = ("Brasil", "China", "Estados Unidos", "Mexico")
COMPANY_HEADS = ("Comercial", "Distribuidora", "Indústria", "Atacado", "Importadora")
COMPANY_TAILS = ("Ipê Azul", "Três Serras", "Vale Verde", "Boa Safra", "Porto Claro", "Nova Aliança", "Sol Nascente")

STATUSES = ("Entregue", "Faturado", "Pago", "Pendente", "Enviado", "Devolvido", "Cancelado")
STATUS_SHARE = (0.42, 0.19, 0.15, 0.09, 0.08, 0.04, 0.03)
ENTREGUE, FATURADO, PAGO, PENDENTE, ENVIADO, DEVOLVIDO, CANCELADO = range(7)
CHANNELS = ("Site", "App", "Marketplace", "Televendas")

SCOPES = ("Pedido Total", "Produto Especifico", "Categoria", "Frete", "Item Individual")
LEVELS = ("Pedido", "Item", "Categoria", "Frete", "Item")
PEDIDO, PRODUTO, CATEGORIA, FRETE, ITEM = range(5)
METHODS = ("Percentual", "Valor Fixo", "Frete Gratis", "Brinde", "Combo")
PERCENTUAL, VALOR_FIXO, FRETE_GRATIS, BRINDE, COMBO = range(5)
DISCOUNT_TYPES = ("Cupom", "Promocao Automatica", "Desconto Progressivo", "Fidelidade", "Primeira Compra", "Cashback")
OCCASIONS = (
    "Semana do Cliente",
    "Liquida Verão",
    "Volta às Aulas",
    "Dia das Mães",
    "Inverno Quente",
    "Natal Antecipado",
)
REJECTIONS = ("Aprovacao do gerente negada", "Cupom fora das regras do canal", "Cliente nao elegivel")
