"""What a person asked on the search page: typed words and chips, as one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rongmei.archive.query import And, Everything, Field, Or, Query, When, parse, to_string

# Name in the address → field of the query language and of the index's facets.
CHIPS: Final = {
    "source": ("source", "source"),
    "kind": ("kind", "kind"),
    "class": ("channel", "channel_class"),
    "region": ("region", "region"),
    "lang": ("lang", "language"),
    "tag": ("tag", "tags"),
}
MAX_CHIPS = 20


@dataclass(frozen=True)
class Asked:
    """A search as the address holds it."""

    typed: str = ""
    chips: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    day: str = ""

    def query(self) -> Query:
        """All conditions together. Raises QueryError for what was typed."""
        parts: list[Query] = []
        typed = parse(self.typed)
        if not isinstance(typed, Everything):
            parts.append(typed)
        for name, (key, _facet) in CHIPS.items():
            values = self.chips.get(name, ())[:MAX_CHIPS]
            fields = tuple(Field(key, value, exact=True) for value in values if value)
            if fields:
                parts.append(fields[0] if len(fields) == 1 else Or(fields))
        if self.day:
            day = parse(f"date:{self.day}")
            if isinstance(day, When):
                parts.append(day)
        if not parts:
            return Everything()
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def text(self) -> str:
        """The same in the query language, to be saved, exported and shared."""
        return to_string(self.query())


def asked_of(values: Mapping[str, Sequence[str]]) -> Asked:
    """Read a search from an address's parameters."""
    first = {name: given[0].strip() for name, given in values.items() if given}
    chips = {name: tuple(values.get(name, ())) for name in CHIPS}
    return Asked(first.get("q", ""), chips, first.get("day", ""))
