"""Who may call the addresses of submissions and of the phone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from rongmei.kernel.ids import uuid7
from rongmei.network.testing import Cast, Route
from rongmei.stories import actions
from rongmei.stories.submission_rows import AnswerReason, Submission
from rongmei.stories.tests import newsroom, submitting


def kept(make: Callable[..., Submission], title: str, **more: Any) -> Callable[[Cast], dict[str, Any]]:  # fmt: skip
    """The id of a submission made once for a test."""

    def args(cast: Cast) -> dict[str, Any]:
        found = Submission.objects.filter(title=title).first()
        return {"submission_id": (found or make(cast, title=title, **more)).pk}

    return args


DRAFT = kept(submitting.saved, "示例投稿草稿")
SENT = kept(submitting.sent, "示例来稿")
# What a person does to a piece of their own unit's desk, and those whom nobody at the desk knows.
NOT_AT_DESK = (("jc.reporter", 404), ("smk.reporter", 403), ("sysadmin", 403), ("yl.planner", 403))
NOT_THEIRS = (("jc.reporter", 404), ("sysadmin", 403), ("yl.nobody", 403))
OPEN = Route(allowed=(("smk.reporter", 200), ("yl.first", 200)), refused=(("sysadmin", 403), ("yl.nobody", 403)))  # fmt: skip


def reason(cast: Cast) -> dict[str, Any]:
    return {"reason": "示例理由", "example": "示例写法"}


def into(name: str) -> Callable[[Cast], dict[str, Any]]:
    return lambda cast: {name: str(newsroom.draft(cast, title="示例正在写的稿件").pk)}


def piece(cast: Cast) -> dict[str, Any]:
    return {"unit_id": str(cast.unit("yunling").pk), "title": "示例投稿草稿", "text": "示例", "base_version": 1}  # fmt: skip


def sending(cast: Cast) -> dict[str, Any]:
    return {**piece(cast), "key": str(uuid.uuid4())}


def fresh(cast: Cast) -> dict[str, Any]:
    return {"submission_id": uuid7()}


def posted(to: Callable[[Cast], dict[str, Any]], by: str, *refused: tuple[str, int], status: int = 302, **more: Any) -> Route:  # fmt: skip
    """What `by` may do to a submission, and others may not."""
    return Route(args=to, method="POST", allowed=((by, status),), refused=refused, **more)


def retired(cast: Cast) -> dict[str, Any]:
    held = AnswerReason.objects.filter(words="示例理由").first()
    made = held or actions.reason_add(
        by=cast["yl.chief"], unit_id=cast.unit("yunling").pk, kind="asked", words="示例理由", example="示例写法"
    )  # fmt: skip
    return {"reason_id": made.pk}


def new_reason(cast: Cast) -> dict[str, Any]:
    return {"unit": "yunling", "kind": "asked", "words": "示例新理由", "example": "示例写法"}


READERS: dict[str, Any] = {
    "allowed": (("smk.reporter", 200), ("yl.first", 200)),
    "refused": (("jc.reporter", 404), ("yl.nobody", 404), ("sysadmin", 404)),
}
WRITERS = (("smk.reporter", 200),)

ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "submissions:list": OPEN,
    "submissions:submission": Route(
        args=SENT, allowed=READERS["allowed"], refused=(("jc.reporter", 404), ("sysadmin", 403), ("yl.nobody", 403))
    ),
    "submissions:take": posted(SENT, "yl.first", *NOT_AT_DESK),
    "submissions:ask": posted(SENT, "yl.first", *NOT_AT_DESK, data=reason),
    "submissions:decline": posted(SENT, "yl.first", *NOT_AT_DESK, data=reason),
    "submissions:adopt": posted(SENT, "yl.first", *NOT_AT_DESK),
    "submissions:merge": posted(SENT, "yl.first", *NOT_AT_DESK, data=into("story")),
    "submissions:withdraw": posted(SENT, "smk.reporter", *NOT_THEIRS, ("yl.first", 404)),
    "submissions:reasons": (
        Route(allowed=(("yl.first", 200), ("yl.chief", 200)), refused=(("sysadmin", 403), ("planner", 403))),
        Route(
            method="POST", data=new_reason, allowed=(("yl.chief", 302),),
            refused=(("yl.first", 403), ("jc.chief", 404), ("sysadmin", 403)),
        ),
    ),
    "submissions:reason_retire": Route(
        args=retired, method="POST", allowed=(("yl.chief", 302),),
        refused=(("yl.first", 403), ("jc.chief", 404), ("sysadmin", 403)),
    ),
    "phone:write": Route(allowed=WRITERS, refused=(("sysadmin", 403), ("planner", 403))),
    "phone:state": Route(allowed=WRITERS, refused=(("sysadmin", 403), ("planner", 403))),
    "phone:alive": Route(allowed=(("yl.reporter", 200),), refused=(("sysadmin", 403), ("yl.nobody", 403))),
    "phone:worker": Route(signed_in=True),
    "phone:manifest": Route(signed_in=True),
    "api:submissions": Route(signed_in=True),
    "api:submissions_inbox": Route(signed_in=True),
    "api:submission_desks": Route(signed_in=True),
    "api:submission_check": Route(
        method="POST", data=lambda cast: {"title": "示例", "text": "示例"},
        allowed=WRITERS, refused=(("sysadmin", 403), ("planner", 403)),
    ),
    "api:submission": (
        Route(args=SENT, **READERS),
        Route(
            args=fresh, method="PUT", data=piece, allowed=WRITERS,
            refused=(("sysadmin", 403), ("jc.reporter", 422), ("yl.nobody", 403)),
        ),
        Route(
            args=DRAFT, method="DELETE", allowed=(("smk.reporter", 204),),
            refused=(("yl.first", 404), ("jc.reporter", 404), ("sysadmin", 403)),
        ),
    ),
    "api:submission_send": posted(
        fresh, "smk.reporter", ("sysadmin", 403), ("jc.reporter", 422), ("planner", 403),
        data=sending, status=200,
    ),
    "api:submission_withdraw": posted(SENT, "smk.reporter", ("yl.first", 404), ("sysadmin", 403), status=200),
    "api:submission_take": posted(SENT, "yl.first", *NOT_AT_DESK, status=200),
    "api:submission_ask": posted(SENT, "yl.first", *NOT_AT_DESK, data=reason, status=200),
    "api:submission_decline": posted(SENT, "yl.first", *NOT_AT_DESK, data=reason, status=200),
    "api:submission_adopt": posted(SENT, "yl.first", *NOT_AT_DESK, status=200),
    "api:submission_merge": posted(
        SENT, "yl.first", *NOT_AT_DESK, data=into("story_id"), status=200
    ),
}  # fmt: skip
