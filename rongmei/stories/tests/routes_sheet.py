"""Who may call the addresses of review sheets, queues, teams and corrections."""

from __future__ import annotations

from typing import Any

from rongmei.network.testing import Cast, Route
from rongmei.stories.models import Story
from rongmei.stories.tests import newsroom


def draft(cast: Cast) -> dict[str, Any]:
    """A draft of 云岭, made once a test."""
    found = Story.objects.filter(title="示例审稿单稿").first()
    return {"story_id": (found or newsroom.draft(cast, title="示例审稿单稿")).pk}


def chosen(cast: Cast) -> dict[str, Any]:
    return {"ids": [str(draft(cast)["story_id"])]}


def signed(cast: Cast) -> dict[str, Any]:
    """A signed story, made once a test."""
    found = Story.objects.filter(title="示例更正稿").first()
    return {"story_id": (found or newsroom.signed(cast, title="示例更正稿")).pk}


def correction(cast: Cast) -> dict[str, Any]:
    return {"note": "示例更正说明", "cause": "fact"}


def waiting(cast: Cast) -> dict[str, Any]:
    """A story that waits for its first review, made once a test."""
    found = Story.objects.filter(title="示例排队稿").first()
    return {"story_id": (found or newsroom.at_step(cast, "first", title="示例排队稿")).pk}


def looked(cast: Cast) -> dict[str, Any]:
    story = Story.objects.get(pk=waiting(cast)["story_id"])
    return {"content_hash": story.content_hash}


def picked(cast: Cast) -> dict[str, Any]:
    story = Story.objects.get(pk=waiting(cast)["story_id"])
    return {"ids": [str(story.pk)], "pick": [f"{story.pk} first {story.content_hash}"]}


def picks(cast: Cast) -> dict[str, Any]:
    story = Story.objects.get(pk=waiting(cast)["story_id"])
    return {
        "picks": [{"story_id": str(story.pk), "step": "first", "content_hash": story.content_hash}]
    }


READERS = (("yl.reporter", 200),)
NOT_READERS = (("jc.chief", 404), ("sysadmin", 403), ("yl.nobody", 403))

ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "stories:proof": Route(args=draft, allowed=READERS, refused=NOT_READERS),
    "stories:proof_pdf": Route(args=draft, method="POST", allowed=READERS, refused=NOT_READERS),
    "api:story_proof": Route(
        args=draft, method="POST", allowed=READERS, refused=(("jc.chief", 404), ("sysadmin", 404))
    ),
    "stories:sheet_pdf": Route(args=draft, method="POST", allowed=READERS, refused=NOT_READERS),
    "stories:sheets": Route(method="POST", data=chosen, allowed=READERS, refused=NOT_READERS),
    "api:story_sheet": Route(
        args=draft, method="POST", allowed=READERS, refused=(("jc.chief", 404), ("sysadmin", 404))
    ),
    "api:story_sheets": Route(
        method="POST", data=chosen, allowed=READERS, refused=(("jc.chief", 404), ("sysadmin", 404))
    ),
    "stories:correct": Route(
        args=signed,
        method="POST",
        data=correction,
        allowed=(("yl.chief", 302),),
        refused=(("jc.chief", 404), ("yl.reporter", 403), ("yl.second", 403)),
    ),
    "api:story_correct": Route(
        args=signed,
        method="POST",
        data=correction,
        allowed=(("yl.chief", 200),),
        refused=(("jc.chief", 404), ("yl.reporter", 403), ("yl.second", 403)),
    ),
    "review:team": Route(
        allowed=(("yl.chief", 200),),
        refused=(("yl.first", 403), ("yl.reporter", 403), ("sysadmin", 403)),
    ),
    "review:batch": Route(
        method="POST", data=picked, allowed=(("yl.first", 302),), refused=NOT_READERS
    ),
    "review:glance": Route(args=waiting, allowed=(("yl.first", 200),), refused=NOT_READERS),
    "review:look": Route(
        args=waiting, method="POST", data=looked, allowed=(("yl.first", 204),), refused=NOT_READERS
    ),
    "api:review_queue": Route(signed_in=True),
    "api:review_batch": Route(
        method="POST",
        data=picks,
        allowed=(("yl.first", 200),),
        refused=(("jc.first", 404), ("sysadmin", 404)),
    ),
    "api:review_look": Route(
        args=waiting,
        method="POST",
        data=looked,
        allowed=(("yl.first", 204),),
        refused=(("jc.first", 404), ("sysadmin", 404)),
    ),
}
