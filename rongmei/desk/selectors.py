"""Reads of the workbench: search over everything, and the palette of pages, commands and records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from rongmei.archive import selectors as archive
from rongmei.archive.errors import QueryError
from rongmei.channels import selectors as channels
from rongmei.desk.links import link
from rongmei.desk.types import Found, Section
from rongmei.monitoring import selectors as monitoring
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.planning import selectors as planning
from rongmei.stories import selectors as stories

if TYPE_CHECKING:
    from rongmei.network.models import Member

LIMIT: Final = 6
LONGEST: Final = 200

# Label, page, icon, permission that opens it, other words it is found by.
COMMANDS: Final[list[tuple[object, str, str, str, str]]] = [
    (gettext_lazy("今日"), "desk:today", "home", "", "today"),
    (gettext_lazy("写稿"), "stories:new", "pencil-square", "stories.write", "write new story"),
    (gettext_lazy("报选题"), "planning:pitch_new", "light-bulb", "planning.pitch", "pitch"),
    (gettext_lazy("编前会"), "planning:meeting", "users", "planning.decide", "meeting"),
    (gettext_lazy("任务"), "planning:tasks", "clipboard-document-list", "planning.view", "tasks"),
    (gettext_lazy("选题"), "planning:pitches", "light-bulb", "planning.view", "pitches"),
    (gettext_lazy("稿件"), "stories:list", "document-text", "stories.view", "stories"),
    (gettext_lazy("审核"), "review:queue", "check-badge", "stories.view", "review"),
    (gettext_lazy("热点"), "monitoring:topics", "signal", "monitoring.view", "topics hot"),
    (gettext_lazy("热榜"), "monitoring:hot_lists", "fire", "monitoring.view", "hot list"),
    (gettext_lazy("资料库"), "archive:list", "archive-box", "archive.view", "archive"),
    (gettext_lazy("媒资"), "assets:list", "photo", "assets.view", "assets pictures"),
    (gettext_lazy("信源"), "sources:list", "rss", "sources.view", "sources"),
    (gettext_lazy("新增信源"), "sources:add", "plus", "sources.manage", "add source"),
    (gettext_lazy("发布"), "channels:index", "paper-airplane", "channels.view", "publish"),
    (gettext_lazy("效果"), "impact:index", "chart-bar", "impact.view", "impact"),
    (gettext_lazy("大屏"), "screen:scene", "presentation-chart-bar", "screen.view", "screen wall"),
    (gettext_lazy("单位"), "network:units", "building-office-2", "network.manage_units", "units"),
    (gettext_lazy("人员"), "network:members", "users", "network.manage_members", "members people"),
    (gettext_lazy("权限表"), "network:matrix", "table-cells", "", "matrix permissions"),
    (gettext_lazy("审计日志"), "network:audit", "shield-check", "network.audit", "audit"),
    (gettext_lazy("通知"), "network:notices", "bell", "", "notices"),
    (gettext_lazy("我的设置"), "network:settings", "user-circle", "", "settings"),
    (gettext_lazy("界面样式"), "desk:guide", "swatch", "", "style guide"),
]


def commands_for(member: Member, words: str) -> list[Found]:
    """Pages and commands that the member's roles open, found by any of their names."""
    asked = words.casefold()
    found = []
    for label, name, icon, permission, others in COMMANDS:
        url = link(name)
        if not url or (permission and not policy.anywhere(member, permission)):
            continue
        if not asked or asked in str(label).casefold() or asked in others:
            found.append(Found(str(label), url, icon=icon))
    return found


def search(member: Member, words: str, *, limit: int = LIMIT) -> list[Section]:
    """Everything in reach that holds the words, by sort; sorts without a find are left out."""
    asked = words.strip()[:LONGEST]
    if not asked:
        return []
    sections = [
        _stories(member, asked, limit), _pitches(member, asked, limit),
        _tasks(member, asked, limit), _publications(member, asked, limit),
        _topics(member, asked, limit), _documents(member, asked, limit),
        _people(member, asked, limit), _units(member, asked, limit),
    ]  # fmt: skip
    return [one for one in sections if one is not None and one.lines]


