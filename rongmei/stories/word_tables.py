"""Tables that came from elsewhere, as blocks of a story: whole where they fit, else without losing words."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from rongmei.stories import kinds


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
