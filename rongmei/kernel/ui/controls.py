"""Controls: buttons, menus, filters and tabs in the address, form fields."""

from typing import Literal

from django.forms import BoundField
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from rongmei.kernel.ui import query, words
from rongmei.kernel.ui.library import MICRO, Kind, attributes, classes, held_query, register, svg
from rongmei.kernel.ui.signs import kbd


@register.simple_tag
def button(
    text: str,
    kind: Kind = "plain",
    url: str = "",
    icon: str = "",
    type: Literal["submit", "button", "reset"] = "submit",
    keys: str = "",
    hide_text: bool = False,
    disabled: str = "",
    **attrs: object,
) -> SafeString:
    """A button, or a link that looks like one with `url`. `disabled` is the reason, shown on hover.

    primary: the one next action · plain · quiet · final: cannot be undone (full ink).
    """
    inner = format_html(
        "{}<span{}>{}</span>{}",
        svg(icon, MICRO) if icon else "",
        format_html(' class="sr"') if hide_text else "",
        text,
        kbd(keys) if keys else "",
    )
    if hide_text:
        attrs.setdefault("title", text)
    css = classes("btn", f"btn--{kind}", "btn--icon" if hide_text else "")
    if disabled:
        attrs.update(title=disabled, aria_disabled="true", data_reason=disabled)
        return format_html(
            '<button type="button" class="{}"{}>{}</button>', css, attributes(attrs), inner
        )
    if keys:
        attrs["data_key"] = keys
    if url:
        return format_html('<a class="{}" href="{}"{}>{}</a>', css, url, attributes(attrs), inner)
    return format_html(
        '<button type="{}" class="{}"{}>{}</button>', type, css, attributes(attrs), inner
    )


@register.simple_tag
def copy_button(target: str, text: str = "") -> SafeString:
    """Copies the element with id `target`, as rich text and as plain text."""
    return format_html(
        '<button type="button" class="btn btn--plain" data-copy="{}" data-done="{}">{}<span>{}</span></button>',
        target,
        gettext("已复制"),
        svg("clipboard-document", MICRO),
        text or gettext("复制"),
    )


@register.simple_block_tag
def menu(
    content: str,
    text: str = "",
    icon: str = "ellipsis-horizontal",
    align: Literal["start", "end"] = "end",
    kind: Kind = "plain",
) -> SafeString:
    """A menu of `menuitem`s behind a button; works without script."""
    label = text or gettext("更多操作")
    return format_html(
        '<details class="menu menu--{}"><summary class="btn btn--{}{}"{}>{}<span class="{}">{}</span>'
        '</summary><div class="menu-list">{}</div></details>',
        align,
        kind,
        "" if text else " btn--icon",
        "" if text else format_html(' title="{}"', label),
        svg(icon, MICRO) if icon else "",
        "" if text else "sr",
        label,
        content,
    )


@register.simple_tag(takes_context=True)
def menuitem(
    context: Context,
    text: str,
    url: str,
    icon: str = "",
    post: bool = False,
    active: bool = False,
    keys: str = "",
    **attrs: object,
) -> SafeString:
    """One line of a menu; with `post` a form of its own, because it changes something."""
    inner = format_html(
        "{}<span>{}</span>{}", svg(icon, MICRO) if icon else "", text, kbd(keys) if keys else ""
    )
    if not post:
        if active:
            attrs["aria_current"] = "true"
        return format_html('<a class="menu-item" href="{}"{}>{}</a>', url, attributes(attrs), inner)
    return format_html(
        '<form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<button type="submit" class="menu-item"{}>{}</button></form>',
        url,
        context.get("csrf_token", ""),
        attributes(attrs),
        inner,
    )


@register.inclusion_tag("ui/tags/undo.html", takes_context=True)
def undo_bar(context: Context, text: str, url: str) -> dict[str, object]:
    """Says what was just done and offers to take it back."""
    return {"text": text, "url": url, "csrf_token": context.get("csrf_token", "")}


@register.simple_tag(takes_context=True)
def qs_set(context: Context, **changes: object) -> str:
    """This page's query string with parameters changed; None drops one."""
    return query.with_values(held_query(context), changes)


@register.simple_tag(takes_context=True)
def qs_without(context: Context, *names: str) -> str:
    """This page's query string without `names`."""
    return query.without(held_query(context), names)


@register.simple_tag(takes_context=True)
def chip(
    context: Context,
    text: str,
    param: str,
    value: object,
    count: int | None = None,
    single: bool = False,
) -> SafeString:
    """A filter that lives in the address: a click adds `param=value`, another takes it out."""
    held = held_query(context)
    on = str(value) in held.getlist(param)
    return format_html(
        '<a class="chip{}" href="{}"{}>{}{}{}</a>',
        " chip--on" if on else "",
        query.toggled(held, param, str(value), single=single),
        format_html(' aria-current="true"') if on else "",
        text,
        format_html('<span class="chip-n num">{}</span>', words.number_words(count))
        if count is not None
        else "",
        format_html('{}<span class="sr">{}</span>', svg("x-mark", 12), gettext("（点击取消）"))
        if on
        else "",
    )


@register.simple_block_tag
def chips(content: str, label: str = "") -> SafeString:
    """A row of `chip`s under one label."""
    return format_html(
        '<div class="chips" role="group"{}>{}{}</div>',
        format_html(' aria-label="{}"', label) if label else "",
        format_html('<span class="chips-label">{}</span>', label) if label else "",
        content,
    )


@register.simple_tag(takes_context=True)
def tab(
    context: Context,
    text: str,
    value: str,
    param: str = "panel",
    count: int | None = None,
    default: bool = False,
) -> SafeString:
    """A tab of the side panel: a link that htmx turns into a swap of `#side-panel` alone."""
    held = held_query(context)
    on = held.get(param, value if default else "") == value
    return format_html(
        '<a class="tab" href="{}"{} hx-get="{}" hx-select="#side-panel" hx-target="#side-panel" '
        'hx-swap="outerHTML" hx-push-url="true">{}{}</a>',
        (url := query.with_values(held, {param: value})),
        format_html(' aria-current="page"') if on else "",
        url,
        text,
        format_html('<span class="tab-n num">{}</span>', count) if count else "",
    )


@register.simple_block_tag
def tabs(content: str, label: str = "") -> SafeString:
    """A row of `tab`s."""
    return format_html(
        '<nav class="tabs" aria-label="{}">{}</nav>', label or gettext("侧栏内容"), content
    )


@register.simple_block_tag
def sidepanel(content: str, label: str = "") -> SafeString:
    """The one side panel of a page; below the page on a phone. Holds `tabs` and their content."""
    return format_html(
        '<aside class="panel" id="side-panel" aria-label="{}">{}</aside>',
        label or gettext("侧栏"),
        content,
    )


@register.inclusion_tag("ui/tags/field.html")
def field(bound: BoundField, wide: bool = False) -> dict[str, object]:
    """A form field with its label, help, error and whether it must be filled in."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "") or type(widget).__name__.lower()
    return {
        "field": bound,
        "wide": wide,
        "check": kind == "checkbox" and not bound.use_fieldset,
        "group": bound.use_fieldset,
    }


@register.inclusion_tag("ui/tags/upload.html")
def upload(
    name: str,
    label: str,
    accept: str = "",
    multiple: bool = True,
    help: str = "",
    required: bool = False,
) -> dict[str, object]:
    """A file chooser that takes drops and shows what was chosen before it is sent."""
    return {
        "name": name,
        "label": label,
        "accept": accept,
        "multiple": multiple,
        "help": help,
        "required": required,
    }
