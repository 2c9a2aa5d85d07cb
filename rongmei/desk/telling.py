"""Events in sentences that a person reads: who did what to which."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rongmei.desk.links import link
from rongmei.kernel.ui.shapes import Entry

if TYPE_CHECKING:
    from rongmei.kernel.models import Event

# Event name → (words, icon, page of the subject, state of the line).
WORDS: Final[dict[str, tuple[object, str, str, str]]] = {
    "planning.pitch_submitted": (gettext_lazy("报了选题"), "light-bulb", "planning:pitch", ""),
    "planning.pitch_decided": (gettext_lazy("审定了选题"), "light-bulb", "planning:pitch", "done"),
    "planning.task_dispatched": (gettext_lazy("接到任务"), "paper-airplane", "planning:task", ""),
    "planning.task_answered": (gettext_lazy("答复了任务"), "check", "planning:task", ""),
    "planning.task_progressed": (gettext_lazy("任务有进展"), "arrow-path", "planning:task", ""),
    "stories.created": (gettext_lazy("开始写稿"), "pencil", "stories:story", ""),
    "stories.submitted": (gettext_lazy("送审了"), "paper-airplane", "stories:story", ""),
    "stories.passed": (gettext_lazy("通过了一级审核"), "check", "stories:story", ""),
    "stories.returned": (gettext_lazy("退回了稿件"), "arrow-uturn-left", "stories:story", "failed"),
    "stories.signed": (gettext_lazy("签发了"), "check-badge", "stories:story", "done"),
    "stories.withdrawn": (gettext_lazy("撤回了稿件"), "x-mark", "stories:story", "failed"),
    "stories.shared": (gettext_lazy("推送了稿件"), "share", "stories:story", ""),
    "channels.published": (gettext_lazy("发布了"), "megaphone", "channels:publication", "done"),
    "channels.corrected": (gettext_lazy("发了更正"), "pencil-square", "channels:publication", ""),
    "channels.withdrawn": (gettext_lazy("从渠道撤下了稿件"), "x-mark", "channels:publication", "failed"),
    "exemplars.recommended": (gettext_lazy("推荐了典型"), "star", "", ""),
    "exemplars.cleared": (gettext_lazy("核准了典型"), "star", "", "done"),
    "exemplars.suspended": (gettext_lazy("暂停了典型宣传"), "star", "", "failed"),
    "network.member_added": (gettext_lazy("新建了账号"), "user-plus", "network:member", ""),
    "network.member_disabled": (gettext_lazy("停用了账号"), "no-symbol", "network:member", "failed"),
    "network.member_enabled": (gettext_lazy("启用了账号"), "check", "network:member", ""),
    "network.roles_changed": (gettext_lazy("改动了角色"), "key", "network:member", ""),
    "network.unit_added": (gettext_lazy("新建了单位"), "building-office-2", "network:unit", ""),
    "network.unit_changed": (gettext_lazy("修改了单位"), "building-office-2", "network:unit", ""),
    "network.grant_given": (gettext_lazy("给了共享授权"), "share", "", ""),
    "network.grant_revoked": (gettext_lazy("收回了共享授权"), "share", "", "failed"),
    "monitoring.topic_found": (gettext_lazy("发现新热点"), "signal", "monitoring:topic", "now"),
    "monitoring.topic_marked": (gettext_lazy("处置了热点"), "signal", "monitoring:topic", ""),
    "monitoring.reprint_seen": (
        gettext_lazy("发现转载"), "document-duplicate", "monitoring:reprints", ""
    ),
}  # fmt: skip


# The event's unit is who received; naming who gave beside it would say the wrong thing.
TOLD_OF_RECEIVER = frozenset({"planning.task_dispatched"})


def sentence(
    event: Event,
    names: Mapping[uuid.UUID, str],
    units: Mapping[uuid.UUID, str],
    subjects: Mapping[uuid.UUID, str] | None = None,
) -> Entry | None:
    """One event as a line of a timeline; None for events that have no words.

    `subjects` names what events are about that carry no title themselves.
    """
    known = WORDS.get(event.name)
    if known is None:
        return None
    words, icon, page, state = known
    actor_id = None if event.name in TOLD_OF_RECEIVER else event.actor_id
    who = names.get(actor_id, "") if actor_id else ""
    unit = units.get(event.unit_id, "") if event.unit_id else ""
    named = (subjects or {}).get(event.subject_id, "") if event.subject_id else ""
    title = str(event.payload.get("title") or "")
    if not title and named:
        words = _("%(what)s“%(title)s”") % {"what": words, "title": named}
    text = _("%(what)s《%(title)s》") % {"what": words, "title": title} if title else str(words)
    note = str(event.payload.get("reason") or "")
    url = link(page, event.subject_id) if page and event.subject_id else ""
    return Entry(text, event.at, " ".join(filter(None, (unit, who))), icon, note, url, state)
