"""Machine checks of a story: patterns that need more than a word list, and running them all.

A report belongs to one content hash and names the version of every checker.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from rongmei.kernel import plugins
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories import canonical, lexicons, material, outlinks
from rongmei.stories.evasion import fold
from rongmei.stories.hooks import Checker
from rongmei.stories.lexicon import excerpt
from rongmei.stories.models import Check
from rongmei.stories.types import CheckedText, Finding, Level, RulesInForce

_ID_CARD = re.compile(r"(?<!\d)(\d{17}[\dx])(?![\da-z])")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86-?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)")
_BANK_CARD = re.compile(r"(?<!\d)([3-6]\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?)(?!\d)")
_EMAIL = re.compile(r"([a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})")
_ADDRESS = re.compile(
    r"([\u4e00-\u9fff]{1,10}(?:路|街|巷|弄|村|小区|花园|家园|苑)\d{0,5}号?[^，。；\n]{0,8}?\d+(?:号楼|栋|幢|单元)"
    r"(?:\d+单元)?\d*(?:室|号|户)?)"
)
_METER = re.compile("户号[:\uff1a为是\\s]{0,3}(\\d{8,13})")
_DOUBLE = re.compile("[,\uff0c\u3002;\uff1b:\uff1a\u3001!\uff01?\uff1f]{2,}")
_PLACE = re.compile(r"变电站|换流站|调度中心")
_COORDINATE = re.compile(
    r"(?:东经|北纬)\s?\d{1,3}(?:\.\d{2,}|°)|\d{2,3}\.\d{4,}\s*[,\uff0c]\s*\d{2}\.\d{4,}"
)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10x98765432"
PARTS: Final = ("kicker", "title", "subtitle", "short_title", "summary", "byline", "place")

ADVICE: Final = {
    "id_card": _("身份证号属于个人信息，不得公开，请删去。"),
    "mobile": _("手机号属于个人信息，请核实是否可以公开。"),
    "bank_card": _("银行卡号属于个人信息，不得公开，请删去。"),
    "email": _("电子邮箱可能属于个人信息，请核实是否可以公开。"),
    "address": _("住址属于个人信息，请写到街道或社区为止。"),
    "meter": _("客户户号属于个人信息，请删去或隐去中间几位。"),
    "punctuation": _("标点重复。"),
    "grid_place": _("站点位置坐标属于电网敏感信息，不得公开。"),
    "credit": _("有图片没有作者署名，请补齐。"),
    "aigc": _("含人工智能生成合成的图片，发布时会加显著标识，请确认。"),
    "long_title": _("主题超过 30 字，多数渠道会截断。"),
}  # fmt: skip


PERSONAL: Final = frozenset({"id_card", "mobile", "bank_card", "email", "address", "meter"})


@dataclass(frozen=True)
class Report:
    """What all checks found in one text."""

    content_hash: str
    findings: tuple[Finding, ...]
    versions: dict[str, str] = field(default_factory=dict)
    took_ms: float = 0.0

    @property
    def blocking(self) -> int:
        """How many findings stop the story."""
        return sum(one.level is Level.FORBID for one in self.findings)


def _finding(
    level: Level, code: str, part: str, text: str, span: tuple[int, int], instead: str = ""
) -> Finding:
    start, end = span
    return Finding(
        level,
        code,
        part,
        start,
        end,
        text[start:end],
        excerpt(text, start, end),
        ADVICE[code],
        instead,
    )


def valid_id_card(number: str) -> bool:
    """Whether 18 characters are a resident identity number (GB 11643-1999 check character)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    month, day = int(number[10:12]), int(number[12:14])
    return _CHECK_DIGITS[total % 11] == number[17] and 1 <= month <= 12 and 1 <= day <= 31


def valid_bank_card(number: str) -> bool:
    """Whether figures are a card number by their last one (ISO/IEC 7812-1, Luhn)."""
    total = 0
    for at, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if at % 2 else 1)
        total += value - 9 if value > 9 else value
    return len(number) >= 16 and len(set(number)) > 2 and total % 10 == 0


