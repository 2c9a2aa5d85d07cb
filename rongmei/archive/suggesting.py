"""What the search box offers while somebody types: fields, their values, words, saved searches.

An offer says which part of the text it takes the place of, so that a page or another program need
know nothing of the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from rongmei.archive import saved, selectors
from rongmei.archive.analysis import fold
from rongmei.archive.models import Document
from rongmei.archive.query import DATE_FIELDS, FIELDS, HAS
from rongmei.network import policy
from rongmei.sources.selectors import groups_visible_to, media_classes, tiers

if TYPE_CHECKING:
    from rongmei.network.models import Member

MAX_TYPED: Final = 2_000
MOST: Final = 10
# What is being typed at the place of the caret: a field with its value begun, or a word.
_BEGUN: Final = re.compile(
    r"""(?P<minus>[-－−]?)(?:(?P<field>[A-Za-z_]{2,}|[一-鿿]{2,3})[:：])?"""
    r"""(?P<quote>["“「]?)(?P<text>[^\s"“”「」()（）|｜:：]*)$"""
)
_FACET_OF: Final = {"source": "source", "region": "region", "tag": "tags", "lang": "language"}
_DATES: Final = ("今天", "昨天", "本周", "本月", "7d", "30d")


@dataclass(frozen=True)
class Offer:
    """`insert` takes the place of the characters from `start` to `end` of what was typed."""

    kind: str
    label: str
    insert: str
    start: int
    end: int
    note: str = ""
    count: int | None = None
    url: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def offers_for(member: Member, typed: str, at: int) -> list[Offer]:
    """At most ten offers for the text before the caret at `at`, the most useful first."""
    policy.require(member, "archive.view")
    before = typed[: max(0, min(at, len(typed)))]
    begun = _BEGUN.search(before)
    if begun is None or (before.count('"') % 2 and not begun["quote"]):
        return []
    named = _field_of(begun["field"] or "")
    start = begun.start() + len(begun["minus"])
    if named:
        values = _values(member, named, begun["text"])
        return [
            Offer(
                "value", label, f"{begun['field']}:{_quoted(value)} ", start, len(before), "", count
            )
            for value, label, count in values
        ][:MOST]
    if begun["field"]:
        return []
    offers = [
        *_fields(begun["text"], start, len(before)),
        *_saved(member, typed.strip()),
        *_words(member, begun["text"], start, len(before)),
    ]
    return offers[:MOST]


def _field_of(typed: str) -> str:
    for table in (FIELDS, DATE_FIELDS):
        for name, names in table.items():
            if typed.lower() in names:
                return name
    return ""


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[^\s\"“”「」『』()（）|｜]+", value) else f'"{value}"'


def _fields(text: str, start: int, end: int) -> Iterator[Offer]:
    """Fields whose name begins so, in the reader's language first."""
    if not text:
        return
    notes = {
        "title": _("只在标题里找"), "source": _("来源名称"), "region": _("地区"), "kind": _("文献类型"),
        "unit": _("单位"), "lang": _("语种"), "channel": _("媒体类别"), "tag": _("标签"),
        "site": _("网站"), "family": _("同一篇的转载"), "tier": _("来源的层级"),
        "group": _("来源的分组"), "has": _("快照、图片、旧版"), "after": _("这天及以后"),
        "before": _("这天以前"), "date": _("这一天、这一月"), "collected": _("采集时间"),
    }  # fmt: skip
    chinese = _is_chinese()
    for table in (FIELDS, DATE_FIELDS):
        for name, names in table.items():
            hit = [one for one in names if one.startswith(text.lower())]
            if not hit:
                continue
            own = [one for one in hit if one.isascii() != chinese]
            word = (own or hit)[0]
            yield Offer("field", f"{word}:", f"{word}:", start, end, str(notes.get(name, "")))


def _is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def _values(member: Member, name: str, text: str) -> Iterable[tuple[str, str, int | None]]:
    """(value, label, count) of a field's values that begin so or hold it."""
    folded = fold(text).strip()
    if name in DATE_FIELDS:
        return [(one, one, None) for one in _DATES if one.startswith(folded)]
    known: dict[str, dict[str, object]] = {
        "kind": dict(Document.Kind.choices), "channel": dict(media_classes()),
    }  # fmt: skip
    if name in known:
        pairs = ((value, str(label)) for value, label in known[name].items())
        return [
            (value, f"{label} · {value}", None)
            for value, label in pairs
            if folded in fold(label) or value.startswith(folded)
        ]
    own = {
        "has": lambda: [names[1] if _is_chinese() else names[0] for names in HAS.values()],
        "tier": lambda: [str(tier) for tier in tiers()],
        "group": lambda: list(dict.fromkeys(one.name for one in groups_visible_to(member))),
    }.get(name)
    if own is not None:
        return [(value, value, None) for value in own() if folded in fold(value)]
    facet = _FACET_OF.get(name)
    if facet is None:
        return []
    counts = [
        (value, count) for value, count in selectors.facet_of(member, facet)
        if folded in fold(value)
    ]  # fmt: skip
    counts.sort(key=lambda one: (not fold(one[0]).startswith(folded), -one[1], one[0]))
    return [(value, value, count) for value, count in counts[:MOST]]


def _saved(member: Member, typed: str) -> Iterator[Offer]:
    """Saved searches whose name holds the whole text."""
    if not typed:
        return
    rows = [one for one in saved.searches_visible_to(member) if fold(typed) in fold(one.name)]
    for one in rows[:2]:
        yield Offer("saved", one.name, one.query, 0, len(typed), _("保存的检索"))


def _words(member: Member, text: str, start: int, end: int) -> Iterator[Offer]:
    if not text:
        return
    for word, count in selectors.suggest(member, text, MOST):
        yield Offer("word", word, f"{_quoted(word)} ", start, end, "", count)
