"""Who may call the monitoring room's addresses."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from rongmei.monitoring.models import ReprintFamily, Topic, Watch
from rongmei.network.testing import Cast, Route

SEE = (("duty", 200), ("planner", 200), ("yl.reporter", 200))
NOT = (("sysadmin", 403), ("auditor", 403))
SUBJECT = uuid.UUID(int=7)


def topic(cast: Cast) -> dict[str, Any]:
    now = timezone.now()
    made, _new = Topic.objects.get_or_create(
        title="示例热点", defaults={
            "document_count": 3, "source_count": 3, "first_at": now, "last_at": now,
        },
    )  # fmt: skip
    return {"topic_id": made.pk}


def family(cast: Cast) -> dict[str, Any]:
    now = timezone.now()
    return {"family_id": ReprintFamily.objects.create(size=2, first_at=now, last_at=now).pk}


def watch(cast: Cast) -> dict[str, Any]:
    Watch.objects.get_or_create(
        subject_id=SUBJECT,
        defaults={
            "unit": cast.unit("yunling"), "title": "示例", "minhash": b"", "since": timezone.now()
        },
    )  # fmt: skip
    return {"subject_id": SUBJECT}


def why(cast: Cast) -> dict[str, Any]:
    return {"reason": "示例"}


ROUTES = {
    "monitoring:topics": Route(allowed=SEE, refused=NOT),
    "monitoring:topic": Route(args=topic, allowed=SEE, refused=NOT),
    "monitoring:dismiss": Route(
        args=topic, method="POST", data=why, allowed=(("planner", 302),),
        refused=(("yl.reporter", 403), ("sysadmin", 403)),
    ),
    "monitoring:restore": Route(
        args=topic, method="POST", data=why, allowed=(("planner", 409),),
        refused=(("yl.reporter", 403), ("sysadmin", 403)),
    ),
    # A family without a document in reach is nobody's.
    "monitoring:family": Route(args=family, allowed=(("duty", 404),), refused=NOT),
    "monitoring:reprints": Route(
        args=watch, allowed=(("duty", 200), ("yl.chief", 200)),
        refused=(("jc.chief", 404), ("sysadmin", 403)),
    ),
    "monitoring:reprints_found": Route(allowed=SEE, refused=NOT),
    "monitoring:hot_lists": Route(allowed=SEE, refused=NOT),
    "api:topic_list": Route(allowed=SEE, refused=NOT),
    "api:topic": Route(args=topic, allowed=SEE, refused=(("sysadmin", 404),)),
    "api:topic_documents": Route(args=topic, allowed=SEE, refused=(("sysadmin", 404),)),
    "api:topic_dismiss": Route(
        args=topic, method="POST", data=why, allowed=(("planner", 200),),
        refused=(("yl.reporter", 403),),
    ),
    "api:reprints": Route(args=watch, allowed=(("yl.chief", 200),), refused=(("jc.chief", 404),)),
}  # fmt: skip
