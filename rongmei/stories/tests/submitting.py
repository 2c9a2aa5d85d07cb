"""Submissions for tests, made by the real actions: a correspondent of the station, the centre's desk."""

from __future__ import annotations

import uuid
from typing import Any

from rongmei.kernel.ids import uuid7
from rongmei.network.testing import Cast
from rongmei.stories import actions
from rongmei.stories.actions import Written
from rongmei.stories.submission_rows import Submission

AUTHOR, EDITOR, HEAD = "smk.reporter", "yl.reporter", "yl.chief"
TEXT = (
    "11月3日清晨，石门坎供电所6名队员赶到示例村，排查被大风刮断的线路。\n\n"
    "“灯亮了就放心了。”村民说。10时20分，126户恢复供电。"
)


def written(title: str = "石门坎126户恢复供电", text: str = TEXT, **more: Any) -> Written:
    """A piece as a phone has it."""
    return Written(title=title, text=text, place="石门坎", **more)


def saved(cast: Cast, *, desk: str = "yunling", by: str = AUTHOR, pk: uuid.UUID | None = None, **more: Any) -> Submission:  # fmt: skip
    """A draft on the server."""
    return actions.submission_save(
        by=cast[by], submission_id=pk or uuid7(), unit_id=cast.unit(desk).pk,
        written=written(**more), base_version=None,
    )  # fmt: skip


def sent(cast: Cast, *, desk: str = "yunling", by: str = AUTHOR, **more: Any) -> Submission:
    """A piece with the desk."""
    return actions.submission_send(
        by=cast[by], submission_id=uuid7(), key=uuid.uuid4(), unit_id=cast.unit(desk).pk,
        written=written(**more), base_version=None,
    )  # fmt: skip


def asked(cast: Cast, **more: Any) -> Submission:
    """A piece that was given back."""
    row = sent(cast, **more)
    return actions.submission_ask(
        by=cast[EDITOR], submission_id=row.pk, reason="缺现场照片", example="拍一张队员合闸的照片"
    )
