"""A small chart as SVG: lines over a size on a logarithmic scale, one panel under another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 760, 260, 64, 260, 34, 44
COLOURS = ("#1f5fbf", "#c2410c", "#15803d", "#7e22ce")


@dataclass(frozen=True)
class Line:
    """A name and its (size, value) in order of size."""

    name: str
    points: tuple[tuple[float, float], ...]


def _steps(highest: float) -> list[float]:
    """Round values from zero to a little above the highest."""
    rough = max(highest, 1e-9) / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 2.5, 5, 10) if power * one >= rough)
    return [step * number for number in range(math.ceil(highest / step) + 1)]


def _panel(title: str, lines: Sequence[Line], sizes: Sequence[float], top: float) -> Iterator[str]:
    low, high = math.log10(sizes[0]), math.log10(sizes[-1])
    steps = _steps(max((y for line in lines for _x, y in line.points), default=1.0))
    inner, tall = WIDTH - LEFT - RIGHT, PANEL - TOP - BOTTOM

    def across(size: float) -> float:
        return LEFT + inner * ((math.log10(size) - low) / (high - low) if high > low else 0.5)

    def down(value: float) -> float:
        return top + TOP + tall * (1 - value / steps[-1])

    yield f'<text x="{LEFT}" y="{top + 20:.0f}" class="head">{escape(title)}</text>'
    for step in steps:
        y = down(step)
        yield f'<path d="M{LEFT} {y:.1f}h{inner}" class="grid"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" class="end">{step:,g}</text>'
    for size in sizes:
        x, y = across(size), top + PANEL - BOTTOM + 18
        yield f'<text x="{x:.1f}" y="{y:.0f}" class="middle">{size:,.0f}</text>'
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        path = " L".join(f"{across(x):.1f} {down(y):.1f}" for x, y in line.points)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in line.points:
            yield f'<circle cx="{across(x):.1f}" cy="{down(y):.1f}" r="3.5" fill="{colour}"/>'
        y = top + TOP + 14 + 20 * number
        yield f'<rect x="{WIDTH - RIGHT + 20}" y="{y - 9:.0f}" width="12" height="4" fill="{colour}"/>'
        yield f'<text x="{WIDTH - RIGHT + 38}" y="{y:.0f}">{escape(line.name)}</text>'


def chart(below: str, panels: Sequence[tuple[str, Sequence[Line]]]) -> str:
    """The panels as one picture; `below` says what goes from left to right."""
    shown = [(title, [line for line in lines if line.points]) for title, lines in panels]
    sizes = sorted({x for _title, lines in shown for line in lines for x, _y in line.points})
    tall = PANEL * len(shown) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" role="img"'
        f' aria-label="{escape(below)}" font-family="sans-serif" font-size="12">',
        "<style>text{fill:#334155}.head{font-weight:600;font-size:14px}.end{text-anchor:end}"
        ".middle{text-anchor:middle}.grid{stroke:#e2e8f0}</style>",
        f'<rect width="{WIDTH}" height="{tall}" fill="#fff"/>',
    ]
    for number, (title, lines) in enumerate(shown):
        if lines:
            parts += _panel(title, lines, sizes, PANEL * number)
    parts.append(f'<text x="{LEFT}" y="{tall - 8}">{escape(below)}</text></svg>')
    return "\n".join(parts) + "\n"
