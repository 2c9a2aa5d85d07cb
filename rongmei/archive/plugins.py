"""The archive's built-in plugin: its processes, its place in the rail, its API and figures."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.archive import (
    ageing,
    api,
    api_keeping,
    collecting,
    dictionary,
    exporting,
    indexing,
    saved,
    selectors,
    tasks,
    upkeep,
)
from rongmei.archive.hooks import Enricher
from rongmei.kernel.hooks import Gauge, Process, RailItem
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep


@hookimpl
def register_processes() -> list[Process]:
    """Collecting and indexing."""
    return [
        Process("collect", collecting.run),
        Process("index", indexing.run),
        Process("upkeep", upkeep.run),
    ]


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Look at new documents, work on exports, ask saved searches what came, age out."""
    return [
        Sweep("archive.enrich", every=2.0, run=tasks.enrich_due),
        Sweep("archive.exports", 2.0, exporting.work_due, lease=900.0),
        Sweep("archive.saved_searches", 20.0, saved.look_due),
        Sweep("archive.prune_exports", 3600, exporting.prune_strays),
        Sweep("archive.age_out", every=20.0, run=ageing.age_out),
        Sweep("archive.reclaim", every=60.0, run=ageing.reclaim_due, lease=300.0),
    ]


@hookimpl
def register_rail() -> list[RailItem]:
    """资料库 in the rail."""
    return [
        RailItem("archive", _("资料库"), "archive:list", "archive-box", 20, "archive.view"),
        RailItem(
            "archive_state", _("资料库状态"), "archive:state", "shield-check", 94, "archive.manage"
        ),
        RailItem(
            "archive_retention", _("保留规则"), "archive:retention", "clock", 95,
            "archive.retention",
        ),
        RailItem("archive_holds", _("保全"), "archive:holds", "lock-closed", 96, "archive.hold"),
    ]  # fmt: skip


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """Documents below /api/v1/archive."""
    return [("/archive", api.router), ("/archive", api_keeping.router)]


@hookimpl
def register_gauges() -> list[Gauge]:
    """How much the archive holds and how far the index is behind."""
    return [
        Gauge("rongmei_documents", "Documents kept.", selectors.document_count),
        Gauge("rongmei_index_behind", "Changes not indexed yet.", indexing.behind),
    ]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "search.saved": _("保存了检索"),
        "search.changed": _("修改了保存的检索"),
        "search.forgotten": _("删除了保存的检索"),
        "search.feed_key_made": _("生成了检索的订阅地址"),
        "search.feed_stopped": _("停用了检索的订阅"),
        "archive.exported": _("导出了资料"),
        "archive.export_cancelled": _("取消了导出，或删除了导出文件"),
        "archive.export_taken": _("下载了导出文件"),
        "archive.imported": _("导入了资料文件"),
        "archive.upkeep_asked": _("安排了资料库维护"),
        "term.added": _("在词表里添加了"),
        "term.removed": _("从词表里删除了"),
        "terms.imported": _("导入了词表"),
        "retention.proposed": _("提出了保留规则"),
        "retention.put_in_force": _("核准了保留规则"),
        "retention.withdrawn": _("撤回了保留规则"),
        "documents.removed": _("按保留规则清理了资料"),
        "hold.placed": _("保全了"),
        "hold.lift_asked": _("申请解除保全"),
        "hold.lift_refused": _("驳回了解除保全的申请"),
        "hold.lifted": _("同意并解除了保全"),
    }


@hookimpl
def register_enrichers() -> list[Enricher]:
    """Script, the dictionary's names, keywords."""
    return dictionary.built_in()
