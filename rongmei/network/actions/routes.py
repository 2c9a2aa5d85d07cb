"""Verbs on the ways notices leave the node: a unit's webhooks and group robots."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import policy
from rongmei.network.actions.members import local_unit
from rongmei.network.models import Member, NoticeRoute

_FIELDS: Final = frozenset({"kind", "name", "url", "secret", "kinds", "internal", "is_active"})


def _save(by: Member, route: NoticeRoute, fields: Mapping[str, Any]) -> list[str]:
    unknown = set(fields) - _FIELDS
    if unknown:
        raise BadInput(f"unknown fields: {sorted(unknown)}")
    changed = [name for name, value in fields.items() if getattr(route, name) != value]
    for name in changed:
        setattr(route, name, fields[name])
    if "internal" in changed and route.internal:
        policy.require(by, "sources.mark_internal", route.unit_id)
    try:
        route.clean_fields(exclude={"unit"})
    except ValidationError as error:
        words = "; ".join(" ".join(texts) for texts in error.message_dict.values())
        raise BadInput(words) from error
    route.save()
    return changed


def route_add(*, by: Member, unit_id: uuid.UUID, fields: Mapping[str, Any]) -> NoticeRoute:
    """Let a unit's notices also go to a webhook or a group robot."""
    with db.write():
        unit = local_unit(unit_id)
        policy.require(by, "network.manage_notices", unit)
        route = NoticeRoute(unit=unit)
        _save(by, route, fields)
        audit.record(by, "notice_route.added", route, kind=route.kind)
    return route


def route_change(*, by: Member, route_id: uuid.UUID, fields: Mapping[str, Any]) -> NoticeRoute:
    """Change a route; an empty secret keeps the one it has, for it is never shown again."""
    with db.write():
        route = NoticeRoute.objects.select_for_update().filter(pk=route_id).first()
        if route is None:
            raise NotFound
        policy.require(by, "network.manage_notices", route.unit_id)
        given = {name: value for name, value in fields.items() if name != "secret" or value}
        changed = _save(by, route, given)
        if changed:
            audit.record(by, "notice_route.changed", route, fields=changed)
    return route


def route_remove(*, by: Member, route_id: uuid.UUID) -> None:
    """Take a route away, with what still waits for it."""
    with db.write():
        route = NoticeRoute.objects.select_for_update().filter(pk=route_id).first()
        if route is None:
            raise NotFound
        policy.require(by, "network.manage_notices", route.unit_id)
        audit.record(by, "notice_route.removed", route, kind=route.kind)
        route.delete()
