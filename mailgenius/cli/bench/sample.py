"""Leads that look like real ones, as many as a bench wants, always the same."""

import json
from collections.abc import Iterator
from pathlib import Path

FIRST = ("ana", "joão", "maria", "josé", "antônia", "luís", "fernanda", "paulo", "conceição", "mário", "inês")
LAST = ("silva", "souza", "costa", "santos", "oliveira", "araújo", "gonçalves", "lima", "ramos")
CITIES = ("São Paulo", "Recife", "Belém", "Curitiba", "Florianópolis", "Goiânia", "Maceió")
DOMAINS = ("gmail.com", "uol.com.br", "hotmail.com", "terra.com.br", "bol.com.br", "example.com")
PLAIN = str.maketrans("ãâáàçéêíóôõú", "aaaaceeiooou")
SCATTER = 0x9E3779B1
"""Odd, so that multiplying by it modulo 2**32 visits every number once, in no order an index would like."""
LINES_AT_ONCE = 5000
COPY_COLUMNS = ("workspace_id", "email", "name", "tags", "fields")


def lead(number: int) -> tuple[str, str, str, int]:
    """Return e-mail, name, city and points of a lead."""
    key = number * SCATTER % 2**32
    first, last = FIRST[key % len(FIRST)], LAST[key % len(LAST)]
    name = f"{first} {last}".title()
    email = f"{first}.{last}.{key:08x}@{DOMAINS[key % len(DOMAINS)]}".translate(PLAIN)
    return email, name, CITIES[key % len(CITIES)], key % 1000


def write_csv(path: Path, rows: int) -> None:
    """Write a file to import: a header and `rows` leads."""
    with path.open("w", encoding="utf-8") as file:
        file.write("email,name,city,points\n")
        for number in range(rows):
            file.write("{},{},{},{}\n".format(*lead(number)))


def copy_stream(workspace_id: int, rows: range) -> Iterator[bytes]:
    """Yield the same leads as COPY text for the columns of COPY_COLUMNS."""
    lines: list[str] = []
    for number in rows:
        email, name, city, points = lead(number)
        fields = json.dumps({"city": city, "points": str(points)}, ensure_ascii=False)
        lines.append(f"{workspace_id}\t{email}\t{name}\t{{}}\t{fields}\n")
        if len(lines) == LINES_AT_ONCE:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()