def mask(code: str, found: str) -> str:
    """Personal data with what tells whose it is hidden: what one click puts in its place."""
    if code == "email":
        name, host = found.split("@", 1)
        return f"{name[:1]}**@{host}"
    if code == "address":
        return re.split(r"\d", found, maxsplit=1)[0]
    first, last = {"id_card": (3, 4), "mobile": (3, 4), "meter": (2, 2)}.get(code, (0, 4))
    at = [place for place, one in enumerate(found) if one.isalnum()]
    hidden = set(at[first : len(at) - last])
    return "".join("*" if place in hidden else one for place, one in enumerate(found))


def _personal(part: str, text: str) -> Iterator[Finding]:
    folded = fold(text)

    def told(level: Level, code: str, match: re.Match[str]) -> Finding:
        start, end = folded.span(*match.span(1))
        return _finding(level, code, part, text, (start, end), mask(code, text[start:end]))

    for match in _ID_CARD.finditer(folded.text):
        if valid_id_card(match[1]):
            yield told(Level.FORBID, "id_card", match)
    for match in _BANK_CARD.finditer(folded.text):
        digits = re.sub(r"\D", "", match[1])
        if valid_bank_card(digits) and not (len(digits) == 18 and valid_id_card(digits)):
            yield told(Level.FORBID, "bank_card", match)
    for code, pattern in (("email", _EMAIL), ("address", _ADDRESS)):
        for match in pattern.finditer(folded.text):
            yield told(Level.CAUTION, code, match)
    for match in _MOBILE.finditer(folded.text):
        yield told(Level.CAUTION, "mobile", match)
    for match in _METER.finditer(folded.text):
        yield told(Level.CAUTION, "meter", match)


def _sensitive_places(part: str, text: str) -> Iterator[Finding]:
    for match in _COORDINATE.finditer(text):
        around = text[max(0, match.start() - 60) : match.end() + 60]
        if _PLACE.search(around):
            yield _finding(Level.FORBID, "grid_place", part, text, match.span())


def check_patterns(checked: CheckedText) -> Iterator[Finding]:
    """Personal data, doubled punctuation, places of the grid, pictures."""
    for part, text in checked.parts:
        yield from _personal(part, text)
        yield from _sensitive_places(part, text)
        for match in _DOUBLE.finditer(text):
            if match[0].strip("!?\uff01\uff1f"):
                yield _finding(Level.HINT, "punctuation", part, text, match.span(), match[0][0])
        if part == "title" and len(text) > 30:
            yield _finding(Level.HINT, "long_title", part, text, (30, len(text)))
    if checked.pictures_without_credit:
        yield Finding(Level.HINT, "credit", "pictures", 0, 0, "", "", ADVICE["credit"])
    if checked.aigc_pictures:
        yield Finding(Level.CAUTION, "aigc", "pictures", 0, 0, "", "", ADVICE["aigc"])


def checked_text(story: Any, content: Mapping[str, Any]) -> CheckedText:
    """What checkers read of a story."""
    parts = [(name, content[name]) for name in PARTS if content.get(name)]
    titles: Mapping[str, str] = content.get("channel_titles") or {}
    if titles:
        parts.append(("channel_titles", "\n".join(titles.values())))
    body = canonical.body_text(content)
    shown = canonical.pictured(content)
    pictures = [
        (media, block.get("credit", "")) for block in shown for media in canonical.media_of(block)
    ]
    if content["lead_picture"]:
        pictures.append((content["lead_picture"], ""))
    return CheckedText(
        unit_id=story.unit_id, parts=(*parts, ("body", body)), today=timezone.now(),
        aigc_pictures=sum(bool(facts.get("aigc")) for facts, _credit in pictures),
        pictures_without_credit=sum(not (credit or facts.get("credit")) for facts, credit in pictures),
        rules=_rules(story), origin=content["origin"].strip(), rights_basis=content["rights_basis"],
        own_names=_own_names(story.unit_id), channels=tuple(story.channels_wanted),
        channel_titles=titles, links=outlinks.seen(content, body),
        pictures=material.pictures_of(
            content, [(media, block) for block in shown for media in canonical.media_of(block)]
        ),
    )  # fmt: skip


