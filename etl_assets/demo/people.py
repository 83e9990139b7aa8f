"""Invented people: names, telephone numbers, e-mail addresses.

Belongs here: what identifies a person. Does not belong here: what a person writes (phrases.py).
Names are random pairs from lists of the commonest Brazilian given names and surnames. Telephone numbers use area code
00, which does not exist; e-mail addresses end in example.com or .invalid, which nobody can own.
"""

import unicodedata
from collections.abc import Iterable

_GIVEN = """
    Adriana Alice Aline Amanda Ana Antônio Arthur Beatriz Benedita Bernardo Bruna Bruno Caio Camila Carla Carlos
    Cecília Célia César Clara Cláudia Daniel Débora Diego Edson Eduardo Elaine Emília Fábio Felipe Fernanda Flávia
    Gabriel Gisele Gustavo Helena Heitor Igor Inês Isabela Joana João Jorge José Júlia Juliana Laura Larissa
    Leonardo Letícia Lívia Lucas Luís Luíza Marcela Márcio Marcos Maria Mariana Mateus Mônica Natália Otávio
    Patrícia Paula Pedro Rafael Raquel Renata Ricardo Roberta Rodrigo Rosa Sandra Sérgio Simone Sofia Sônia Tatiana
    Tereza Thiago Valéria Vera Vicente Vinícius Vitória
"""
_SURNAMES = """
    Almeida Alves Andrade Araújo Azevedo Barbosa Barros Batista Borges Brito Campos Cardoso Carvalho Castro Coelho
    Conceição Correia Costa Cruz Cunha Dias Duarte Farias Fernandes Ferreira Fonseca Freitas Garcia Gomes Gonçalves
    Lima Lopes Macedo Machado Magalhães Marques Martins Medeiros Melo Mendes Miranda Monteiro Moraes Moreira Moura
    Nascimento Neves Nogueira Nunes Oliveira Pacheco Pereira Pinto Pires Ramos Reis Ribeiro Rocha Rodrigues Sales
    Sampaio Santana Santos Silva Siqueira Soares Souza Tavares Teixeira Vasconcelos Vieira Xavier
"""
GIVEN, SURNAMES = tuple(_GIVEN.split()), tuple(_SURNAMES.split())
PLACES = ("", "", "", "São Paulo", "Belo Horizonte", "Curitiba", "Recife", "Goiânia", "Florianópolis")


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()


def full_names(draws: Iterable[int]) -> list[str]:
    """One name per draw (any non-negative number below 2**40): given name, one or two surnames."""
    names = []
    for draw in draws:
        rest, given = divmod(draw, len(GIVEN))
        rest, first = divmod(rest, len(SURNAMES))
        rest, second = divmod(rest, len(SURNAMES))
        tail = f" {SURNAMES[second]}" if rest % 3 == 0 else ""
        names.append(f"{GIVEN[given]} {SURNAMES[first]}{tail}")
    return names


def phones(draws: Iterable[int]) -> list[str]:
    """+55, area code 00, then nine digits (a mobile) or, for every fourth number, eight."""
    numbers = []
    for draw in draws:
        local = draw % 10**8
        numbers.append(f"+5500{local:08d}" if draw // 10**8 % 4 == 0 else f"+55009{local:08d}")
    return numbers


def email(name: str, number: int) -> str:
    """Unique through `number`: Chatwoot refuses the same address twice in an account."""
    given, *_, last = _plain(name).split()
    return f"{given}.{last}.{number}@{'example.com' if number % 3 else 'contato.invalid'}"
