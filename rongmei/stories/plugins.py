"""What the stories room contributes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from ninja import Router

from rongmei.archive.hooks import DocumentUse
from rongmei.kernel.hooks import RailItem
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network.hooks import Activity, RoadFact
from rongmei.network.types import Milestone
from rongmei.stories import (
    actions,
    checking,
    consistency,
    lexicon,
    lexicons,
    material,
    outlinks,
    people,
    selectors,
    submissions,
)
from rongmei.stories.api import router
from rongmei.stories.api_findings import router as findings_router
from rongmei.stories.api_flows import router as review_router
from rongmei.stories.api_links import router as links_router
from rongmei.stories.api_queue import router as queue_router
from rongmei.stories.api_remarks import router as remarks_router
from rongmei.stories.api_sheet import router as sheet_router
from rongmei.stories.api_subjects import router as subject_router
from rongmei.stories.api_submissions import router as submission_router
from rongmei.stories.api_versions import router as versions_router
from rongmei.stories.api_word import router as word_router
from rongmei.stories.hooks import Checker


def _waiting(request: Any) -> int:
    return selectors.waiting_for(request.user)


def _arrived(request: Any) -> int:
    return submissions.waiting_for(request.user)


@hookimpl
def register_rail() -> list[RailItem]:
    """投稿, 稿件 and 审核."""
    return [
        RailItem(
            key="submissions", label=pgettext_lazy("rail", "投稿"), url_name="submissions:list",
            icon="inbox-arrow-down", order=48, permission="stories.submit", others=("stories.desk",),
            badge=_arrived,
        ),
        RailItem(
            key="stories", label=_("稿件"), url_name="stories:list", icon="document-text", order=50,
            permission="stories.view",
        ),
        RailItem(
            key="review", label=_("审核"), url_name="review:queue", icon="check-badge", order=55,
            permission="stories.view", badge=_waiting,
        ),
    ]  # fmt: skip


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """/api/v1/stories, /api/v1/review, /api/v1/submissions, /api/v1/subjects."""
    return [
        # Before those with an id in the same place.
        ("/stories", word_router),
        ("/stories", router),
        ("/stories", versions_router),
        ("/stories", remarks_router),
        ("/stories", links_router),
        ("/stories", findings_router),
        ("/review", sheet_router),
        ("/review", queue_router),
        ("/review", review_router),
        ("/submissions", submission_router),
        ("/subjects", subject_router),
    ]


@hookimpl
def register_checks() -> list[Checker]:
    """The wording seed, and patterns."""
    return [
        Checker("lexicon", lexicon.seed().version, lexicon.check),
        Checker("lexicons", "", lexicons.check, lexicons.version_of),
        Checker("people", "1", people.check),
        Checker("material", "1", material.check),
        Checker("links", "1", outlinks.check),
        Checker("typos", lexicon.typos().version, lexicon.check_typos),
        Checker("patterns", "2", checking.check_patterns),
        Checker("consistency", "1", consistency.check),
    ]


@hookimpl
def register_document_uses() -> list[DocumentUse]:
    """Documents that a story was written from."""
    return [DocumentUse(_("稿件引用"), selectors.documents_of_stories)]


@hookimpl
def register_activities() -> list[Activity]:
    """What other nodes may tell us about their stories."""
    return [
        Activity("story.shared", actions.story_receive),
        Activity("story.withdrawn", actions.story_withdrawal_receive),
        Activity("story.corrected", actions.story_correction_receive),
        Activity(actions.ASKED, actions.request_receive),
        Activity(actions.TOLD, actions.request_told),
        Activity(actions.ANSWERED, actions.answer_receive),
    ]


@hookimpl
def register_sweeps() -> list[Sweep]:
    """What was promised and not given: second readings, answers; steps that other nodes sign; links."""
    return [
        Sweep("stories.rereads", every=60.0, run=actions.rereads_missed),
        Sweep("stories.steps_late", every=60.0, run=actions.steps_late),
        Sweep("stories.submissions", every=60.0, run=actions.submissions_overdue),
        Sweep("stories.links", every=60.0, run=actions.outlinks_check, lease=180.0),
        Sweep("stories.across_nodes", every=2.0, run=actions.across_nodes),
    ]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "story.created": _("新建了稿件"),
        "story.saved": _("保存了稿件"),
        "story.from_word": _("从 Word 文档建了稿件"),
        "story.word_exported": _("导出了 Word 文档，稿件"),
        "story.restored": _("恢复了稿件的旧版本"),
        "story.submitted": _("送审了稿件"),
        "story.passed": _("通过并签了名"),
        "story.signed": _("稿件签发"),
        "story.returned": _("退回了稿件"),
        "story.withdrawn": _("撤下了稿件"),
        "story.corrected": _("更正了稿件"),
        "story.fell_back": _("改动使签名失效，稿件回到前面的环节"),
        "story.linked": _("关联了稿件"),
        "story.unlinked": _("解除了稿件的关联"),
        "story.locked": _("锁定了稿件"),
        "story.unlocked": _("解锁了稿件"),
        "story.shared": _("推送了稿件"),
        "story.received": _("收到稿件"),
        "review.asked": _("送上级单位审签，稿件"),
        "review.received": _("收到请审的稿件"),
        "review.told": _("请审的稿件在所属节点有了进展"),
        "review.late": _("签名来迟，没有采用，稿件"),
        "story.proof_exported": _("导出了校样，稿件"),
        "story.sheet_exported": _("导出了审稿单"),
        "story.refused": _("操作被拒绝，稿件"),
        "story.green": _("走绿色通道送审，稿件"),
        "story.step_late": _("审核环节超时，稿件"),
        "story.reread": _("补审了稿件"),
        "story.reread_missed": _("绿色通道补审超时，稿件"),
        "submission.drafted": _("开始写投稿"),
        "submission.discarded": _("删去了投稿草稿"),
        "submission.moved": _("办理了投稿"),
        "submission.reason_added": _("添加了来稿答复理由"),
        "submission.reason_retired": _("停用了来稿答复理由"),
        "flow.drafted": _("拟定了审核流程"),
        "flow.published": _("施行了审核流程"),
        "flow.retired": _("停用了审核流程"),
        "flow.refused": _("审核流程的操作被拒绝"),
        "delegation.made": _("委托代审"),
        "delegation.revoked": _("收回代审"),
        "delegation.refused": _("代审的操作被拒绝"),
        "lexicon.created": _("新建了词库"),
        "lexicon.proposed": _("提交了词库的改动"),
        "lexicon.approved": _("核准了词库的改动"),
        "lexicon.turned_down": _("没有核准词库的改动"),
        "lexicon.refused": _("想核准自己提交的改动，被拒绝，词库"),
        "cms.refused": _("在编辑器里的操作被拒绝"),
        "finding.settled": _("说明理由，保留了检查发现，稿件"),
        "comment.added": _("评论了稿件"),
        "comment.answered": _("回复了评论，稿件"),
        "comment.settled": _("了结了评论，稿件"),
        "comment.reopened": _("重新打开了评论，稿件"),
    }


@hookimpl
def register_road_facts() -> list[RoadFact]:
    """What the room knows of a unit's coming to life."""
    return [
        RoadFact("signed", _("首篇签发"), 40, selectors.first_signed, Milestone.PLATFORM_UP.value)
    ]
