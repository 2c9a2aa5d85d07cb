"""Lexicons of units: which versions are in force for a story, and the automata made of them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import orjson
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_noop as _

from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.stories.lexicon import Matcher, Rule
from rongmei.stories.models import Lexicon, LexiconVersion
from rongmei.stories.types import CheckedText, Finding, Level, RulesInForce

MANAGE: Final = "stories.manage_lexicons"
ADVICE: Final = _("本单位词库中的词语，请按词库要求处理。")
Entry = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """What a version changes: entries put in, taken out, and changed (before, after)."""

    added: list[Entry]
    removed: list[Entry]
    changed: list[tuple[Entry, Entry]]

    @property
    def same(self) -> bool:
        """Whether nothing changes."""
        return not (self.added or self.removed or self.changed)


def digest_of(entries: Iterable[Entry]) -> str:
    """SHA-256 of the entries, whatever their order."""
    ordered = sorted(entries, key=lambda one: str(one["word"]))
    return hashlib.sha256(orjson.dumps(ordered, option=orjson.OPT_SORT_KEYS)).hexdigest()


def difference(before: Iterable[Entry], after: Iterable[Entry]) -> Difference:
    """How the entries of one version differ from another's; the word is an entry's name."""
    old, new = ({one["word"]: one for one in side} for side in (before, after))
    return Difference(
        [one for word, one in new.items() if word not in old],
        [one for word, one in old.items() if word not in new],
        [(old[word], one) for word, one in new.items() if word in old and old[word] != one],
    )


def lexicons_of(member: Any) -> QuerySet[Lexicon]:
    """Lexicons that hold for, or belong to, units whose stories the member may read."""
    units = policy.units_for(member, "stories.view") | policy.units_for(member, MANAGE)
    tree = policy.tree()
    above = {over for unit in units for over in tree.above(unit)}
    return Lexicon.objects.filter(unit__in=units | above).select_related("unit")


def lexicon_for(member: Any, lexicon_id: uuid.UUID) -> Lexicon:
    """One lexicon, or NotFound."""
    found = lexicons_of(member).filter(pk=lexicon_id).first()
    if found is None:
        raise NotFound
    return found


def version_for(member: Any, version_id: uuid.UUID) -> LexiconVersion:
    """One version of a lexicon the member may read, or NotFound."""
    rows = LexiconVersion.objects.filter(lexicon__in=lexicons_of(member))
    found = rows.filter(pk=version_id).select_related("lexicon__unit").first()
    if found is None:
        raise NotFound
    return found


def versions_of(lexicon: Lexicon) -> QuerySet[LexiconVersion]:
    """All versions, the newest first, without their entries."""
    return lexicon.versions.defer("entries")


def newest(lexicon: Lexicon) -> LexiconVersion | None:
    """The newest approved version, in force or soon to be: what a proposal changes."""
    return lexicon.versions.filter(state=LexiconVersion.State.APPROVED).first()


def before(version: LexiconVersion) -> LexiconVersion | None:
    """The approved version that this one follows: what its changes are told against."""
    rows = version.lexicon.versions.filter(
        state=LexiconVersion.State.APPROVED, number__lt=version.number
    )
    return rows.first()


def present(lexicon: Lexicon, today: date) -> LexiconVersion | None:
    """The version in force today."""
    rows = lexicon.versions.filter(state=LexiconVersion.State.APPROVED, effective_on__lte=today)
    return _unless_over(rows.first(), today)


def _unless_over(found: LexiconVersion | None, today: date) -> LexiconVersion | None:
    return found if found and (found.valid_until is None or found.valid_until >= today) else None


Standing = tuple[Lexicon, LexiconVersion | None, LexiconVersion | None]


def standing(rows: QuerySet[Lexicon], today: date) -> list[Standing]:
    """Each lexicon with its version in force today and the one proposed (two queries)."""
    versions = LexiconVersion.objects.filter(lexicon=OuterRef("pk")).order_by("-number")
    approved = versions.filter(state=LexiconVersion.State.APPROVED, effective_on__lte=today)
    proposed = versions.filter(state=LexiconVersion.State.PROPOSED)
    found = [
        (one, one.last, one.proposal)
        for one in rows.annotate(
            last=Subquery(approved.values("pk")[:1]), proposal=Subquery(proposed.values("pk")[:1])
        )
    ]
    by_key = LexiconVersion.objects.defer("entries").in_bulk(
        {key for _one, *keys in found for key in keys if key}
    )
    return [
        (one, _unless_over(by_key.get(last), today), by_key.get(proposal))
        for one, last, proposal in found
    ]


Kind = tuple[uuid.UUID, str]


def in_force(unit_id: uuid.UUID, category: str, today: date) -> tuple[RulesInForce, ...]:
    """The versions that hold for a story of this unit and column today (one query)."""
    return in_force_for([(unit_id, category)], today)[unit_id, category]


def in_force_for(kinds: Iterable[Kind], today: date) -> dict[Kind, tuple[RulesInForce, ...]]:
    """The versions that hold for stories of each (unit, column) today (one query)."""
    tree = policy.tree()
    above = {kind: {kind[0], *tree.above(kind[0])} for kind in kinds}
    rows = LexiconVersion.objects.filter(
        lexicon__unit__in=set().union(*above.values()), state=LexiconVersion.State.APPROVED,
        effective_on__lte=today,
    ).order_by("lexicon__name", "lexicon_id", "-number")  # fmt: skip
    newest: dict[uuid.UUID, Any] = {}
    for row in rows.select_related("lexicon").defer("entries"):
        newest.setdefault(row.lexicon_id, row)
    return {
        (unit, category): tuple(
            RulesInForce(
                str(row.pk), row.digest, f"{row.lexicon.name} {row.number}", row.lexicon.kind
            )
            for row in newest.values()
            if row.lexicon.unit_id in units
            and (row.valid_until is None or row.valid_until >= today)
            and (not row.categories or category in row.categories)
        )
        for (unit, category), units in above.items()
    }


def rule_of(entry: Mapping[str, Any]) -> Rule:
    """An entry as a rule."""
    return Rule(
        Level(entry["level"]), entry["word"], entry["advice"] or ADVICE, entry["instead"],
        tuple(entry["except"]), entry["code"], frozenset(entry["contexts"]), entry["pattern"],
    )  # fmt: skip


@lru_cache(maxsize=16)
def _matcher(versions: tuple[tuple[str, str], ...]) -> Matcher:
    """Compiled once for each set of versions; versions never change, so it never has to be dropped."""
    rows = LexiconVersion.objects.filter(pk__in=[key for key, _digest in versions])
    return Matcher(rule_of(entry) for row in rows.order_by("pk") for entry in row.entries)


def check(text: CheckedText) -> Iterator[Finding]:
    """The checker: every rule of the versions in force, at once."""
    versions = tuple((one.key, one.digest) for one in text.rules if one.kind == Lexicon.Kind.WORDS)
    if not versions:
        return
    matcher = _matcher(versions)
    for part, words in text.parts:
        yield from matcher.findings(part, words)


def version_of(text: CheckedText) -> str:
    """Which versions a text is checked by: names, numbers and a digest."""
    return " · ".join(f"{one.label} ({one.digest[:8]})" for one in text.rules)
