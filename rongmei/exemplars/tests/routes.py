"""Who may call the exemplars room's addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from rongmei.exemplars import actions
from rongmei.exemplars.models import Clearance, Exemplar
from rongmei.network.models import RoleHolding
from rongmei.network.testing import Cast, Route
from rongmei.network.types import Role

TOMORROW = timezone.localdate() + timedelta(days=1)


def exemplar(cast: Cast) -> Exemplar:
    """Yunling's; Jiangchuan gets a planner who has no business with it."""
    RoleHolding.objects.get_or_create(
        member=cast.people["jc.reporter"], unit=cast.unit("jiangchuan"), role=Role.PLANNER
    )
    by = cast["yl.planner"]
    return Exemplar.objects.filter(name="示例").first() or actions.exemplar_recommend(
        by=by, unit_id=by.unit_id, name="示例", deeds="示例", consent_note="示例"
    )


def clearance(cast: Cast) -> dict[str, Any]:
    of = exemplar(cast)
    made = Clearance.objects.filter(exemplar=of).first() or actions.clearance_issue(
        by=cast["planner"], exemplar_id=of.pk, scope="public", valid_until=TOMORROW
    )
    return {"clearance_id": made.pk}


def recommendation(cast: Cast) -> dict[str, Any]:
    return {"unit": str(cast.unit("yunling").pk), "name": "示例二", "deeds": "示例"}


def issued(cast: Cast) -> dict[str, Any]:
    return {"scope": "public", "valid_until": TOMORROW.isoformat()}


NOT_HQ = (("yl.planner", 403), ("jc.reporter", 404), ("yl.reporter", 403), ("sysadmin", 403))

ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "exemplars:list": Route(
        allowed=(("yl.planner", 200), ("planner", 200)),
        refused=(("yl.reporter", 403), ("sysadmin", 403)),
    ),
    "exemplars:new": (
        Route(allowed=(("yl.planner", 200),), refused=(("yl.chief", 403), ("yl.reporter", 403))),
        Route(
            method="POST",
            data=recommendation,
            allowed=(("yl.planner", 302),),
            refused=(("planner", 422), ("yl.chief", 403)),
        ),
    ),
    "exemplars:clear": Route(
        args=lambda cast: {"exemplar_id": exemplar(cast).pk},
        method="POST",
        data=issued,
        allowed=(("planner", 302),),
        refused=NOT_HQ,
    ),
    "exemplars:suspend": Route(
        args=clearance,
        method="POST",
        data=lambda cast: {"reason": "示例"},
        allowed=(("planner", 302),),
        refused=NOT_HQ,
    ),
}
