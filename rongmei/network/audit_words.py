"""The audit log in sentences: who did what to what, and its details with names a person reads.

Rooms name their own lines by the hook `register_audit_words`; an action or a detail without words
is shown as it was written down.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rongmei.kernel import plugins
from rongmei.kernel.models import AuditEntry
from rongmei.network.matrix import PERMISSIONS
from rongmei.network.types import Role

# Shown in the sentence itself; the others are folded away.
SAID: Final = ("role", "permission", "at", "to", "to_unit", "reason")
LABELS: Final[Mapping[str, object]] = {
    "reason": gettext_lazy("理由"),
    "role": gettext_lazy("角色"),
    "permission": gettext_lazy("权限"),
    "at": gettext_lazy("所在单位"),
    "to": gettext_lazy("给谁"),
    "to_unit": gettext_lazy("接收单位"),
    "by_unit": gettext_lazy("答复单位"),
    "fields": gettext_lazy("改了哪些项"),
    "url": gettext_lazy("网址"),
    "kind": gettext_lazy("种类"),
    "state": gettext_lazy("状态"),
    "story_state": gettext_lazy("稿件状态"),
    "hash": gettext_lazy("内容摘要"),
    "content_hash": gettext_lazy("内容摘要"),
    "was": gettext_lazy("原内容摘要"),
    "round": gettext_lazy("第几轮"),
    "step": gettext_lazy("审级"),
    "number": gettext_lazy("编号"),
    "channel": gettext_lazy("渠道"),
    "channels": gettext_lazy("渠道"),
    "username": gettext_lazy("账号"),
    "file": gettext_lazy("文件"),
    "files": gettext_lazy("文件"),
    "query": gettext_lazy("检索式"),
    "total": gettext_lazy("条数"),
    "count": gettext_lazy("条数"),
    "rows": gettext_lazy("条数"),
    "entries": gettext_lazy("条数"),
    "broken": gettext_lazy("对不上的一条"),
    "head": gettext_lazy("链头"),
    "fingerprint": gettext_lazy("公钥指纹"),
    "node": gettext_lazy("节点"),
    "parent": gettext_lazy("上级"),
    "due_at": gettext_lazy("期限"),
    "ends_at": gettext_lazy("到期"),
    "posted_at": gettext_lazy("发布时间"),
    "difference": gettext_lazy("差别"),
    "internal": gettext_lazy("可访问内网"),
    "active": gettext_lazy("启用"),
    "read_only": gettext_lazy("只读"),
    "assignee": gettext_lazy("承办人"),
    "scope": gettext_lazy("范围"),
    "exemplar": gettext_lazy("典型"),
    "format": gettext_lazy("格式"),
    "ip": gettext_lazy("地址"),
    "days": gettext_lazy("天数"),
}
_LONG_HEX: Final = re.compile(r"[0-9a-f]{40,}")


@dataclass(frozen=True)
class Told:
    """A line of the log: its number stays the proof, the rest is for reading."""

    entry: AuditEntry
    who: str
    what: str
    named: bool
    subject: str
    said: str
    details: list[tuple[str, str]]
    unit: str


def action_words() -> dict[str, object]:
    """What each action is called: what all rooms say."""
    found: dict[str, object] = {}
    for some in plugins.manager.hook.register_audit_words():
        found.update(some)
    return found


def who_words(actor: str) -> str:
    """The one who acted: a person by name, the program and other nodes in words."""
    if actor in {"", "system"}:
        return _("系统")
    if actor.startswith("node:"):
        return _("节点 %(name)s") % {"name": actor.removeprefix("node:")}
    return actor


def _value(key: str, value: Any) -> str:
    if value is True or value is False:
        return _("是") if value else _("否")
    if isinstance(value, list):
        return _("、").join(_value(key, one) for one in value)
    if isinstance(value, dict):
        return _("、").join(f"{name} {_value(name, one)}" for name, one in value.items())
    text = "" if value is None else str(value)
    if key == "role" and text in Role.values:
        return str(Role(text).label)
    if key == "permission" and text in PERMISSIONS:
        return str(PERMISSIONS[text])
    return text[:12] + "…" if _LONG_HEX.fullmatch(text) else text


def tell(
    entries: Iterable[AuditEntry],
    labels: Mapping[uuid.UUID, str] | None = None,
    names: Mapping[uuid.UUID, str] | None = None,
) -> list[Told]:
    """The entries in words, in their order; `labels` names units, `names` people as of now.

    Where somebody has another name now, or another in this language, the details keep the one that
    was written down.
    """
    words, told = action_words(), []
    for entry in entries:
        known = words.get(entry.action)
        now = (names or {}).get(entry.actor_id, "") if entry.actor_id else ""
        details = [
            (str(LABELS.get(key, key)), _value(key, value))
            for key, value in entry.detail.items()
            if value not in ("", None, [])
        ]
        if now and now != entry.actor:
            details.insert(0, (_("记下的姓名"), entry.actor))
        said = [_value(key, entry.detail[key]) for key in SAID if entry.detail.get(key)]
        told.append(
            Told(
                entry=entry,
                who=now or who_words(entry.actor),
                what=str(known or entry.action),
                named=known is not None,
                subject="" if entry.subject_id == str(entry.actor_id) else entry.subject,
                said=" · ".join(said),
                details=details,
                unit=(labels or {}).get(entry.unit_id, "") if entry.unit_id else "",
            )
        )
    return told
