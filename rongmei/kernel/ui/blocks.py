"""Blocks: strips, timelines, cards, charts, the states of a place, tiles of the wall."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from rongmei.kernel.ui import charts, words
from rongmei.kernel.ui.library import classes, register
from rongmei.kernel.ui.shapes import Bar, Entry, Step
from rongmei.kernel.ui.signs import num


@register.inclusion_tag("ui/tags/strip.html")
def strip(steps: Iterable[Step | Mapping[str, object]], label: str = "") -> dict[str, object]:
    """Where a thing is, as a courier would show it: who, when, how long, what next."""
    return {"steps": list(steps), "label": label or gettext("流程进度")}


@register.inclusion_tag("ui/tags/timeline.html")
def timeline(entries: Iterable[Entry | Mapping[str, object]]) -> dict[str, object]:
    """What happened, newest first as given."""
    return {"entries": list(entries)}


@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    icon: str = "",
    count: int | None = None,
    url: str = "",
    more: str = "",
) -> SafeString:
    """A titled box. `url` leads to the whole of what it shows part of."""
    return mark_safe(  # noqa: S308 -- a rendered template
        render_to_string(
            "ui/tags/card.html",
            {
                "content": content,
                "title": title,
                "icon": icon,
                "count": count,
                "url": url,
                "more": more,
            },
        )
    )


@register.simple_block_tag
def facts(content: str) -> SafeString:
    """A list of `fact`s."""
    return format_html('<dl class="facts">{}</dl>', content)


@register.simple_tag
def fact(name: str, value: object) -> SafeString:
    """One name and its value; nothing known is a dash."""
    return format_html(
        "<div><dt>{}</dt><dd>{}</dd></div>",
        name,
        value if value not in (None, "") else words.NO_DATA,
    )


@register.simple_tag
def spark(values: Sequence[float | None], label: str = "") -> SafeString:
    """A trend the size of a word."""
    return charts.spark(values, label)


@register.simple_tag
def histogram(buckets: Sequence[tuple[str, float | None]], label: str = "") -> SafeString:
    """Columns over time from (label, count) pairs."""
    return charts.histogram(buckets, label)


@register.inclusion_tag("ui/tags/bars.html")
def bars(rows: Iterable[Bar], label: str = "") -> dict[str, object]:
    """Bars with their numbers, each leading to its rows."""
    listed = list(rows)
    top = max((row.value for row in listed if row.value is not None), default=0.0) or 1.0
    return {
        "label": label,
        "rows": [(row, charts.bar((row.value or 0.0) / top)) for row in listed],
    }


@register.simple_tag
def progress(done: int, total: int, label: str = "") -> SafeString:
    """How much of a whole is done, as a bar and as words."""
    text = gettext("%(done)d / %(total)d") % {"done": done, "total": total}
    return format_html(
        '<span class="progress"><progress max="{}" value="{}" aria-label="{}"></progress>'
        '<span class="num">{}</span></span>',
        max(total, 1),
        done,
        label or text,
        text,
    )


@register.inclusion_tag("ui/tags/state.html")
def empty_state(
    title: str, what: str, action: str = "", url: str = "", icon: str = "inbox"
) -> dict[str, object]:
    """Nothing here yet: what this place is, and the first step as a button."""
    return {
        "kind": "empty",
        "title": title,
        "lines": [what],
        "action": action,
        "url": url,
        "icon": icon,
    }


@register.inclusion_tag("ui/tags/state.html")
def failed_state(
    happened: str,
    kept: str,
    todo: str,
    ref: str = "",
    retry_url: str = "",
    icon: str = "exclamation-triangle",
) -> dict[str, object]:
    """It went wrong: what happened, what was kept, what to do, an id to quote."""
    return {
        "kind": "failed",
        "title": happened,
        "lines": [kept, todo],
        "action": gettext("再试一次") if retry_url else "",
        "url": retry_url,
        "icon": icon,
        "ref": ref,
    }


@register.inclusion_tag("ui/tags/state.html")
def forbidden_state(what: str, who: str, url: str = "", action: str = "") -> dict[str, object]:
    """Not yours to see: what it is, and who can grant it."""
    return {
        "kind": "forbidden",
        "title": what,
        "lines": [gettext("可以为你开通的人：%(who)s") % {"who": who}],
        "action": action,
        "url": url,
        "icon": "lock-closed",
    }


@register.simple_tag
def skeleton(lines: int = 3, shape: Literal["text", "table", "cards"] = "text") -> SafeString:
    """What stands in for content on its way, the same height as what will come."""
    return format_html(
        '<div class="skeleton skeleton--{}" role="status"><span class="sr">{}</span>{}</div>',
        shape,
        gettext("加载中…"),
        mark_safe("<i></i>" * int(lines)),  # noqa: S308 -- a constant, repeated
    )


@register.simple_block_tag
def tile(
    content: str,
    title: str,
    at: datetime | None = None,
    area: Literal["", "main"] = "",
    state: Literal["ok", "stale", "outage"] = "ok",
    sample: bool = False,
    url: str = "",
) -> SafeString:
    """A tile of the big screen: always with its data's time; greyed when stale or cut off."""
    return mark_safe(  # noqa: S308 -- a rendered template
        render_to_string(
            "ui/tags/tile.html",
            {
                "content": content,
                "title": title,
                "at": at,
                "area": area,
                "state": state,
                "sample": sample,
                "url": url,
            },
        )
    )


@register.simple_tag
def keyfigure(
    value: float | None,
    label: str,
    unit: str = "",
    change: str = "",
    url: str = "",
    size: Literal["", "l"] = "",
) -> SafeString:
    """One number with its name and how it moved; readable at five metres on the wall."""
    number = format_html('<b class="keyfigure-n">{}</b>', num(value, unit))
    return format_html(
        '<div class="{}"><span class="keyfigure-l">{}</span>{}{}</div>',
        classes("keyfigure", f"keyfigure--{size}" if size else ""),
        label,
        format_html('<a href="{}">{}</a>', url, number) if url else number,
        format_html('<span class="keyfigure-c num">{}</span>', change) if change else "",
    )
