"""Who may call the addresses of the publishing desk."""

from __future__ import annotations

import uuid
from typing import Any

from django.apps import apps
from django.utils import timezone

from rongmei.channels.models import Channel, Delivery, Publication
from rongmei.network.testing import Cast, Route

OUTSIDERS = (("jc.chief", 403), ("hq.reporter", 403))


def channel(cast: Cast, adapter: str = "manual", unit: str = "platform") -> Channel:
    made, _new = Channel.objects.get_or_create(
        unit=cast.unit(unit), name=f"示例 {adapter}", defaults={"adapter": adapter}
    )
    return made


def publication(cast: Cast) -> Publication:
    held = Publication.objects.filter(slug="20260101-route").first()
    if held is not None:
        return held
    unit = cast.unit("platform")
    story = apps.get_model("stories", "Story").objects.create(
        unit=unit, title="示例", author_id=uuid.uuid4(), author_name="示例"
    )
    return Publication.objects.create(
        unit=unit, story_id=story.pk, slug="20260101-route", title="示例", text="示例", html="<p>示例</p>",
        package={"title": "示例", "text": "示例", "byline": "", "summary": ""}, content_hash="0" * 64,
        published_at=timezone.now(), public_at=timezone.now(), on_site_at=timezone.now(),
        published_by_id=uuid.uuid4(), published_by_name="示例",
    )  # fmt: skip


def of_publication(cast: Cast) -> dict[str, Any]:
    return {"publication_id": publication(cast).pk}


def of_story(cast: Cast) -> dict[str, Any]:
    return {"story_id": publication(cast).story_id}


def delivery(state: str, adapter: str = "manual") -> Any:
    def args(cast: Cast) -> dict[str, Any]:
        held, _new = Delivery.objects.get_or_create(
            publication=publication(cast),
            channel=channel(cast, adapter),
            unit=cast.unit("platform"),
        )
        Delivery.objects.filter(pk=held.pk).update(state=state)
        return {"delivery_id": held.pk}

    return args


def of_channel(cast: Cast) -> dict[str, Any]:
    return {"channel_id": channel(cast, unit="hq").pk}


def no_story(cast: Cast) -> dict[str, Any]:
    return {"story_id": uuid.UUID(int=1)}


def publish_nothing(cast: Cast) -> dict[str, Any]:
    return {"story_id": str(uuid.UUID(int=1)), "channel_ids": [str(channel(cast).pk)]}


VIEW = {"allowed": (("editor", 200), ("planner", 200)), "refused": OUTSIDERS[1:]}
ONE = {
    "allowed": (("editor", 200), ("planner", 200)),
    "refused": (("jc.chief", 404), *OUTSIDERS[1:]),
}
DO = {"allowed": (("editor", 200),), "refused": OUTSIDERS}
SENT = {"method": "POST", "allowed": (("editor", 302),), "refused": OUTSIDERS}

ROUTES = {
    "channels:index": Route(**VIEW),
    "channels:publications": Route(**VIEW),
    "channels:channels": Route(**VIEW),
    "channels:publication": Route(args=of_publication, **ONE),
    "channels:receipts": Route(args=of_story, **ONE),
    "channels:withdraw": Route(args=of_publication, **DO),
    "channels:correct": Route(args=of_publication, **DO),
    "channels:publish": Route(args=no_story, allowed=(("editor", 404),), refused=OUTSIDERS),
    "channels:copy": Route(args=delivery("by_hand"), **DO),
    "channels:confirm": Route(args=delivery("by_hand"), **DO),
    "channels:retry": Route(args=delivery("failed"), **SENT),
    "channels:recheck": Route(args=delivery("delivered", "site"), **SENT),
    "channels:taken_down": Route(args=delivery("withdrawing"), **SENT),
    "channels:screenshot": Route(
        args=delivery("delivered"), allowed=(("editor", 404),), refused=OUTSIDERS[1:]
    ),
    "channels:channel_new": Route(
        args=lambda cast: {"adapter": "manual"}, allowed=(("sysadmin", 200),), refused=(("editor", 403),)
    ),
    "channels:channel": Route(
        args=of_channel, allowed=(("sysadmin", 200),), refused=(("editor", 403), ("yl.sysadmin", 404))
    ),
    "api:list_channels": Route(**VIEW),
    "api:list_publications": Route(**VIEW),
    "api:get_publication": Route(args=of_publication, **ONE),
    "api:publish": Route(
        method="POST", data=publish_nothing, allowed=(("editor", 404),), refused=OUTSIDERS[1:]
    ),
    "api:withdraw": Route(
        args=of_publication, method="POST", data=lambda cast: {"reason": "示例"},
        allowed=(("editor", 200),), refused=(("planner", 403),),
    ),
    "api:correct": Route(
        args=of_publication, method="POST", data=lambda cast: {"note": ""},
        allowed=(("editor", 422),), refused=(("jc.chief", 404),),
    ),
    "api:confirm": Route(
        args=delivery("by_hand"), method="POST", data=lambda cast: {"url": "https://post.invalid/1"},
        allowed=(("editor", 200),), refused=(("planner", 403),),
    ),
    "api:retry": Route(
        args=delivery("failed"), method="POST", allowed=(("editor", 200),), refused=(("planner", 403),)
    ),
}  # fmt: skip
