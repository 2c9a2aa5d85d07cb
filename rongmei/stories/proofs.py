"""校样: a story's text on paper, with numbered lines of a fixed length and room to write beside them.

Lines are broken here and not by the browser, so that line 12 is the same line on every screen, in
every printout and in what people say to one another. Never inside a write: a PDF takes a second.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import paper
from rongmei.stories import canonical, comparing, passages, selectors
from rongmei.stories import policy as rules
from rongmei.stories.models import Story
from rongmei.stories.reading import field_label

# Half widths: thirty Chinese characters, which a proof-reader counts at a glance.
WIDTH: Final = 60
INDENT: Final = 4
HANGING: Final = 4
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[.,:/%_'+-][A-Za-z0-9]+)*%?|\s+|.", re.DOTALL)
# What does not begin a line hangs over its end; what does not end one goes to the next.
_NOT_FIRST: Final = frozenset("，。、；：？！）》〉」』】〕”’…—·%‰,.;:?!)]}")
_NOT_LAST: Final = frozenset("（《〈「『【〔“‘([{")
_HEADS: Final = ("kicker", "title", "subtitle", "byline", "summary")


@dataclass(frozen=True)
class Line:
    """A line of a proof. `label` names the part it begins; `kind` is how it is set."""

    number: int
    text: str
    kind: str
    label: str = ""
    first: bool = False


def width(text: str) -> int:
    """How wide a text is, in half widths."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)


def _tokens(text: str, most: int) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        word = " " if match[0].isspace() else match[0]
        yield from (word[at : at + most] for at in range(0, len(word), most))


def fold(text: str, *, indent: int = 0, most: int = WIDTH) -> list[str]:
    """The text in lines of at most `most` half widths, punctuation where it may stand."""
    lines: list[list[str]] = [[]]
    used = indent
    for word in _tokens(text.strip(), most):
        wide = width(word)
        over = used + wide - most
        hangs = word in _NOT_FIRST and over <= HANGING
        if over > 0 and not hangs and lines[-1]:
            carried: list[str] = []
            while len(lines[-1]) > 1 and lines[-1][-1] in _NOT_LAST:
                carried.insert(0, lines[-1].pop())
            lines.append(carried)
            used = width("".join(carried))
        if word == " " and not lines[-1]:
            continue
        lines[-1].append(word)
        used += wide
    return ["".join(one).rstrip() for one in lines if one]


def _numbered(parts: Iterable[tuple[str, str, str]]) -> Iterator[Line]:
    number, said = 0, ""
    for kind, label, text in parts:
        first = True
        label, said = ("" if kind == "row" and label == said else label), label
        for paragraph in text.split("\n"):
            for line in fold(paragraph, indent=INDENT if kind == "paragraph" and first else 0):
                number += 1
                yield Line(number, line, kind, label if first else "", first)
                first = False


def lines(story: Story) -> list[Line]:
    """Headlines, byline, summary and body, line by line."""
    heads = [(name, field_label(name), getattr(story, name)) for name in _HEADS]
    labels = {
        "heading": _("小标题"), "quote": _("引语"), "picture": _("图片"), "lead": _("题图"),
        "row": _("数据表"), "caption": _("数据表"), "live": _("直播条目"), "embed": _("外部内容"),
    }  # fmt: skip
    body = [
        (one.kind, labels.get(one.kind, ""), one.text)
        for one in comparing.pieces(canonical.content_of(story))
    ]
    return list(_numbered(part for part in (*heads, *body) if part[2].strip()))


def _line_of(found: list[Line], anchor: passages.Anchor) -> int:
    """The number of the line in which a passage begins; 0 when it is in none."""
    starts, whole = [], ""
    for line in found:
        starts.append(len(whole))
        whole += passages.squeeze(line.text)
    quote, before = passages.squeeze(anchor.quote), anchor.before
    at = whole.find(before + quote)
    at = at + len(before) if at >= 0 else whole.find(quote)
    if at < 0 or not quote:
        return 0
    return next(
        line.number
        for line, start in zip(reversed(found), reversed(starts), strict=True)
        if start <= at
    )


def proof(member: Any, story: Story) -> dict[str, Any]:
    """Everything a proof shows, for the template."""
    signatures = selectors.signatures_of(story)
    standing = {one.step: one for one in rules.live(signatures, story.round)}
    found = lines(story)
    threads = passages.threads(story, selectors.comments_of(story))
    return {
        "story": story, "lines": found,
        "steps": [(step, standing.get(step.key)) for step in rules.flow_of(story).steps],
        "remarks": [(_line_of(found, one.anchor), one) for one in threads if not one.settled],
        "printed_at": timezone.now(), "printed_by": member.name,
    }  # fmt: skip


def proof_pdf(member: Any, story: Story) -> bytes:
    """The proof as PDF. Raises PaperError."""
    css = paper.css("ui/paper.css", "stories/proof.css")
    return paper.pdf(
        render_to_string("stories/proof_paper.html", {**proof(member, story), "css": css})
    )


def proof_name(story: Story) -> str:
    """What the file is called."""
    return _("校样 %(number)s") % {"number": story.number or str(story.pk)[:8]} + ".pdf"
