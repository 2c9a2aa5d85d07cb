"""What can go wrong in the archive, in words a person can act on."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class ArchiveError(RongmeiError):
    """The archive could not do this; nothing was changed."""

    words = _("媒体大数据库没有完成这一步，未做任何改动。请稍后再试。")


class QueryError(ArchiveError, ValueError):
    """The search words do not form a query.

    `position` counts characters of the typed text from 0; `problem` says what is wrong there and
    `suggestion` what to type instead. `message` holds both.
    """

    def __init__(self, position: int, problem: str, suggestion: str) -> None:
        super().__init__(
            f"{problem}{suggestion}", position=position, problem=problem, suggestion=suggestion
        )
        self.position = position
        self.problem = problem
        self.suggestion = suggestion


class SearchRequestInvalid(ArchiveError, ValueError):
    """The search asks for more than one answer can hold, or for an unknown facet."""

    words = _("检索请求超出范围，没有执行。请缩小翻页或减少统计项后再试。")


class IndexMissing(ArchiveError):
    """There is no search index yet."""

    status = 503
    words = _(
        "还没有检索索引，文献都在数据库中，没有丢失。请运行 rongmei archive rebuild 建立索引。"
    )


class IndexCorrupt(ArchiveError):
    """The search index cannot be read."""

    status = 503
    words = _(
        "检索索引已损坏，无法读取；文献都在数据库中，没有丢失。请运行 rongmei archive rebuild 重建索引。"
    )


class IndexOutdated(ArchiveError):
    """The search index was written in a form that this version does not read."""

    status = 503
    words = _(
        "检索索引是旧版本的格式；文献都在数据库中，没有丢失。请运行 rongmei archive rebuild 重建索引。"
    )


class IndexBusy(ArchiveError):
    """Another process is writing to this index."""

    status = 503
    words = _("另一个进程正在写检索索引，本次没有写入。请等它结束，或先停掉它再试。")


class IndexReplaced(ArchiveError):
    """The index was rebuilt while this writer was open; what it had not committed is dropped.

    The writer's owner opens a new writer and goes on from its `committed_seq()`.
    """

    status = 503
    words = _("检索索引刚刚被重建替换，本批没有写入；重新打开后会从已提交的序号接着写。")


class IndexWriteFailed(ArchiveError):
    """The index could not be written; the last commit still stands."""

    status = 503
    words = _("检索索引写入失败，上一次提交仍然有效。请检查磁盘空间后再试。")


class ExportStopped(ArchiveError):
    """An export cannot be made; nothing of it is kept."""

    status = 422
    words = _("导出没有完成，没有留下文件；资料不受影响。")


class SnapshotGone(ArchiveError):
    """The bytes of a snapshot are not where its row says."""

    status = 410
    words = _(
        "这份原始快照的文件不在了；文献本身没有丢失。请运行 rongmei archive verify 查看缺了哪些，并从备份中取回快照文件夹。"
    )


class SnapshotBroken(ArchiveError):
    """A snapshot's record cannot be read, or its digest is not right."""

    status = 410
    words = _(
        "这份原始快照读不出来或摘要不符，没有显示；文献本身没有丢失。请运行 rongmei archive verify 查明范围，并从备份中取回快照文件夹。"
    )


class SamePerson(ArchiveError):
    """The second of two people must be another one."""

    status = 409
    words = _("这一步要由另一个人来做，未做任何改动。请第二位有权限的同事来确认。")
