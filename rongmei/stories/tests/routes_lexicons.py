"""Who may call the addresses of lexicons."""

from __future__ import annotations

from typing import Any

from rongmei.network.testing import Cast, Route
from rongmei.stories import actions, lexicon_sheets
from rongmei.stories.models import Lexicon, LexiconVersion

LISTS = Route(allowed=(("yl.reporter", 200),), refused=(("sysadmin", 403), ("yl.nobody", 403)))
NOT_READERS = (("jc.reporter", 404), ("sysadmin", 403), ("yl.nobody", 403))


def reason(cast: Cast) -> dict[str, Any]:
    return {"reason": "示例理由"}


def lexicon(cast: Cast) -> dict[str, Any]:
    made = Lexicon.objects.filter(name="示例词库").first()
    by = cast["yl.second"]
    made = made or actions.lexicon_create(by=by, unit_id=by.unit_id, name="示例词库")
    return {"lexicon_id": made.pk}


def lexicon_version(cast: Cast) -> dict[str, Any]:
    """A version that waits, proposed by yl.second."""
    held = lexicon(cast)
    waiting = LexiconVersion.objects.filter(lexicon=held["lexicon_id"]).first()
    made = waiting or actions.lexicon_propose(
        by=cast["yl.second"], note="示例", entries=[lexicon_sheets.entry_of({"级别": "慎", "词语": "示例词"})], **held
    )  # fmt: skip
    return {"version_id": made.pk}


def lexicon_approved(cast: Cast) -> dict[str, Any]:
    """Two approved versions; the first can be proposed again."""
    first = LexiconVersion.objects.filter(number=1).first()
    if first is None:
        held = lexicon_version(cast)
        first = LexiconVersion.objects.get(pk=held["version_id"])
        actions.lexicon_approve(by=cast["yl.chief"], digest=first.digest, **held)
        second = actions.lexicon_propose(
            by=cast["yl.second"], lexicon_id=first.lexicon_id, entries=[], note="示例"
        )
        actions.lexicon_approve(by=cast["yl.chief"], version_id=second.pk, digest=second.digest)
    return {"version_id": first.pk}


def proposal(cast: Cast) -> dict[str, Any]:
    return {"level": "慎", "word": "示例二词", "note": "示例"}


def approval(cast: Cast) -> dict[str, Any]:
    return {
        "digest": LexiconVersion.objects.get(**{"pk": lexicon_version(cast)["version_id"]}).digest
    }


ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "stories:lexicons": (
        LISTS,
        Route(
            method="POST", allowed=(("yl.second", 302),), refused=(("yl.reporter", 403), ("jc.chief", 422)),
            data=lambda cast: {"name": "示例新词库", "unit": str(cast.unit("yunling").pk)},
        ),
    ),
    "stories:lexicon": Route(args=lexicon, allowed=(("yl.reporter", 200),), refused=NOT_READERS),
    "stories:lexicon_propose": Route(
        args=lexicon, method="POST", data=proposal, allowed=(("yl.second", 302),),
        refused=(("yl.reporter", 403), ("jc.chief", 404)),
    ),
    "stories:lexicon_version": Route(
        args=lexicon_version, allowed=(("yl.reporter", 200),), refused=NOT_READERS
    ),
    "stories:lexicon_approve": Route(
        args=lexicon_version, method="POST", data=approval, allowed=(("yl.chief", 302),),
        refused=(("yl.second", 403), ("yl.reporter", 403), ("jc.chief", 404)),
    ),
    "stories:lexicon_refuse": Route(
        args=lexicon_version, method="POST", data=reason, allowed=(("yl.chief", 302),),
        refused=(("yl.reporter", 403), ("jc.chief", 404)),
    ),
    "stories:lexicon_restore": Route(
        args=lexicon_approved, method="POST", data=lambda cast: {"note": "示例"},
        allowed=(("yl.second", 302),), refused=(("yl.reporter", 403), ("jc.chief", 404)),
    ),
    "stories:lexicon_export": Route(
        args=lexicon_version, allowed=(("yl.reporter", 200),), refused=NOT_READERS
    ),
}  # fmt: skip
