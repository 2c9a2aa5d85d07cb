"""Findings as people deal with them: who let one stand and why, and putting the suggestion in its place."""

from __future__ import annotations

import copy
import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F
from django.utils.translation import gettext

from rongmei.stories import canonical, kinds
from rongmei.stories.checking import PARTS, PERSONAL, versions_of_many
from rongmei.stories.models import Check, FindingNote, Story
from rongmei.stories.types import Finding, Level

# How often a word may stand in a body before its place is looked for by hand.
_TRIES: Final = 60
# Fields of blocks whose source is HTML.
_RICH: Final = frozenset({("paragraph", ""), ("live", "text")})
Place = tuple[int, str, int]


def key_of(code: str, found: str) -> tuple[str, str]:
    """What a note is kept by: as much of the code and the words as its row holds."""
    return code[:24], found[:200]


def notes_of(story: Story) -> dict[tuple[str, str], FindingNote]:
    """What people let stand, by code and words."""
    return {(one.code, one.found): one for one in FindingNote.objects.filter(story=story)}


@dataclass(frozen=True)
class Spot:
    """Where the words of a finding stand: which block of the body, and which of their like in it.

    `block` is None outside the body, and `nth` counts from 0 within the block or the field; `among`
    counts within the whole body.
    """

    block: int | None
    nth: int
    among: int = 0


def spots(
    story: Story, content: Mapping[str, Any], found: Iterable[Mapping[str, Any]]
) -> list[Spot]:
    """Where each finding stands, for a page that leads there without knowing our offsets."""
    blocks = _lines(story, content)
    body = "\n".join(text for _block, _start, text in blocks)
    told: list[Spot] = []
    for one in found:
        words, start = one["found"], one["start"]
        if one["part"] != "body":
            text = str(content.get(one["part"]) or "")
            told.append(Spot(None, _before(text, words, start)))
            continue
        at, began, text = next(
            (here for here in reversed(blocks) if here[1] <= start), (None, 0, "")
        )
        told.append(Spot(at, _before(text, words, start - began), _before(body, words, start)))
    return told


def _lines(story: Story, content: Mapping[str, Any]) -> list[tuple[int, int, str]]:
    """(number of the block, where its text starts in the body's, its text)."""
    told, at = [], 0
    for number, block in zip(kinds.numbers(story.body), content["body"], strict=True):
        text = canonical.body_text({"body": [block]})
        if text:
            told.append((number, at, text))
            at += len(text) + 1
    return told


def _before(text: str, words: str, start: int) -> int:
    """How many times the words begin before this place."""
    count, at = 0, text.find(words) if words else -1
    while 0 <= at < start:
        count, at = count + 1, text.find(words, at + 1)
    return count


def shown(
    story: Story, found: Iterable[Mapping[str, Any]], content: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Findings of a report, each with its place and the note of who let it stand.

    What is 禁 carries no note, whatever was written about the same words before.
    """
    notes, found = notes_of(story), list(found)
    places = spots(story, content or canonical.content_of(story), found)
    told = []
    for one, spot in zip(found, places, strict=True):
        stops = one["level"] == Level.FORBID.value
        told.append(
            {
                **one, "spot": spot, "may_settle": not stops, "advice": said(one),
                "note": None if stops else notes.get(key_of(one["code"], one["found"])),
                "may_replace": bool(one["suggestion"] and one["found"]),
                "personal": one["code"] in PERSONAL,
            }
        )  # fmt: skip
    return told


def said(one: Mapping[str, Any]) -> str:
    """What a finding says, in the reader's language."""
    words, values = gettext(one["advice"]) if one["advice"] else "", one.get("values")
    return words % values if values else words


def levels_of(found: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings there are of each level."""
    levels = [one["level"] for one in found]
    return {one.value: levels.count(one.value) for one in Level}


def put_levels(stories: Iterable[Story], *, expiry: bool = False) -> None:
    """Put beside each story how many findings of each level its kept report holds (one query), and
    with `expiry` whether it is out of date: the text or the rules changed since (one more)."""
    stories = list(stories)
    checks = Check.objects.filter(
        story__in=[one.pk for one in stories], content_hash=F("story__content_hash")
    ).order_by("id")
    kept = {one.story_id: one for one in checks}
    today = versions_of_many(stories) if expiry and stories else {}
    for story in stories:
        check = kept.get(story.pk)
        story.__dict__["levels"] = levels_of(check.findings) if check else None
        if expiry:
            story.__dict__["check_expired"] = check is None or check.versions != today[story.pk]


def replaced(story: Story, finding: Finding) -> dict[str, Any] | None:
    """The fields with exactly this place changed to the suggestion; None where it cannot be done.

    In the body the words are looked for in the blocks, and a change counts only when the whole text
    afterwards is the text before with this one place changed: never another place, never markup.
    """
    if finding.part in PARTS:
        value = str(getattr(story, finding.part))
        if value[finding.start : finding.end] != finding.found:
            return None
        return {finding.part: value[: finding.start] + finding.suggestion + value[finding.end :]}
    if finding.part != "body":
        return None
    facts = canonical.held_by(story)
    before = canonical.body_text(canonical.content_of(story, facts))
    wanted = before[: finding.start] + finding.suggestion + before[finding.end :]
    raw = story.body.stream_block.get_prep_value(story.body)
    tried = copy.copy(story)
    for number, place in enumerate(_places(raw, finding.found)):
        if number >= _TRIES:
            return None
        changed = _put(raw, place, finding)
        tried.body = story.body.stream_block.to_python(changed)
        if canonical.body_text(canonical.content_of(tried, facts)) == wanted:
            return {"body": changed}
    return None


def _places(raw: list[dict[str, Any]], found: str) -> Iterator[Place]:
    """(block, key or nothing, position) wherever the words stand in a block's source."""
    for number, block in enumerate(raw):
        kind, value = block["type"], block["value"]
        fields = value if isinstance(value, Mapping) else {"": value}
        for key, source in fields.items():
            if not isinstance(source, str):
                continue
            words = _source(kind, key, found)
            at = source.find(words)
            while at >= 0:
                yield number, key, at
                at = source.find(words, at + 1)


def _source(kind: str, key: str, words: str) -> str:
    """Words as they stand in the source of a block's field."""
    return html.escape(words, quote=False) if (kind, key) in _RICH else words


def _put(raw: list[dict[str, Any]], place: Place, finding: Finding) -> list[dict[str, Any]]:
    number, key, at = place
    changed = copy.deepcopy(raw)
    block = changed[number]
    source = block["value"][key] if key else block["value"]
    old, new = (_source(block["type"], key, one) for one in (finding.found, finding.suggestion))
    source = source[:at] + new + source[at + len(old) :]
    if key:
        block["value"][key] = source
    else:
        block["value"] = source
    return changed
