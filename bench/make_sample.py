"""Writes mailgenius/cli/demo/leads.csv: 10,000 rows as people send them, sixty of them bad. Always the same.

Run it as `python bench/make_sample.py`. The people are made up; the domains are those that Brazilians use,
with local parts that nobody would choose.
"""

import random
import unicodedata
from pathlib import Path

TARGET = Path(__file__).parents[1] / "mailgenius" / "cli" / "demo" / "leads.csv"
ROWS = 10_000
SEED = 2026
HEADER = "E-mail,Nome,Celular,Cidade,Plano,Idade,Etiquetas"

FIRST = (
    "Ana João Maria José Antônio Francisca Carlos Paulo Pedro Lucas Luís Marcos Gabriel Rafael Inês Cauã"
    " Estêvão Mônica Fábio Vinícius Patrícia Letícia Júlia Márcio Sebastião Tainá Iara Moacir Ubirajara"
    " Jurandir Conceição Aparecida Benedita Raimundo Severino Thaís Débora Érica Célia Simão Otávio Rosângela"
)
LAST = (
    "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho"
    " Araújo Conceição Gonçalves Assunção Guimarães Magalhães Falcão Brandão Simões D'Ávila Sá Leão Peçanha"
    " Nóbrega Antunes Prudêncio Cavalcânti Tupinambá Muniz"
)
MIDDLE = ("", "", "", "da ", "dos ", "de ", "e ")
DOMAINS = {
    "gmail.com": 46,
    "hotmail.com": 18,
    "outlook.com.br": 7,
    "yahoo.com.br": 8,
    "uol.com.br": 9,
    "bol.com.br": 5,
    "terra.com.br": 4,
    "ig.com.br": 3,
}
CITIES = {
    "São Paulo": 11, "Rio de Janeiro": 21, "Belo Horizonte": 31, "Curitiba": 41, "Florianópolis": 48,
    "Porto Alegre": 51, "Brasília": 61, "Goiânia": 62, "Salvador": 71, "Recife": 81, "Maceió": 82,
    "João Pessoa": 83, "Fortaleza": 85, "Belém": 91, "São Luís": 98,
}  # fmt: skip
PLANS = ("grátis", "básico", "ouro")
TAGS = ("cliente", "newsletter", "newsletter; vip", "cliente; vip", "feira 2026", "")
PHONES = ("({area}) 9{a:04d}-{b:04d}", "+55 {area} 9{a:04d}-{b:04d}", "{area}9{a:04d}{b:04d}", "")

BAD = (
    b"sem-arroba.mailgenius.demo,Sem Arroba,,Recife,ouro,31,cliente",
    b"dois@@mailgenius.demo,Dois Arrobas,,Recife,ouro,31,cliente",
    b"demo espaco@uol.com.br,Com Espa\xc3\xa7o,,Recife,ouro,31,cliente",
    b"demo.ponto.@gmail.com,Ponto no Fim,,Recife,ouro,31,cliente",
    b"demo.semdominio@,Sem Dom\xc3\xadnio,,Recife,ouro,31,cliente",
    b",Sem Contato,,Recife,ouro,31,cliente",
    b",,,,,,",
    b"demo.fone{n}@gmail.com,Telefone Curto,12345,Recife,ouro,31,cliente",
    b"demo.fone{n}@gmail.com,Telefone em Palavras,meu celular,Recife,ouro,31,cliente",
    b"demo.zeros{n}@gmail.com,Telefone de Zeros,000000000,Recife,ouro,31,cliente",
    b"demo.curta{n}@gmail.com,Linha Curta",
    b"demo.longa{n}@gmail.com,Linha Longa,,Recife,ouro,31,cliente,mais,c\xc3\xa9lulas",
    b'demo.aspas{n}@gmail.com,"Aspas sem fim,,Recife,ouro,31,cliente',
    b"demo.bytes{n}@gmail.com,Codifica\xe7\xe3o Errada,,Recife,ouro,31,cliente",
    b"=demo{n}+1,F\xc3\xb3rmula,,Recife,ouro,31,cliente",
)
BAD_ROWS = 60
REPEATED_ROWS = 40
"""Leads that stand in the file twice: they are merged, not refused."""


def main() -> None:
    """Write the file."""
    dice = random.Random(SEED)
    good = [_row(dice, number) for number in range(ROWS - BAD_ROWS - REPEATED_ROWS)]
    again = [_again(row) for row in dice.sample(good, REPEATED_ROWS)]
    bad = [BAD[number % len(BAD)].replace(b"{n}", b"%d" % number) for number in range(BAD_ROWS)]
    rows = [row.encode() for row in good + again] + bad
    dice.shuffle(rows)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(b"\n".join([HEADER.encode(), *rows]) + b"\n")
    print(f"{TARGET}: {len(rows)} rows, {TARGET.stat().st_size:,} bytes")


def _row(dice: random.Random, number: int) -> str:
    first, last, other = dice.choice(FIRST.split()), dice.choice(LAST.split()), dice.choice(LAST.split())
    name = f"{first} {dice.choice(MIDDLE)}{last}" + (f" {other}" if dice.random() < 0.3 else "")
    domain = dice.choices(list(DOMAINS), weights=list(DOMAINS.values()))[0]
    city = dice.choice(list(CITIES))
    phone = dice.choice(PHONES).format(area=CITIES[city], a=number // 10_000, b=number % 10_000)
    local = f"demo.{_plain(first)}.{_plain(last)}.{number}"
    email = f"{local}@{domain}"
    return ",".join(
        [
            email.upper() if dice.random() < 0.02 else email,
            f'"{name}"' if dice.random() < 0.1 else name,
            phone,
            city,
            dice.choice(PLANS),
            str(dice.randint(18, 79)),
            dice.choice(TAGS),
        ]
    )


def _again(row: str) -> str:
    """The same lead once more, with another plan and a tag."""
    email, name, *_ = row.split(",")
    return f"{email},{name},,,ouro,,renovou"


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode("ascii")
    return "".join(char for char in text if char.isalpha())


if __name__ == "__main__":
    main()
