"""What comes from elsewhere (Word, web pages), gathered into the blocks of a story in reading order."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rongmei.stories import kinds

MAX_HEADING: Final = 60


def as_html(run: Iterable[tuple[str, str]]) -> str:
    """Paragraph HTML of (text, ul, ol or hr; inner HTML) that follow one another."""
    found: list[str] = []
    inside = ""
    for kind, inner in run:
        wanted = kind if kind in {"ul", "ol"} else ""
        if inside and inside != wanted:
            found.append(f"</{inside}>")
        if wanted and inside != wanted:
            found.append(f"<{wanted}>")
        inside = wanted
        if kind == "hr":
            found.append("<hr/>")
        else:
            found.append(f"<li>{inner}</li>" if wanted else f"<p>{inner}</p>")
    return "".join([*found, f"</{inside}>" if inside else ""])


def table_blocks(rows: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """One table or several; a table that is too wide, or has long cells, as lines of text."""
    cells = [[" ".join(cell.split()) for cell in row] for row in rows if any(map(str.strip, row))]
    if not cells:
        return []
    width = max(map(len, cells))
    long = any(len(cell) > kinds.MAX_CELL for row in cells for cell in row)
    if long or width > kinds.MAX_COLUMNS or width == 1:
        lines = (" │ ".join(filter(None, row)) for row in cells)
        words = "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in lines)
        return [{"type": "paragraph", "value": words}]
    size = kinds.MAX_ROWS
    return [
        {"type": "table", "value": {"caption": "", "cells": cells[at : at + size]}}
        for at in range(0, len(cells), size)
    ]


class Gathering:
    """Paragraphs and lists that follow one another together in one block; the rest one by one."""

    def __init__(self) -> None:
        self.out: list[dict[str, Any]] = []
        self.run: list[tuple[str, str]] = []

    @property
    def empty(self) -> bool:
        """Whether nothing came yet."""
        return not (self.out or self.run)

    def text(self, kind: str, inner: str) -> None:
        """A paragraph (text), an item of a list (ul, ol), or a rule (hr)."""
        self.run.append((kind, inner))

    def heading(self, inner: str) -> None:
        """A crosshead; one that is too long for it as a paragraph in bold."""
        words = kinds.plain(inner)
        if len(words) > MAX_HEADING or "\n" in words:
            self.text("text", inner if inner.startswith("<b>") else f"<b>{inner}</b>")
        else:
            self.block({"type": "heading", "value": words})

    def block(self, *made: dict[str, Any]) -> None:
        """Blocks of their own."""
        self.close()
        self.out += made

    def close(self) -> list[dict[str, Any]]:
        """Everything so far."""
        if self.run:
            value = kinds.clean_html(as_html(self.run))
            self.out.append({"type": "paragraph", "value": value})
            self.run = []
        return self.out
