"""The sources room's built-in plugin: its place in the rail, its API, its figures."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.kernel.hooks import Gauge, RailItem
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network.guard import MemberRequest
from rongmei.sources import api, selectors, spool
from rongmei.sources.actions import files, watching


def _failing(request: HttpRequest) -> int:
    member: MemberRequest = request  # type: ignore[assignment] # the rail is for members
    return selectors.failing_count(member.user)


@hookimpl
def register_rail() -> list[RailItem]:
    """采集 in the rail, with how many sources fail."""
    return [RailItem("sources", _("采集"), "sources:list", "rss", 10, "sources.view", _failing)]


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """Sources below /api/v1/sources."""
    return [("/sources", api.router)]


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Old files leave the spools once an hour; what went quiet is told within five minutes."""
    return [
        Sweep("sources.prune_spools", 3600, spool.prune),
        Sweep("sources.forget_pushes", 3600, files.push_marks_forget),
        Sweep("sources.tell", 300, watching.tell),
    ]


@hookimpl
def register_gauges() -> list[Gauge]:
    """Watched and failing sources of the node."""
    return [
        Gauge("rongmei_sources", "Enabled sources.", lambda: selectors.node_counts()[0]),
        Gauge("rongmei_sources_failing", "Failing sources.", lambda: selectors.node_counts()[1]),
    ]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "source.added": _("新增了信源"),
        "source.moved": _("随永久跳转改了地址，信源"),
        "source.moved_back": _("改回了原地址，信源"),
        "source_group.added": _("新建了信源分组"),
        "source_group.changed": _("修改了信源分组"),
        "source_group.removed": _("删除了信源分组"),
        "sources.changed_many": _("批量修改了信源"),
        "sources.imported": _("批量导入了信源，单位"),
        "source.changed": _("修改了信源"),
        "source.secret_set": _("设置了信源的密钥"),
        "source.files_handed_over": _("交来了文件，信源"),
        "source.file_pushed": _("推送了文件，信源"),
        "source.file_again": _("让文件重新读取，信源"),
        "source.file_discarded": _("丢弃了文件，信源"),
        "source.marked_internal": _("设置了可否访问内网，信源"),
        "source.fetch_asked": _("要求立即采集"),
    }
