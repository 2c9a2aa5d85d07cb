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


READERS = (("yl.reporter", 200),)
NOT_READERS = (("jc.chief", 404), ("sysadmin", 403), ("yl.nobody", 403))

ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "stories:sheet_pdf": Route(args=draft, method="POST", allowed=READERS, refused=NOT_READERS),
    "stories:sheets": Route(method="POST", data=chosen, allowed=READERS, refused=NOT_READERS),
    "api:story_sheet": Route(
        args=draft, method="POST", allowed=READERS, refused=(("jc.chief", 404), ("sysadmin", 404))
    ),
    "api:story_sheets": Route(
        method="POST", data=chosen, allowed=READERS, refused=(("jc.chief", 404), ("sysadmin", 404))
    ),
}
