"""Stories for tests, made by the real actions and the named cast."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from rongmei.assets import actions as assets
from rongmei.assets.tests.clips import mp4
from rongmei.network.testing import Cast
from rongmei.stories import actions
from rongmei.stories.models import Story

WORDS = "<p>清晨六点，云岭抢修队抵达现场，48 名队员分成三组排查线路。</p>"
REVIEWERS = {"first": "yl.first", "second": "yl.second", "final": "yl.chief"}


def body(*paragraphs: str) -> list[dict[str, Any]]:
    """Raw blocks."""
    return [{"type": "paragraph", "value": one} for one in paragraphs or (WORDS,)]


def picture_file(color: str = "navy", size: tuple[int, int] = (64, 48)) -> io.BytesIO:
    """A small JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    out.seek(0)
    out.name = "photo.jpg"
    return out


def a_picture(cast: Cast, color: str = "navy", username: str = "yl.reporter") -> Any:
    """A picture of the person's unit."""
    by = cast[username]
    return assets.picture_add(
        by=by, unit_id=by.unit_id, file=picture_file(color), title="现场", credit="示例 摄"
    )


def a_clip(cast: Cast, seconds: int = 65, username: str = "yl.reporter") -> Any:
    """A video of the person's unit."""
    by = cast[username]
    file = io.BytesIO(mp4(seconds))
    return assets.clip_add(by=by, unit_id=by.unit_id, file=file, title="示例现场", credit="示例 摄")


def draft(
    cast: Cast, *, by: str = "yl.reporter", title: str = "云岭抢修队连夜恢复供电", **fields: Any
) -> Story:
    """A draft with some text."""
    member = cast[by]
    story = actions.story_create(by=member, unit_id=member.unit_id, title=title)
    return save(cast, story, by=by, **{"body": body(), **fields})


def save(
    cast: Cast, story: Story, *, by: str = "yl.reporter", automatic: bool = False, **fields: Any
) -> Story:
    """Save over the newest revision."""
    fresh = Story.objects.get(pk=story.pk)
    return actions.story_save(
        by=cast[by],
        story_id=story.pk,
        fields=fields,
        base_revision=fresh.latest_revision_id,
        automatic=automatic,
    )


def submit(cast: Cast, story: Story, by: str = "yl.reporter") -> Story:
    """Send to the first review."""
    return actions.story_submit(by=cast[by], story_id=story.pk)


def sign(cast: Cast, story: Story, step: str, by: str = "") -> Story:
    """Pass a step over the present text."""
    fresh = Story.objects.get(pk=story.pk)
    return actions.story_pass(
        by=cast[by or REVIEWERS[step]],
        story_id=story.pk,
        step=step,
        content_hash=fresh.content_hash,
        opinion="同意",
    )


def at_step(cast: Cast, step: str, **fields: Any) -> Story:
    """A submitted story that waits at `step`."""
    story = submit(cast, draft(cast, **fields))
    for before in ("first", "second", "final"):
        if before == step:
            return story
        story = sign(cast, story, before)
    return story


def signed(cast: Cast, **fields: Any) -> Story:
    """A story with its three signatures."""
    return at_step(cast, "signed", **fields)
