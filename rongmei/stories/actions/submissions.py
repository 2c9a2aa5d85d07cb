"""Submissions: a correspondent's drafts and sendings. What the desk does is in `desk`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.assets import selectors as assets
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import actions as network_actions
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories import canonical, submissions
from rongmei.stories import events as said
from rongmei.stories.errors import (
    NoDesk,
    SubmissionChanged,
    SubmissionIncomplete,
    SubmissionKeyReused,
    SubmissionStands,
)
from rongmei.stories.submission_rows import Submission, SubmissionEntry, SubmissionState
from rongmei.stories.submissions import ANSWER_WITHIN, WITH_DESK, WRITABLE

if TYPE_CHECKING:
    from rongmei.network.models import Member

MAX_TEXT: Final = 50_000
MAX_PICTURES: Final = 20
FIELDS: Final = ("title", "text", "place", "genre", "pictures", "faces")
Kind = SubmissionEntry.Kind


@dataclass(frozen=True)
class Written:
    """A piece as a device has it."""

    title: str = ""
    text: str = ""
    place: str = ""
    genre: str = ""
    pictures: tuple[Mapping[str, Any], ...] = ()
    faces: str = ""

    def cleaned(self) -> dict[str, Any]:
        """The fields as they are kept; BadInput when they cannot be."""
        kept: dict[str, Any] = {
            "title": " ".join(self.title.split()), "text": self.text.replace("\r\n", "\n").strip(),
            "place": self.place.strip(), "genre": self.genre.strip(), "faces": self.faces,
        }  # fmt: skip
        limits = {"title": 80, "text": MAX_TEXT, "place": 80, "genre": 16}
        if any(len(kept[name]) > limit for name, limit in limits.items()):
            raise BadInput(_("标题最多 80 字，正文最多 5 万字，没有保存到服务器，本机的草稿还在。"))
        if self.faces not in Submission.Faces.values or len(self.pictures) > MAX_PICTURES:
            raise BadInput(_("照片最多 20 张，没有保存到服务器，本机的草稿还在。"))
        try:
            kept["pictures"] = [
                {
                    "uid": str(uuid.UUID(str(one["uid"]))), "caption": str(one.get("caption", ""))[:300],
                    **({"kind": "clip"} if one.get("kind") == "clip" else {}),
                }
                for one in self.pictures
            ]  # fmt: skip
        except (KeyError, ValueError) as error:
            raise BadInput(_("照片的编号不对，没有保存到服务器，本机的草稿还在。")) from error
        if "\x00" in kept["title"] + kept["text"] + kept["place"]:
            raise BadInput(_("文字里有不能保存的字符，没有保存到服务器，本机的草稿还在。"))
        return kept


def _may_use(by: Member, kept: Mapping[str, Any]) -> None:
    clips = {one["uid"] for one in kept["pictures"] if one.get("kind") == "clip"}
    uids = {one["uid"] for one in kept["pictures"]} - clips
    fine = (not uids or assets.may_use_uids(by, uids)) and (
        not clips or assets.may_use_clips(by, clips)
    )
    if not fine:
        raise BadInput(_("有照片不存在或你无权使用，没有保存到服务器，本机的草稿还在。"))


def _desk(by: Member, unit_id: uuid.UUID) -> uuid.UUID:
    """The unit from which `by` may send to this desk: their own, or one below it."""
    if unit_id not in {one.pk for one in submissions.desks_for(by)}:
        policy.require(by, "stories.submit")
        raise NoDesk
    return submissions.ways_for(by)[unit_id]


def _mine(by: Member, submission_id: uuid.UUID) -> Submission | None:
    """The row, locked; somebody else's is not there."""
    found = Submission.objects.select_for_update().filter(pk=submission_id).first()
    if found is not None and found.author_id != by.pk:
        raise NotFound
    return found


def _put(
    by: Member, row: Submission | None, pk: uuid.UUID, unit_id: uuid.UUID, origin: uuid.UUID,
    kept: Mapping[str, Any], base: int | None,
) -> Submission:  # fmt: skip
    """Make or change the working copy; SubmissionChanged when another device was faster."""
    if row is None:
        row = Submission(
            pk=pk, unit_id=unit_id, from_unit_id=origin, author_id=by.pk, author_name=by.name, **kept
        )  # fmt: skip
        row.save(force_insert=True)
        audit.record(by, "submission.drafted", row)
        return row
    if row.state not in WRITABLE:
        raise SubmissionStands
    same = all(getattr(row, name) == value for name, value in kept.items())
    if same and (row.unit_id == unit_id or row.state != SubmissionState.DRAFT):
        return row
    if base != row.version:
        raise SubmissionChanged
    for name, value in kept.items():
        setattr(row, name, value)
    if row.state == SubmissionState.DRAFT:
        row.unit_id, row.from_unit_id = unit_id, origin
    row.version += 1
    row.save()
    return row


def submission_save(
    *,
    by: Member,
    submission_id: uuid.UUID,
    unit_id: uuid.UUID,
    written: Written,
    base_version: int | None,
) -> Submission:
    """Keep a draft on the server, under the id that the device gave it.

    `base_version` is the version the device last saw (None: it made the draft). What is already
    kept is not kept twice; what another device changed since is not written over
    (SubmissionChanged). Raises NoDesk, SubmissionStands, BadInput, NotFound.
    """
    kept = written.cleaned()
    _may_use(by, kept)
    origin = _desk(by, unit_id)
    with db.write():
        policy.require(by, "stories.submit", origin)
        row = _mine(by, submission_id)
        return _put(by, row, submission_id, unit_id, origin, kept, base_version)


