"""Tables: heads that sort, rows that can be chosen, counts, pages."""

from typing import Literal

from django.core.paginator import Page
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from rongmei.kernel.ui import query, words
from rongmei.kernel.ui.library import MICRO, attributes, held_query, register, svg


@register.simple_block_tag
def table(content: str, id: str, label: str, columns: bool = True) -> SafeString:
    """A data table: j/k/Enter/x keys, columns one can choose, a scroll box of its own."""
    return format_html(
        '<div class="table-box"{}><table class="table" id="{}" aria-label="{}" data-keys>{}</table></div>',
        format_html(' data-columns="{}"', id) if columns else "",
        id,
        label,
        content,
    )


@register.simple_tag
def column_menu(table: str) -> SafeString:
    """Where the reader chooses the columns of `table`; filled in the browser, kept in it."""
    return format_html(
        '<details class="menu menu--end" data-column-menu="{}" hidden><summary class="btn btn--quiet btn--icon" '
        'title="{}">{}<span class="sr">{}</span></summary><div class="menu-list"></div></details>',
        table,
        gettext("选择列"),
        svg("view-columns", MICRO),
        gettext("选择列"),
    )


@register.simple_tag(takes_context=True)
def th(
    context: Context,
    col: str,
    text: str,
    sort: bool = False,
    align: Literal["", "num"] = "",
    fixed: bool = False,
) -> SafeString:
    """A column's head. With `sort` a click orders by `?sort=col`, another by `?sort=-col`."""
    now = held_query(context).get("sort", "")
    state = {col: "ascending", f"-{col}": "descending"}.get(now, "")
    attrs = attributes(
        {
            "class": align or None,
            "data-col": col,
            "data-fixed": fixed or None,
            "aria-sort": (state or "none") if sort else None,
        }
    )
    if not sort:
        return format_html('<th scope="col"{}>{}</th>', attrs, text)
    arrow = {"ascending": "arrow-up", "descending": "arrow-down"}.get(state, "chevron-up-down")
    return format_html(
        '<th scope="col"{}><a class="sort" href="{}">{}{}</a></th>',
        attrs,
        query.with_values(held_query(context), {"sort": f"-{col}" if now == col else col}),
        text,
        svg(arrow, 12),
    )


@register.simple_tag
def th_select(table: str) -> SafeString:
    """The head of the column of check boxes."""
    return format_html(
        '<th class="sel" data-fixed><input type="checkbox" data-select-all="{}" aria-label="{}"></th>',
        table,
        gettext("全选本页"),
    )


@register.simple_tag
def td_select(table: str, value: object, label: str) -> SafeString:
    """A row's check box; it belongs to the form that `bulkbar` makes."""
    return format_html(
        '<td class="sel"><input type="checkbox" name="ids" value="{}" form="{}-bulk" aria-label="{}"></td>',
        value,
        table,
        gettext("选择：%(label)s") % {"label": label},
    )


@register.simple_block_tag(takes_context=True)
def bulkbar(context: Context, content: str, table: str, action: str) -> SafeString:
    """Buttons for the chosen rows, with their count; sends `ids` to `action`."""
    return format_html(
        '<form class="bulk" id="{}-bulk" method="post" action="{}" data-bulk="{}" hidden>'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<span class="bulk-n" aria-live="polite"><b class="num" data-bulk-count>0</b> {}</span>{}'
        '<button type="button" class="btn btn--quiet" data-bulk-clear>{}</button></form>',
        table,
        action,
        table,
        context.get("csrf_token", ""),
        gettext("条已选"),
        content,
        gettext("取消选择"),
    )


@register.simple_tag
def hits(total: int, ms: float | None = None, approximate: bool = False) -> SafeString:
    """How many there are and how long finding them took."""
    count = gettext("约 %(n)s 条") if approximate else ngettext("%(n)s 条", "%(n)s 条", total)
    text = count % {"n": words.number_exact(total)}
    if ms is None:
        return format_html('<p class="hits num" role="status">{}</p>', text)
    return format_html(
        '<p class="hits num" role="status">{} <span class="hits-ms">{}</span></p>',
        text,
        gettext("%(ms)s 毫秒") % {"ms": words.number_exact(round(ms))},
    )


@register.inclusion_tag("ui/tags/pagination.html", takes_context=True)
def pagination(
    context: Context, page: "Page[object] | None" = None, prev: str = "", next: str = ""
) -> dict[str, object]:
    """Back and on, by address: from a Django `page`, or from `prev` and `next` addresses."""
    place = ""
    if page is not None:
        held = held_query(context)
        if page.has_previous():
            prev = query.with_values(held, {"page": page.previous_page_number()})
        if page.has_next():
            next = query.with_values(held, {"page": page.next_page_number()})
        if page.paginator.num_pages > 1:
            words = {"n": page.number, "all": page.paginator.num_pages}
            place = gettext("第 %(n)d / %(all)d 页") % words
    return {"prev": prev, "next": next, "place": place}