def _own_names(unit_id: uuid.UUID) -> frozenset[str]:
    """The unit and those it belongs to: what they give out is their own."""
    units = network.units().filter(pk__in=[unit_id, *policy.tree().above(unit_id)])
    return frozenset(name for one in units for name in (one.name, one.short_label) if name)


def _checkers() -> list[Checker]:
    return [one for some in plugins.manager.hook.register_checks() for one in some]


def versions_now(story: Any) -> dict[str, str]:
    """The versions that the story would be checked by today: other ones make a report expire."""
    return _versions(CheckedText(story.unit_id, (), timezone.now(), rules=_rules(story)))


def _versions(text: CheckedText) -> dict[str, str]:
    return {one.name: version for one in _checkers() if (version := one.version_for(text))}


def versions_of_many(stories: Iterable[Any]) -> dict[uuid.UUID, dict[str, str]]:
    """The same for many stories, by their keys, in one query."""
    stories = list(stories)
    kinds = {(one.unit_id, one.category) for one in stories}
    rules = lexicons.in_force_for(kinds, timezone.localdate())
    versions = {
        kind: _versions(CheckedText(kind[0], (), timezone.now(), rules=held))
        for kind, held in rules.items()
    }
    return {one.pk: versions[one.unit_id, one.category] for one in stories}


def _rules(story: Any) -> tuple[RulesInForce, ...]:
    return lexicons.in_force(story.unit_id, story.category, timezone.localdate())


def run(story: Any, content: Mapping[str, Any]) -> Report:
    """Run every registered check over this text; pure, no row is written."""
    began = time.perf_counter()
    text = checked_text(story, content)
    checkers = _checkers()
    order = list(Level)
    found = sorted(
        (finding for checker in checkers for finding in checker.run(text)),
        key=lambda one: (order.index(one.level), one.part, one.start),
    )
    # Two checkers that say the same of the same words are one finding, the more serious one.
    once = {
        (one.part, one.start, one.end, one.suggestion, one.found or one.code): one
        for one in reversed(found)
    }
    return Report(
        content_hash=canonical.hash_of(content), findings=tuple(reversed(once.values())),
        versions={one.name: version for one in checkers if (version := one.version_for(text))},
        took_ms=round((time.perf_counter() - began) * 1000, 2),
    )  # fmt: skip


def run_on(unit_id: uuid.UUID, parts: Iterable[tuple[str, str]]) -> list[Finding]:
    """What the checks find in words that are no story yet, by the rules of this unit."""
    rules = lexicons.in_force(unit_id, "", timezone.localdate())
    shown = tuple((name, text) for name, text in parts if text)
    text = CheckedText(unit_id, shown, timezone.now(), rules=rules)
    order = list(Level)
    found = (finding for checker in _checkers() for finding in checker.run(text))
    return sorted(found, key=lambda one: (order.index(one.level), one.part, one.start))


def fresh(story: Any) -> Check:
    """A report on the present text that was not kept: for showing it before the next step."""
    report = run(story, canonical.content_of(story))
    return Check(
        story=story, unit_id=story.unit_id, content_hash=report.content_hash, created_at=timezone.now(),
        findings=[one.as_json() for one in report.findings], versions=report.versions,
        blocking=report.blocking, took_ms=report.took_ms,
    )  # fmt: skip


def present(story: Any, kept: Check | None) -> tuple[Check, bool]:
    """The report to show, and whether the kept one has expired because the rules changed since."""
    if kept is None:
        return fresh(story), False
    if kept.versions != versions_now(story):
        return fresh(story), True
    # An answer that was waited for may have come: that is no reason to call the report old.
    waits = any(one["code"] == outlinks.UNCHECKED for one in kept.findings)
    return (fresh(story) if waits else kept), False
