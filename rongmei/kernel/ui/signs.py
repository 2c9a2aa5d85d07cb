"""Signs: times, numbers, states, alarm levels and people, each a word or two long."""

from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from rongmei.kernel.ui import words
from rongmei.kernel.ui.library import MICRO, attributes, classes, register, svg
from rongmei.kernel.ui.shapes import Level

SOON_SECONDS = 2 * words.HOUR


@register.simple_tag
def when(
    at: datetime | None, form: Literal["ago", "plan", "clock", "stamp", "exact"] = "ago"
) -> SafeString:
    """A time: relative by default, with weekday for plans; the exact time on hover."""
    if at is None:
        return format_html('<span class="muted">{}</span>', words.NO_DATA)
    text = {
        "ago": words.relative,
        "plan": words.planned,
        "clock": words.clock,
        "stamp": words.stamp,
        "exact": words.exact,
    }[form](at)
    return format_html(
        '<time class="when num" datetime="{}" title="{}" data-when="{}">{}</time>',
        words.local(at).isoformat(timespec="seconds"),
        words.exact(at),
        form,
        text,
    )


@register.simple_tag
def deadline(at: datetime | None, done: bool = False) -> SafeString:
    """How long is left, or by how much it is late; late is said in a filled chip, not in red."""
    if at is None:
        return format_html('<span class="due muted">{}</span>', gettext("未定"))
    left = at - timezone.now()
    seconds = left.total_seconds()
    if done:
        state, text = "done", gettext("已完成")
    elif seconds < 0:
        state, text = "late", gettext("超时 %(span)s") % {"span": words.span_words(left)}
    else:
        state = "soon" if seconds <= SOON_SECONDS else "open"
        text = gettext("剩 %(span)s") % {"span": words.span_words(left)}
    return format_html(
        '<time class="due due--{}" datetime="{}" title="{}" data-due>{}<span>{}</span></time>',
        state,
        words.local(at).isoformat(timespec="seconds"),
        words.exact(at),
        svg("check" if done else "clock", MICRO),
        text,
    )


@register.filter
def took(span: timedelta | None) -> str:
    """A length of time in words: 1小时05分."""
    return words.NO_DATA if span is None else words.span_words(span)


@register.simple_tag
def num(value: float | None, unit: str = "") -> SafeString:
    """A number to read (万, 亿 in Chinese), all its digits on hover; no data is a dash, not 0.

    Measure words (篇, 次) have no English: there they are blank, and nothing is written.
    """
    if value is None:
        return format_html(
            '<span class="num muted" title="{}">{}</span>', gettext("无数据"), words.NO_DATA
        )
    shown, full = words.number_words(value), words.number_exact(value)
    title = format_html(' title="{}"', full) if shown != full else ""
    digits, wan = (shown[:-1], shown[-1]) if shown[-1] in "万亿" else (shown, "")
    return format_html(
        '<span class="num"{}>{}{}{}</span>',
        title,
        digits,
        format_html('<span class="wan">{}</span>', wan) if wan else "",
        format_html('<span class="unit">{}</span>', unit) if unit.strip() else "",
    )


@register.simple_tag
def badge(
    text: str, state: Literal["", "now", "done", "next", "failed"] = "", icon: str = ""
) -> SafeString:
    """A state in one word: now (accent), done, next (hollow), failed (full ink)."""
    mark = icon or {"done": "check", "failed": "x-mark"}.get(state, "")
    return format_html(
        '<span class="{}">{}{}</span>',
        classes("badge", f"badge--{state}" if state else ""),
        svg(mark, 12) if mark else "",
        text,
    )


LEVEL_SHAPES: dict[str, str] = {
    "red": '<path d="M8 0l8 8-8 8-8-8z"/>',
    "orange": '<path d="M8 1l8 14H0z"/>',
    "yellow": '<path d="M1 1h14v14H1z"/>',
    "blue": '<circle cx="8" cy="8" r="7.5"/>',
}


@register.simple_tag
def alarm(level: Level, text: str = "") -> SafeString:
    """An alarm level, the only place for 红橙黄蓝: colour, a shape of its own, and a word."""
    names = {
        "red": gettext("红色"),
        "orange": gettext("橙色"),
        "yellow": gettext("黄色"),
        "blue": gettext("蓝色"),
    }
    return format_html(
        '<span class="alarm alarm--{}"><svg class="alarm-shape" viewBox="0 0 16 16" '
        'width="10" height="10" aria-hidden="true">{}</svg>{}</span>',
        level,
        mark_safe(LEVEL_SHAPES[level]),  # noqa: S308 -- our own constants
        text or names[level],
    )


@register.simple_tag
def avatar(name: str, size: Literal["", "s", "l"] = "") -> SafeString:
    """A person's initials; beside a written name it is decoration."""
    plain = name.rsplit("·", maxsplit=1)[-1].strip()
    parts = plain.split()
    take = 1 if size == "s" else 2
    short = plain[-take:] if not plain.isascii() else "".join(p[0] for p in parts[:take]).upper()
    return format_html(
        '<span class="{}" aria-hidden="true">{}</span>',
        classes("avatar", f"avatar--{size}" if size else ""),
        short or "?",
    )


@register.simple_tag
def kbd(*keys: str) -> SafeString:
    """Keys to press."""
    return format_html_join("", '<kbd class="kbd">{}</kbd>', ((key,) for key in keys))


@register.simple_tag
def stale_mark(at: datetime, outage: bool = False) -> SafeString:
    """Says that what stands here is old, and how old; `outage` says why."""
    text = gettext("连接中断，最后正常") if outage else gettext("数据较旧")
    return format_html(
        '<span class="stale">{}{} {}</span>',
        svg("signal-slash" if outage else "clock", MICRO),
        text,
        when(at),
    )


# The script writes times with the server's words: one catalogue, one wording.
@register.simple_tag
def script_words() -> SafeString:
    """The words `ui.js` needs, as data attributes."""
    return attributes(
        {
            "data_words": True,
            "data_now": gettext("刚刚"),
            "data_left": gettext("剩 %(span)s"),
            "data_late": gettext("超时 %(span)s"),
            "data_dh": gettext("%(d)d天%(h)d小时"),
            "data_d": gettext("%(d)d天"),
            "data_hm": gettext("%(h)d小时%(m)02d分"),
            "data_h": gettext("%(h)d小时"),
            "data_m": gettext("%(m)d分钟"),
            "data_s": gettext("%(s)d秒"),
            "data_failed": gettext("没有完成 · 你填的内容还在页面上 · 请再试一次"),
            "data_failed_offline": gettext("网络已断开 · 你填的内容还在页面上 · 恢复后请再试一次"),
        }
    )