def submission_discard(*, by: Member, submission_id: uuid.UUID) -> None:
    """Throw a draft away that was never sent; one that is not there any more is no error."""
    with db.write():
        policy.require(by, "stories.submit")
        row = _mine(by, submission_id)
        if row is None:
            return
        if row.state != SubmissionState.DRAFT:
            raise SubmissionStands
        audit.record(by, "submission.discarded", row)
        row.delete()


def next_number(unit_id: uuid.UUID) -> str:
    """The desk's next number of the day; inside the write."""
    db.serialise()
    stem = f"{network.unit(unit_id).code.upper()}-TG-{timezone.localdate():%Y%m%d}-"
    taken = Submission.objects.filter(unit_id=unit_id, number__startswith=stem)
    last = taken.aggregate(last=models.Max("number"))["last"]
    return f"{stem}{int(last.rsplit('-', 1)[1]) + 1 if last else 1:03d}"


def submission_send(
    *,
    by: Member,
    submission_id: uuid.UUID,
    key: uuid.UUID,
    unit_id: uuid.UUID,
    written: Written,
    base_version: int | None,
) -> Submission:
    """Send a draft, or what was asked back, to the desk. It has its number at once.

    The device makes the `key` when its person says "send", and keeps it until it has an answer: the
    same key again returns what was taken the first time. Raises SubmissionIncomplete,
    SubmissionKeyReused, SubmissionChanged, SubmissionStands, NoDesk, BadInput, NotFound.
    """
    kept = written.cleaned()
    digest = canonical.hash_of({"unit": str(unit_id), **kept})
    known = SubmissionEntry.objects.filter(person_id=by.pk, key=key).first()
    if known is not None:
        return _taken_before(by, known, submission_id, digest)
    _complete(kept)
    _may_use(by, kept)
    origin = _desk(by, unit_id)
    with db.write():
        policy.require(by, "stories.submit", origin)
        row = _mine(by, submission_id)
        # Read anew under the lock: two devices may have come with the same key.
        known = SubmissionEntry.objects.filter(person_id=by.pk, key=key).first()
        if known is not None:
            return _taken_before(by, known, submission_id, digest)
        row = _put(by, row, submission_id, unit_id, origin, kept, base_version)
        again = row.state == SubmissionState.ASKED
        now = timezone.now()
        row.number = row.number or next_number(row.unit_id)
        row.sent_at = row.sent_at or now
        row.answer_due_at, row.overdue_at = now + ANSWER_WITHIN, None
        row.state = SubmissionState.TAKEN if again and row.editor_id else SubmissionState.SENT
        row.version += 1
        row.save()
        kind = Kind.SENT_AGAIN if again else Kind.SENT
        step(by, row, kind, content=kept, digest=digest, key=key)
        _tell_desk(by, row, again)
    return row


def _complete(kept: Mapping[str, Any]) -> None:
    if not kept["title"] or not kept["text"]:
        raise SubmissionIncomplete
    if kept["pictures"] and kept["faces"] in {"", Submission.Faces.NOT_YET}:
        raise SubmissionIncomplete(
            _("请先说明照片里的人是否同意公开；还没同意的，换一张或遮住脸。草稿已保存，没有送出。")
        )


def _taken_before(
    by: Member, known: SubmissionEntry, submission_id: uuid.UUID, digest: str
) -> Submission:
    if known.submission_id != submission_id or known.digest != digest:
        raise SubmissionKeyReused
    return submissions.submission_for(by, submission_id)


def step(
    by: Member | None, row: Submission, kind: Kind, *, reason: str = "", example: str = "",
    content: Mapping[str, Any] | None = None, digest: str = "", key: uuid.UUID | None = None,
) -> SubmissionEntry:  # fmt: skip
    """Write a step down, with its audit line and its event; inside the write that makes it."""
    made = SubmissionEntry.objects.create(
        submission=row, kind=kind, person_id=by.pk if by else None, person_name=by.name if by else "",
        reason=reason[:500], example=example[:500], content=content or {}, digest=digest, key=key,
    )  # fmt: skip
    audit.record(by, "submission.moved", row, kind=kind.value, number=row.number, reason=reason[:200], digest=digest)  # fmt: skip
    events.publish(
        said.SubmissionMoved(
            subject_id=row.pk, unit_id=row.unit_id, title=row.title, kind=kind.value,
            reason=reason[:200], story_id=str(row.story_id or ""),
        )
    )  # fmt: skip
    return made


def address(row: Submission) -> str:
    """Where the submission is tracked."""
    return reverse("submissions:submission", args=[row.pk])


def _tell_desk(by: Member, row: Submission, again: bool) -> None:
    desk = policy.members_with("stories.desk", row.unit_id)
    people = [one for one in desk if one.pk != by.pk]
    if again and row.editor_id:
        people = [one for one in people if one.pk == row.editor_id] or people
    words = _("改后再送：%(title)s") if again else _("新来稿：%(title)s")
    network_actions.notify(
        people, kind="stories.submission", url=address(row), subject_id=row.pk,
        title=words % {"title": row.title}, body=f"{row.number} · {row.author_name}",
        due_at=row.answer_due_at,
    )  # fmt: skip


def submission_withdraw(*, by: Member, submission_id: uuid.UUID, reason: str = "") -> Submission:
    """Take one's own piece back before the desk has decided."""
    with db.write():
        policy.require(by, "stories.submit")
        row = _mine(by, submission_id)
        if row is None:
            raise NotFound
        if row.state not in {*WITH_DESK, SubmissionState.ASKED}:
            raise SubmissionStands
        row.state, row.answer_due_at, row.overdue_at = SubmissionState.WITHDRAWN, None, None
        row.version += 1
        row.save()
        step(by, row, Kind.WITHDRAWN, reason=reason.strip())
    return row
