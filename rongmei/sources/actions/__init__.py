"""Verbs of the sources room: what is watched here; groups, files, outcomes in the modules beside."""

from __future__ import annotations

import uuid
from datetime import timedelta
from secrets import token_urlsafe as make_key
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, Conflict
from rongmei.network import policy
from rongmei.sources.actions.files import file_pushed, files_hand_over, refused_file_deal
from rongmei.sources.actions.groups import (
    group_add,
    group_change,
    group_remove,
    put_in_groups,
)
from rongmei.sources.actions.many import sources_change_many, sources_import
from rongmei.sources.actions.recording import (
    SAMPLE_BYTES,
    Outcome,
    fetch_recorded,
    fetches_recorded,
    sources_claim,
    sources_hold,
    sources_release,
    sources_take_over,
)
from rongmei.sources.actions.rows import afresh, free_quota, locked, require_room, wake
from rongmei.sources.collectors.urls import host_of
from rongmei.sources.models import FetchState, Source
from rongmei.sources.places import check_address, check_place, mail_place
from rongmei.sources.selectors import HAND_IN

if TYPE_CHECKING:
    from rongmei.network.models import Member

__all__ = [
    "SAMPLE_BYTES",
    "Outcome",
    "fetch_recorded",
    "fetches_recorded",
    "file_pushed",
    "files_hand_over",
    "group_add",
    "group_change",
    "group_remove",
    "mail_place",
    "refused_file_deal",
    "source_add",
    "source_change",
    "source_follow",
    "sources_change_many",
    "sources_claim",
    "sources_hold",
    "sources_import",
    "sources_release",
    "sources_take_over",
    "wake",
]  # fmt: skip
EDITABLE = (
    "name", "url", "home_url", "kind", "media_class", "tier", "region", "language", "options",
    "full_text", "shared", "enabled", "min_interval", "max_interval", "max_items_day",
    "max_bytes_day", "follow_moves",
)  # fmt: skip
SHORTEST, LONGEST = 5, 30 * 86_400
MOST_ITEMS, MOST_BYTES, MOST_TIERS = 1_000_000, 1 << 40, 9


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they may be kept; BadInput says what is wrong with the first that may not."""
    found = {key: value for key, value in fields.items() if key in EDITABLE}
    if "name" in found:
        found["name"] = str(found["name"]).strip()[:80]
        if not found["name"]:
            raise BadInput(_("信源要有名称，没有保存。请填写名称。"))
    if found.get("home_url"):
        check_address(str(found["home_url"]))
    for key, known in (("kind", Source.Kind), ("media_class", Source.MediaClass)):
        if key in found and found[key] not in known.values:
            raise BadInput(_("没有这种读取方式或媒体类别，没有保存。请从列表中选择。"))
    if not isinstance(found.get("options", {}), dict):
        raise BadInput(_("取数规则要写成 JSON 对象，没有保存。请改正后再提交。"))
    if not 1 <= int(found.get("tier", 1)) <= MOST_TIERS:
        raise BadInput(_("层级要在 1 到 9 之间，没有保存。"))
    for key, most in (("max_items_day", MOST_ITEMS), ("max_bytes_day", MOST_BYTES)):
        if not 0 <= int(found.get(key, 0)) <= most:
            raise BadInput(_("每日上限不能小于 0,也不能过大，没有保存。不限请填 0。"))
    return found


def _check_pace(source: Source) -> None:
    if not SHORTEST <= source.min_interval <= source.max_interval <= LONGEST:
        raise BadInput(_("轮询间隔要在 5 秒到 30 天之间，最短的不能大于最长的，没有保存。"))


def source_add(*, by: Member, unit_id: uuid.UUID, name: str, url: str, **fields: Any) -> Source:
    """Watch a new source for the unit; it is fetched at once.

    `fields` are those of `EDITABLE`, `groups`, ids of groups, `preset`, the key of the preset it
    was made from, and `secret`, the password of a mailbox.
    """
    policy.require(by, "sources.manage", unit_id)
    return _add(by, unit_id, name, url, fields)


def _add(
    by: Member | None, unit_id: uuid.UUID, name: str, url: str, fields: dict[str, Any]
) -> Source:
    chosen = _checked({**fields, "name": name, "url": url.strip()})
    source = Source(
        unit_id=unit_id, preset=str(fields.get("preset", "")),
        secret=str(fields.get("secret", ""))[:200], **chosen,
    )  # fmt: skip
    if source.kind == Source.Kind.DROP:
        source.url = source.url or f"drop:{source.pk}"
    check_place(source.kind, source.url)
    _check_pace(source)
    source.host = host_of(source.url)
    with db.write():
        require_room(unit_id)
        if Source.objects.filter(unit_id=unit_id, url=source.url).exists():
            raise Conflict(_("本单位已经有这个地址的信源，没有重复添加。"))
        source.save(force_insert=True)
        FetchState.objects.create(source=source, interval=source.min_interval)
        if by is not None:
            put_in_groups(by, [source], fields.get("groups") or ())
        audit.record(by, "source.added", source, url=source.url, kind=source.kind)
    return source


def source_change(*, by: Member, source_id: uuid.UUID, **fields: Any) -> Source:
    """Change named fields (`EDITABLE`, `groups`) of a source; a new address is fetched at once.

    Leave to be on a private network was given for one host: with another host it ends, unless the
    one who changes it could give it anew.
    """
    given = _checked(fields)
    with db.write():
        source = locked(source_id)
        policy.require(by, "sources.manage", source)
        changed = {key: value for key, value in given.items() if getattr(source, key) != value}
        check_place(given.get("kind", source.kind), given.get("url", source.url))
        moved = "url" in changed and _place(changed["url"]) != _place(source.url)
        for key, value in changed.items():
            setattr(source, key, value)
        if moved and source.internal:
            source.internal = policy.allows(by, "sources.mark_internal", source)
        _check_pace(source)
        same = Source.objects.filter(unit_id=source.unit_id, url=source.url).exclude(pk=source.pk)
        if "url" in changed and same.exists():
            raise Conflict(_("本单位已经有这个地址的信源，修改没有保存。"))
        source.host = host_of(source.url)
        source.save(update_fields=[*changed, "host", "internal", "updated_at"])
        if "groups" in fields and put_in_groups(by, [source], fields["groups"] or (), only=True):
            changed["groups"] = True
        if {"url", "kind", "options", "enabled"} & set(changed):
            afresh(source)
        elif {"min_interval", "max_interval"} & set(changed):
            # What was put off under the old pace must not wait for its end.
            soon = timezone.now() + timedelta(seconds=source.min_interval)
            FetchState.objects.filter(source=source, due_at__gt=soon).update(due_at=soon)
        elif {"max_items_day", "max_bytes_day"} & set(changed):
            free_quota([source.pk])
        audit.record(by, "source.changed", source, fields=sorted(changed))
    return source


def source_follow(*, by: Member, source_id: uuid.UUID, back: bool = False) -> Source:
    """Take over the address that the other side says it moved to; `back` undoes such a move.

    Who goes back does not want to be moved again: from then on only a person moves the source.
    """
    with db.write():
        source = locked(source_id)
        policy.require(by, "sources.manage", source)
        state = FetchState.objects.get(pk=source.pk)
        new = source.moved_from if back else state.moved_to
        if not new:
            return source
        check_address(new)
        if Source.objects.filter(unit_id=source.unit_id, url=new).exclude(pk=source.pk).exists():
            raise Conflict(_("本单位已经有这个地址的信源，修改没有保存。"))
        if _place(new) != _place(source.url) and source.internal:
            source.internal = policy.allows(by, "sources.mark_internal", source)
        was, source.url, source.host = source.url, new, host_of(new)
        source.moved_from, source.moved_at = ("", None) if back else (was, timezone.now())
        source.follow_moves = source.follow_moves and not back
        source.save(
            update_fields=[
                "url", "host", "internal", "moved_from", "moved_at", "follow_moves", "updated_at",
            ]
        )  # fmt: skip
        afresh(source)
        audit.record(by, "source.moved_back" if back else "source.moved", source, was=was, now=new)
    return source


def source_secret_set(*, by: Member, source_id: uuid.UUID, secret: str = "") -> str:
    """Set a mailbox's password, or make a new key for pushing; returns it, for the only time.

    The key before stays good for a day; made anew twice, it is shut out at once.
    """
    with db.write():
        source = locked(source_id)
        policy.require(by, "sources.manage", source)
        kept = source.secret if source.kind == Source.Kind.DROP else ""
        source.secret_before, source.secret_changed_at = kept, timezone.now()
        source.secret = (secret or make_key(32))[:200]
        source.save(update_fields=["secret", "secret_before", "secret_changed_at", "updated_at"])
        afresh(source)
        audit.record(by, "source.secret_set", source)
    return source.secret


def drop_for(*, by: Member, unit_id: uuid.UUID) -> Source:
    """The unit's source for files handed over by people; made at the first."""
    policy.require(by, "sources.manage", unit_id)
    return _drop_of(by, unit_id)