def _stories(member: Member, words: str, limit: int) -> Section | None:
    if not policy.anywhere(member, "stories.view"):
        return None
    wanted = Q(title__icontains=words) | Q(number=words) | Q(body_text__icontains=words)
    rows = stories.stories_listed_to(member).filter(wanted).order_by("-updated_at", "-id")
    lines = [
        Found(
            one.title, link("stories:story", one.pk), f"{one.unit.label} · {one.get_state_display()}",
            at=one.updated_at,
        )
        for one in rows[:limit]
    ]  # fmt: skip
    return Section(
        _("稿件"),
        "document-text",
        lines,
        rows.count() if lines else 0,
        link("stories:list", query=f"q={words}"),
    )


def _pitches(member: Member, words: str, limit: int) -> Section | None:
    if not policy.anywhere(member, "planning.view"):
        return None
    wanted = Q(title__icontains=words) | Q(number=words) | Q(news_point__icontains=words)
    rows = planning.pitches_visible_to(member).filter(wanted).order_by("-id")
    lines = [
        Found(
            one.title, link("planning:pitch", one.pk), f"{one.unit.label} · {one.get_state_display()}",
            at=one.created_at,
        )
        for one in rows[:limit]
    ]  # fmt: skip
    return Section(_("选题"), "light-bulb", lines, rows.count() if lines else 0)


def _tasks(member: Member, words: str, limit: int) -> Section | None:
    if not policy.anywhere(member, "planning.view"):
        return None
    wanted = Q(title__icontains=words) | Q(number=words)
    rows = planning.tasks_visible_to(member).filter(wanted).order_by("-id")
    lines = [
        Found(
            one.title, link("planning:task", one.pk), f"{one.unit.label} → {one.to_unit.label}",
            at=one.dispatched_at,
        )
        for one in rows[:limit]
    ]  # fmt: skip
    return Section(_("任务"), "clipboard-document-list", lines, rows.count() if lines else 0)


def _publications(member: Member, words: str, limit: int) -> Section | None:
    if not policy.anywhere(member, "channels.view"):
        return None
    rows = channels.publications_visible_to(member).filter(title__icontains=words).order_by("-id")
    lines = [
        Found(one.title, link("channels:publication", one.pk), one.unit.label, at=one.created_at)
        for one in rows[:limit]
    ]  # fmt: skip
    return Section(_("发布单"), "paper-airplane", lines, rows.count() if lines else 0)


def _topics(member: Member, words: str, limit: int) -> Section | None:
    rows = monitoring.search_topics(member, words, limit)
    lines = [
        Found(
            one.title, link("monitoring:topic", one.pk),
            _("热度 %(heat)d") % {"heat": round(one.heat)}, at=one.last_at,
        )
        for one in rows
    ]  # fmt: skip
    return Section(
        _("热点"), "signal", lines, len(lines), link("monitoring:topics", query=f"q={words}")
    )


def _documents(member: Member, words: str, limit: int) -> Section | None:
    if not policy.anywhere(member, "archive.view"):
        return None
    try:
        page = archive.find(member, words, sort="relevant", limit=limit, facets=False)
    except QueryError:
        # Half-typed quotes and brackets are no query yet; the archive's own page explains them.
        return None
    lines = [
        Found(
            one.document.title, link("archive:document", one.document.pk) or one.document.url,
            one.document.source_name, title_html=one.title_html, at=one.document.published_at,
        )
        for one in page.hits
    ]  # fmt: skip
    return Section(
        _("资料"), "archive-box", lines, page.total, link("archive:list", query=f"q={words}")
    )


def _people(member: Member, words: str, limit: int) -> Section | None:
    if not (
        policy.anywhere(member, "network.manage_members")
        or policy.anywhere(member, "network.grant_roles")
    ):
        return None
    wanted = Q(name__icontains=words) | Q(username__icontains=words) | Q(name_en__icontains=words)
    rows = network.members_administered_by(member).filter(wanted)[:limit]
    lines = [Found(one.label, link("network:member", one.pk), one.unit.label) for one in rows]
    return Section(_("人员"), "users", lines, len(lines))


def _units(member: Member, words: str, limit: int) -> Section | None:
    wanted = Q(name__icontains=words) | Q(short_name__icontains=words) | Q(name_en__icontains=words)
    rows = network.units_in_reach(member, "network.view").filter(wanted)[:limit]
    lines = [
        Found(one.label, link("network:unit", one.pk), str(one.get_kind_display())) for one in rows
    ]
    return Section(pgettext("many", "单位"), "building-office-2", lines, len(lines))
