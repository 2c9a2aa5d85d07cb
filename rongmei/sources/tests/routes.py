"""Who may call the sources room's addresses."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from rongmei.network.testing import Cast, Route
from rongmei.sources import actions, spool
from rongmei.sources.models import FetchLog, Source, SourceGroup

FEED = "http://news.invalid/feed.xml"


def source(cast: Cast) -> dict[str, Any]:
    held = Source.objects.filter(url=FEED).first() or actions.source_add(
        by=cast["duty"], unit_id=cast.unit("hq").pk, name="示例", url=FEED
    )
    return {"source_id": held.pk}


def new_source(cast: Cast) -> dict[str, Any]:
    return {"unit_id": str(cast.unit("hq").pk), "name": "新", "url": FEED + "?new"}


def renamed(cast: Cast) -> dict[str, Any]:
    return {"name": "改名"}


LOOKS = {"allowed": (("planner", 200), ("sysadmin", 200)), "refused": (("hq.reporter", 403),)}
OWN_LOOKS = {**LOOKS, "refused": (("hq.reporter", 403), ("yl.planner", 404))}
STRANGERS = (("planner", 403), ("hq.reporter", 403), ("yl.sysadmin", 404))


def _verb(status: int = 302, **more: Any) -> Route:
    return Route(args=source, method="POST", allowed=(("duty", status),), refused=STRANGERS, **more)


ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "sources:list": Route(**LOOKS),
    "sources:detail": Route(args=source, **OWN_LOOKS),
    "sources:opml_export": Route(**LOOKS),
    "sources:opml_import": Route(
        method="POST", allowed=(("duty", 302),), refused=(("planner", 403), ("hq.reporter", 403))
    ),
    "sources:add": Route(allowed=(("duty", 200),), refused=(("planner", 403), ("yl.chief", 403))),
    "sources:presets": Route(allowed=(("duty", 200),), refused=(("planner", 403),)),
    "sources:preset_toggle": Route(
        args=lambda cast: {"key": "people-world"}, method="POST",
        allowed=(("duty", 302),), refused=(("planner", 403),),
    ),
    "sources:change": Route(args=source, allowed=(("duty", 200),), refused=STRANGERS),
    "sources:fetch": _verb(),
    "sources:try": _verb(200),
    "sources:find": _verb(200),
    "sources:readdress": _verb(data=lambda cast: {"url": FEED + "?moved", "kind": "feed"}),
    "sources:toggle": _verb(),
    "sources:moved": _verb(),
    "sources:internal": Route(
        args=source, method="POST", allowed=(("sysadmin", 302),),
        refused=(("duty", 403), ("planner", 403), ("yl.sysadmin", 404)),
    ),
    "api:sources_list": (
        Route(**LOOKS),
        Route(
            method="POST", data=new_source, allowed=(("duty", 201),),
            refused=(("planner", 403), ("yl.sysadmin", 403)),
        ),
    ),
    "api:source_get": (
        Route(args=source, **OWN_LOOKS),
        Route(args=source, method="PATCH", data=renamed, allowed=(("duty", 200),), refused=STRANGERS),
    ),
    "api:source_fetch": _verb(200),
    "api:source_log": Route(args=source, **OWN_LOOKS),
}  # fmt: skip


def drop(cast: Cast) -> dict[str, Any]:
    held = Source.objects.filter(name="示例投递").first() or actions.source_add(
        by=cast["duty"], unit_id=cast.unit("hq").pk, name="示例投递", url="", kind="drop"
    )
    return {"source_id": held.pk}


def refused(cast: Cast) -> dict[str, Any]:
    held = drop(cast)
    spool.settle(
        spool.Handed(spool.put(held["source_id"], "x.bin", [b"x"]), "x.bin", 1, 0.0),
        held["source_id"], "示例",
    )  # fmt: skip
    return {**held, "key": spool.refused(held["source_id"])[0].key}


def upload(cast: Cast) -> dict[str, Any]:
    return {"files": [SimpleUploadedFile("a.jsonl", b'{"title": "x", "body": "y"}\n')]}


ROUTES |= {
    "sources:add_other": Route(
        args=lambda cast: {"way": "mail"}, allowed=(("duty", 200),),
        refused=(("planner", 403), ("yl.chief", 403)),
    ),
    "sources:hand_in": (
        Route(allowed=(("duty", 200),), refused=(("planner", 403), ("yl.chief", 403))),
        Route(
            method="POST", form=True, data=upload, allowed=(("duty", 302),),
            refused=(("planner", 403), ("yl.chief", 403)),
        ),
    ),
    "sources:files": Route(
        args=drop, method="POST", form=True, data=upload, allowed=(("duty", 302),),
        refused=STRANGERS,
    ),
    "sources:secret": Route(
        args=drop, method="POST", allowed=(("duty", 200),), refused=STRANGERS
    ),
    "sources:refused": (
        Route(args=refused, allowed=(("duty", 200),), refused=STRANGERS),
        Route(args=refused, method="POST", allowed=(("duty", 302),), refused=STRANGERS),
    ),
    "api:source_files": Route(
        args=drop, method="POST", form=True, data=upload, allowed=(("duty", 202),),
        refused=STRANGERS,
    ),
    "push": Route(
        args=drop, method="POST",
        public="other systems push files here; the source's key in the request admits them, "
        "without it the answer is 404",
    ),
}  # fmt: skip


def group(cast: Cast) -> dict[str, Any]:
    held = SourceGroup.objects.filter(name="示例组").first() or actions.group_add(
        by=cast["duty"], unit_id=cast.unit("hq").pk, name="示例组"
    )
    return {"group_id": held.pk}


def failed(cast: Cast) -> dict[str, Any]:
    held = source(cast)
    FetchLog.objects.create(source_id=held["source_id"], outcome="status", sample=b"x")
    return held


def paused(cast: Cast) -> dict[str, Any]:
    return {"way": "pause", "ids": [str(source(cast)["source_id"])]}


def new_group(cast: Cast) -> dict[str, Any]:
    return {"unit_id": str(cast.unit("hq").pk), "name": "新组"}


ROUTES |= {
    "sources:bulk": Route(
        method="POST", allowed=(("duty", 302),), refused=(("planner", 403), ("hq.reporter", 403))
    ),
    "sources:groups": (
        Route(**LOOKS),
        Route(method="POST", allowed=(("duty", 302),), refused=(("planner", 403),)),
    ),
    "sources:answer": Route(args=failed, **OWN_LOOKS),
    "api:sources_many": Route(
        method="POST", data=paused, allowed=(("duty", 200),),
        refused=(("planner", 403), ("hq.reporter", 403)),
    ),
    "api:groups_list": (
        Route(**LOOKS),
        Route(
            method="POST", data=new_group, allowed=(("duty", 201),),
            refused=(("planner", 403), ("yl.sysadmin", 403)),
        ),
    ),
    "api:group_change": (
        Route(args=group, method="PATCH", data=renamed, allowed=(("duty", 200),), refused=STRANGERS),
        Route(args=group, method="DELETE", allowed=(("duty", 204),), refused=STRANGERS),
    ),
    "api:source_try": _verb(200),
    "api:source_move": _verb(200),
}  # fmt: skip
