"""Small charts as inline SVG with words for those who cannot see them; no script, no style.

Coordinates are in a fixed view box and stretched by CSS, so the same drawing fits a table
cell and a wall.
"""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from rongmei.kernel.ui import words

SPARK_W, SPARK_H, PAD = 120.0, 28.0, 2.0
HIST_W, HIST_H = 240.0, 64.0
MIN_BAR = 1.0


def _known(values: Sequence[float | None]) -> list[float]:
    return [v for v in values if v is not None]


def summary(values: Sequence[float | None]) -> str:
    """The series in one sentence: how many points, lowest, highest, last."""
    known = _known(values)
    if not known:
        return gettext("无数据")
    return gettext("%(n)d个点，最低%(low)s，最高%(high)s，最近%(last)s") % {
        "n": len(known),
        "low": words.number_words(min(known)),
        "high": words.number_words(max(known)),
        "last": words.number_words(known[-1]),
    }


def spark_path(values: Sequence[float | None]) -> str:
    """An SVG path through `values`; a gap in the data is a gap in the line."""
    known = _known(values)
    if not known:
        return ""
    low, high = min(known), max(known)
    step = (SPARK_W - 2 * PAD) / max(len(values) - 1, 1)
    scale = (SPARK_H - 2 * PAD) / (high - low) if high > low else 0.0
    flat = SPARK_H / 2
    parts: list[str] = []
    pen_up = True
    for i, value in enumerate(values):
        if value is None:
            pen_up = True
            continue
        y = SPARK_H - PAD - (value - low) * scale if scale else flat
        parts.append(f"{'M' if pen_up else 'L'}{PAD + i * step:.1f} {y:.1f}")
        pen_up = False
    return "".join(parts)


def spark(values: Sequence[float | None], label: str = "") -> SafeString:
    """A line the size of a word, with its last point marked."""
    path = spark_path(values)
    text = f"{label} {summary(values)}".strip()
    if not path:
        return format_html('<span class="spark spark--none">{}</span>', text)
    last_x, last_y = path[max(path.rfind("M"), path.rfind("L")) + 1 :].split(" ")
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" role="img">'
        '<title>{}</title><path class="spark-line" d="{}"/>'
        '<circle class="spark-dot" cx="{}" cy="{}" r="2"/></svg>',
        f"{SPARK_W:g}",
        f"{SPARK_H:g}",
        text,
        path,
        last_x,
        last_y,
    )


def bar(share: float) -> SafeString:
    """A horizontal bar filling `share` (0–1) of its box; the number stands beside it as text."""
    width = max(min(share, 1.0) * 100, MIN_BAR if share > 0 else 0)
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="bar-track" width="100" height="8"/>'
        '<rect class="bar-fill" width="{}" height="8"/></svg>',
        f"{width:.1f}",
    )


def histogram(buckets: Sequence[tuple[str, float | None]], label: str = "") -> SafeString:
    """Columns over time. `buckets` are (label, count); None leaves its slot empty and hatched."""
    values = [count for _, count in buckets]
    top = max(_known(values), default=0.0)
    slot = HIST_W / max(len(buckets), 1)
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{} {}</title></rect>',
        (
            (
                "hist-none" if count is None else "hist-bar",
                f"{i * slot:.2f}",
                f"{HIST_H - _height(count, top):.1f}",
                f"{max(slot - 1, 0.5):.2f}",
                f"{_height(count, top):.1f}",
                name,
                words.number_words(count),
            )
            for i, (name, count) in enumerate(buckets)
        ),
    )
    return format_html(
        '<figure class="hist"><svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img">'
        '<title>{}</title>{}</svg><figcaption class="hist-ends" aria-hidden="true">'
        "<span>{}</span><span>{}</span></figcaption></figure>",
        f"{HIST_W:g}",
        f"{HIST_H:g}",
        f"{label} {summary(values)}".strip(),
        rects,
        buckets[0][0] if buckets else "",
        buckets[-1][0] if buckets else "",
    )


def _height(count: float | None, top: float) -> float:
    if count is None:
        return HIST_H
    return max(count / top * HIST_H, MIN_BAR if count else 0) if top else 0.0
