"""What a person asked on the search page: typed words and chips, as one query."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from rongmei.archive.analysis import fold
from rongmei.archive.models import Document
from rongmei.archive.query import (
    And,
    AnyOf,
    Everything,
    Field,
    Or,
    Query,
    When,
    parse,
    rewrite,
    to_string,
)
from rongmei.archive.types import Chosen
from rongmei.network.selectors import units
from rongmei.sources.selectors import ids_in_groups, ids_in_tier, media_classes

if TYPE_CHECKING:
    from rongmei.network.models import Member

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
_LANGUAGES: Final = {"zh": ("中文", "汉语", "Chinese"), "en": ("英文", "英语", "English")}


@dataclass(frozen=True)
class Asked:
    """A search as the address holds it."""

    typed: str = ""
    chips: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    day: str = ""

    def query(self, *, without: str = "") -> Query:
        """All conditions together, but for one row of chips. Raises QueryError for what was typed."""
        parts: list[Query] = []
        typed = parse(self.typed)
        if not isinstance(typed, Everything):
            parts.append(typed)
        for name, (key, _facet) in CHIPS.items():
            values = () if name == without else self.chips.get(name, ())[:MAX_CHIPS]
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

    def chosen(self) -> dict[str, Chosen]:
        """The facets in which something was chosen."""
        rows = {name: tuple(filter(None, self.chips.get(name, ())))[:MAX_CHIPS] for name in CHIPS}
        return {
            CHIPS[name][1]: Chosen(values, self.query(without=name))
            for name, values in rows.items()
            if values
        }

    def text(self) -> str:
        """The same in the query language, to be saved, exported and shared."""
        return to_string(self.query())


def asked_of(values: Mapping[str, Sequence[str]]) -> Asked:
    """Read a search from an address's parameters."""
    first = {name: given[0].strip() for name, given in values.items() if given}
    chips = {name: tuple(values.get(name, ())) for name in CHIPS}
    return Asked(first.get("q", ""), chips, first.get("day", ""))


def resolved(query: Query, member: Member | None) -> Query:
    """The query with the names that people say in place of what the index knows.

    类别:地方媒体 is `channel:local`, 单位:云岭 the ids of the units called so, 分组:电网 and 层级:1 the
    ids of the sources that are in them now: a source that is moved takes what it brought with it. A
    name that nothing bears stays as it is, and finds nothing. Groups are those that the member may
    see; None is the operator, who sees them all.
    """
    return rewrite(query, partial(_resolved_field, member))


def _resolved_field(member: Member | None, asked: Field) -> Query:
    if asked.name == "tier":
        return _of_sources(ids_in_tier(int(asked.value[:4])))
    if asked.name == "group":
        said = fold(asked.value).strip()
        return _of_sources(
            ids_in_groups(
                member, lambda name: said == fold(name) if asked.exact else said in fold(name)
            )
        )
    known = _keys_of(asked)
    if not known:
        return asked
    fields = tuple(Field(asked.name, key, exact=True) for key in known)
    return fields[0] if len(fields) == 1 else Or(fields)


def _of_sources(ids: Sequence[uuid.UUID]) -> Query:
    return AnyOf("source_id", tuple(map(str, ids)))


def _keys_of(asked: Field) -> list[str]:
    said = fold(asked.value).strip()
    if asked.name == "unit":
        return [
            str(one.pk)
            for one in units()
            if said in {fold(one.code), fold(one.short_name), fold(one.name)}
            or (not asked.exact and said and said in fold(one.name))
        ]
    labels: Mapping[str, Sequence[str]] = {}
    if asked.name == "channel":
        labels = {key: (str(label),) for key, label in media_classes().items()}
    elif asked.name == "kind":
        labels = {key: (str(label),) for key, label in Document.Kind.choices}
    elif asked.name == "lang":
        labels = _LANGUAGES
    return [
        key
        for key, names in labels.items()
        if any(
            said == fold(name) or (not asked.exact and said and said in fold(name))
            for name in names
        )
    ]
