"""审稿单: the sheet that says how a story was reviewed, as a page and as PDF, one or many.

Making a PDF takes a second or so and reads picture files: never inside a write.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.assets import selectors as assets
from rongmei.kernel import paper
from rongmei.stories import canonical, checking, package, selectors, stepwise
from rongmei.stories import policy as rules
from rongmei.stories.flows import FlowStep
from rongmei.stories.models import Signature, Story

MOST_PICTURES: Final = 12_000_000
SHOWN_CHANGES: Final = 6
_UNSAFE = re.compile(r'[\x00-\x1f\\/:*?"<>|]+')
_PICTURE = re.compile(r'<img\b[^>]*?\bsrc="([^"]+)"[^>]*>')


@dataclass(frozen=True)
class Row:
    """A step of the flow, and the signature that stands for it, if one does."""

    step: FlowStep
    signature: Signature | None


def sheet(member: Any, story: Story) -> dict[str, Any]:
    """Everything a story's review sheet says, for the template."""
    signatures = selectors.signatures_of(story)
    standing = {one.step: one for one in rules.live(signatures, story.round)}
    flow = rules.flow_of(story)
    check, expired = checking.present(story, selectors.latest_check(story))
    address = f"{settings.RONGMEI_NODE.url}{reverse('stories:story', args=[story.pk])}"
    return {
        "story": story, "signatures": signatures, "flow": flow,
        "flow_name": flow.name or _("内置三审三校"),
        "steps": [Row(one, standing.get(one.key)) for one in flow.steps],
        "gone": [one for one in signatures if one not in standing.values()],
        "changes": [one for one in stepwise.step_changes(story, signatures) if one.differences],
        "shown_changes": SHOWN_CHANGES, "check": check, "check_expired": expired,
        "levels": _levels(check.findings), "address": address, "qr": paper.qr(address),
        "printed_at": timezone.now(), "printed_by": member.name, **package.reading(story),
    }  # fmt: skip


def _levels(findings: Iterable[dict[str, Any]]) -> list[tuple[str, int]]:
    """How many findings of each level."""
    levels = [str(one["level"]) for one in findings]
    names = {"forbid": _("禁"), "caution": _("慎"), "hint": _("提示")}
    return [(name, levels.count(level)) for level, name in names.items()]


def _with_pictures(html: str, story: Story) -> str:
    """The same page with its pictures inside it; one that is too much, or gone, is left out."""
    shown = set(_PICTURE.findall(html))
    files = assets.rendition_files(canonical.picture_keys(story), shown, most=MOST_PICTURES)

    def inside(match: re.Match[str]) -> str:
        if match[1].startswith("data:"):
            return match[0]
        held = files.get(match[1])
        return match[0].replace(match[1], paper.data_url(*held)) if held else ""

    return _PICTURE.sub(inside, html)


def sheet_html(member: Any, story: Story) -> str:
    """The sheet as one page of HTML that needs nothing else: what the typesetter gets."""
    shown = {**sheet(member, story), "css": paper.css("ui/paper.css", "stories/sheet.css")}
    return _with_pictures(render_to_string("stories/sheet_paper.html", shown), story)


def sheet_pdf(member: Any, story: Story) -> bytes:
    """The sheet as PDF."""
    return paper.pdf(sheet_html(member, story))


def sheet_name(story: Story) -> str:
    """What the file is called."""
    safe = _UNSAFE.sub("_", f"{story.number or str(story.pk)[:8]} {story.title}")[:80]
    return _("审稿单 %(story)s") % {"story": safe.strip()} + ".pdf"


def sheets_zip(member: Any, stories: Iterable[Story]) -> bytes:
    """The sheets of these stories, a PDF each, in one ZIP."""
    rows = list(stories)
    if len(rows) > paper.MOST_PAGES:
        raise paper.PaperTooBig(_("一次最多 %(n)s 份审稿单，没有导出。") % {"n": paper.MOST_PAGES})
    made = paper.pdfs([sheet_html(member, one) for one in rows])
    out, used = io.BytesIO(), set[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as held:
        for story, one in zip(rows, made, strict=True):
            name = sheet_name(story)
            if name in used:
                name = f"{str(story.pk)[:13]} {name}"
            used.add(name)
            held.writestr(name, one)
    return out.getvalue()