def drop_of_unit(*, unit_id: uuid.UUID) -> Source:
    """The same for the operator of the machine, who stands outside the permissions."""
    return _drop_of(None, unit_id)


def _drop_of(by: Member | None, unit_id: uuid.UUID) -> Source:
    held = Source.objects.filter(unit_id=unit_id, preset=HAND_IN).first()
    return held or _add(
        by, unit_id, _("文件导入"), "",
        {
            "kind": Source.Kind.DROP, "preset": HAND_IN, "media_class": Source.MediaClass.COMPANY,
            "min_interval": 10, "max_interval": 60, "full_text": False,
        },
    )  # fmt: skip


def _place(url: str) -> str:
    return urlsplit(url).netloc.lower()


def source_mark_internal(*, by: Member, source_id: uuid.UUID, internal: bool) -> Source:
    """Let a source be on a private network, or no longer; only the system administrator may."""
    with db.write():
        source = locked(source_id)
        policy.require(by, "sources.mark_internal", source)
        source.internal = internal
        source.save(update_fields=["internal", "updated_at"])
        afresh(source)
        audit.record(by, "source.marked_internal", source, internal=internal)
    return source


def source_fetch_now(*, by: Member, source_id: uuid.UUID) -> None:
    """Put the source at the head of the queue; entries once given up are tried again."""
    with db.write():
        source = locked(source_id)
        policy.require(by, "sources.manage", source)
        FetchState.objects.filter(source=source).update(due_at=timezone.now(), trouble={})
        audit.record(by, "source.fetch_asked", source)
