"""The reference of the query language in the handbook says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rongmei.archive.errors import QueryError
from rongmei.archive.query import DATE_FIELDS, FIELDS, HAS, parse

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "search-the-archive.md"
TEXT = PAGE.read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    part = TEXT.split(f"# {heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE)
    assert table is not None
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in table[0].splitlines()[2:]
    ]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", rows("Errors"), ids=lambda row: row[0])
def test_each_error_is_where_the_handbook_says(row):
    with pytest.raises(QueryError) as raised:
        parse(code(row[0])[0])
    assert raised.value.position == int(row[1])


@pytest.mark.parametrize("row", rows("The query language"), ids=lambda row: row[1])
def test_each_example_can_be_asked(row):
    parse(code(row[1])[0])


@pytest.mark.parametrize(
    ("heading", "fields"), [("Fields", FIELDS), ("Days and moments", DATE_FIELDS)]
)
def test_each_field_is_listed_under_all_its_names(heading, fields):
    said = {code(row[0])[0]: {*code(row[0]), *code(row[1])} for row in rows(heading)}
    assert said == {f"{name}:": {f"{one}:" for one in names} for name, names in fields.items()}


def test_what_a_document_can_have_is_listed():
    said = next(row[2] for row in rows("Fields") if row[0] == "`has:`")
    assert all(word in said for names in HAS.values() for word in names)
