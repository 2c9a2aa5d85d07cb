"""Findings as people deal with them: who let one stand and why, and putting the suggestion in its place."""

from __future__ import annotations

import copy
import html
from collections.abc import Iterable, Iterator
from typing import Any, Final

from rongmei.assets import selectors as assets
from rongmei.stories import canonical
from rongmei.stories.checking import PARTS
from rongmei.stories.models import Check, FindingNote, Story
from rongmei.stories.types import Finding, Level

# How often a word may stand in a body before its place is looked for by hand.
_TRIES: Final = 60
_TEXTS: Final = {"picture": ("caption",), "quote": ("quote", "speaker")}
Place = tuple[int, str, int]


def notes_of(story: Story) -> dict[tuple[str, str], FindingNote]:
    """What people let stand, by code and words."""
    return {(one.code, one.found): one for one in FindingNote.objects.filter(story=story)}


def shown(story: Story, check: Check) -> list[dict[str, Any]]:
    """The findings of a report, each with the note of who let it stand."""
    notes = notes_of(story)
    return [
        {
            **one, "note": notes.get((one["code"], one["found"])),
            "may_settle": one["level"] != Level.FORBID.value,
            "may_replace": bool(one["suggestion"] and one["found"]),
        }
        for one in check.findings
    ]  # fmt: skip


def put_levels(stories: Iterable[Story]) -> None:
    """Put beside each story how many findings of each level its kept report holds (one query)."""
    stories = list(stories)
    hashes = {story.pk: story.content_hash for story in stories}
    found: dict[Any, dict[str, int]] = {}
    for check in Check.objects.filter(story__in=list(hashes)).order_by("id"):
        if check.content_hash == hashes[check.story_id]:
            levels = [one["level"] for one in check.findings]
            found[check.story_id] = {one.value: levels.count(one.value) for one in Level}
    for story in stories:
        story.__dict__["levels"] = found.get(story.pk)


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
    facts = assets.facts(canonical.picture_keys(story))
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
        sources = [(key, value.get(key) or "") for key in _TEXTS.get(kind, ())] or [("", value)]
        words = html.escape(found, quote=False) if kind == "paragraph" else found
        for key, source in sources:
            at = str(source).find(words)
            while at >= 0:
                yield number, key, at
                at = str(source).find(words, at + 1)


def _put(raw: list[dict[str, Any]], place: Place, finding: Finding) -> list[dict[str, Any]]:
    number, key, at = place
    changed = copy.deepcopy(raw)
    block = changed[number]
    source = block["value"][key] if key else block["value"]
    old, new = finding.found, finding.suggestion
    if block["type"] == "paragraph":
        old, new = html.escape(old, quote=False), html.escape(new, quote=False)
    source = source[:at] + new + source[at + len(old) :]
    if key:
        block["value"][key] = source
    else:
        block["value"] = source
    return changed
