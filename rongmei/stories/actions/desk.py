"""What a desk does with a submission: take it, ask back, adopt, merge, decline; reasons; lateness."""

from __future__ import annotations

import html
import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.assets import actions as asset_actions
from rongmei.assets import selectors as assets
from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import actions as network_actions
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories import selectors, submissions
from rongmei.stories.actions.submissions import Kind, address, step
from rongmei.stories.actions.writing import story_create, story_save
from rongmei.stories.errors import OwnSubmission, ReasonMissing, SubmissionStands
from rongmei.stories.submission_rows import AnswerReason, Submission, SubmissionState
from rongmei.stories.submissions import WITH_DESK

if TYPE_CHECKING:
    from rongmei.network.models import Member
    from rongmei.stories.models import Story


def _at_desk(by: Member, submission_id: uuid.UUID) -> Submission:
    """The row, locked, if it was sent to the member's desk by somebody else and is undecided."""
    policy.require(by, "stories.desk")
    row = Submission.objects.select_for_update().filter(pk=submission_id).first()
    if row is None or row.state == SubmissionState.DRAFT:
        raise NotFound
    if row.author_id != by.pk and not policy.allows(by, "stories.desk", row):
        raise NotFound
    if row.author_id == by.pk:
        raise OwnSubmission
    if row.state not in WITH_DESK:
        raise SubmissionStands
    return row


def _answered(by: Member, row: Submission, state: SubmissionState) -> None:
    """Set what every answer sets; the caller saves."""
    now = timezone.now()
    row.state, row.answer_due_at, row.overdue_at = state, None, None
    row.first_answer_at = row.first_answer_at or now
    row.editor_id, row.editor_name = by.pk, by.name
    if state != SubmissionState.ASKED:
        row.decided_at = now
    row.version += 1


def _tell_author(row: Submission, words: str, body: str = "", *, urgent: bool = False) -> None:
    author = network.active_member(row.author_id)
    network_actions.notify(
        [author] if author is not None else [], kind="stories.submission", url=address(row),
        subject_id=row.pk, title=words % {"title": row.title}, body=body, urgent=urgent,
    )  # fmt: skip


def submission_take(*, by: Member, submission_id: uuid.UUID) -> Submission:
    """Say that one is reading it. The clock runs on: reading is not an answer."""
    with db.write():
        row = _at_desk(by, submission_id)
        if row.editor_id == by.pk and row.state == SubmissionState.TAKEN:
            return row
        row.state, row.editor_id, row.editor_name = SubmissionState.TAKEN, by.pk, by.name
        row.version += 1
        row.save()
        step(by, row, Kind.TAKEN)
        _tell_author(row, _("编辑在看：%(title)s"))
    return row


def submission_ask(
    *, by: Member, submission_id: uuid.UUID, reason: str, example: str = ""
) -> Submission:
    """Give it back to be improved, with a reason and, better, an example."""
    if not reason.strip():
        raise ReasonMissing
    with db.write():
        row = _at_desk(by, submission_id)
        _answered(by, row, SubmissionState.ASKED)
        row.save()
        step(by, row, Kind.ASKED, reason=reason.strip(), example=example.strip())
        _tell_author(row, _("请改后再送：%(title)s"), reason.strip(), urgent=True)
    return row


def submission_decline(
    *, by: Member, submission_id: uuid.UUID, reason: str, example: str = ""
) -> Submission:
    """Not use it, with a reason."""
    if not reason.strip():
        raise ReasonMissing
    with db.write():
        row = _at_desk(by, submission_id)
        _answered(by, row, SubmissionState.DECLINED)
        row.save()
        step(by, row, Kind.DECLINED, reason=reason.strip(), example=example.strip())
        _tell_author(row, _("未采用：%(title)s"), reason.strip())
    return row


def _blocks(row: Submission, keys: dict[str, Any]) -> list[dict[str, Any]]:
    """The piece as blocks of a story: its paragraphs, then its pictures and clips."""
    lines = [line.strip() for line in row.text.split("\n") if line.strip()]
    found: list[dict[str, Any]] = [
        {"type": "paragraph", "value": f"<p>{html.escape(line, quote=False)}</p>"} for line in lines
    ]
    for one in row.pictures:
        if one["uid"] not in keys:
            continue
        if one.get("kind") == "clip":
            value = {"clip": str(keys[one["uid"]]), "caption": one["caption"]}
            found.append({"type": "clip", "value": value})
        else:
            value = {"picture": keys[one["uid"]], "caption": one["caption"], "credit": ""}
            found.append({"type": "picture", "value": value})
    return found


def _hand_over(by: Member, submission_id: uuid.UUID) -> dict[str, Any]:
    """The desk's own pictures and clips, by the id they were sent under; before the write."""
    policy.require(by, "stories.desk")
    row = submissions.submission_for(by, submission_id)
    if row.author_id == by.pk or row.state not in WITH_DESK:
        return {}
    clips = [one["uid"] for one in row.pictures if one.get("kind") == "clip"]
    found = assets.pictures_by_uid(one["uid"] for one in row.pictures)
    handed: dict[str, Any] = {
        uid: asset_actions.picture_hand(by=by, picture=picture, to_unit=row.unit_id).pk
        for uid, picture in found.items()
    }
    for uid, clip in (assets.clips_by_id(clips) if clips else {}).items():
        handed[uid] = asset_actions.clip_hand(by=by, clip=clip, to_unit=row.unit_id).pk
    return handed


def _credit(row: Submission) -> str:
    return f"{row.author_name}（{network.unit(row.from_unit_id).label}）"


def submission_adopt(*, by: Member, submission_id: uuid.UUID) -> tuple[Submission, Story]:
    """Make a story of it: `by` answers for the story, the byline names who wrote it.

    Neither may review it.
    """
    keys = _hand_over(by, submission_id)
    with db.write():
        row = _at_desk(by, submission_id)
        story = story_create(by=by, unit_id=row.unit_id, title=row.title)
        fields = {
            "body": _blocks(row, keys), "byline": _credit(row)[:120], "place": row.place,
            "origin": network.unit(row.unit_id).name,
            "rights_basis": _("投稿 %(number)s") % {"number": row.number},
        }  # fmt: skip
        story = story_save(
            by=by, story_id=story.pk, fields=fields, base_revision=story.latest_revision_id
        )
        _answered(by, row, SubmissionState.ADOPTED)
        row.story = story
        row.save()
        step(by, row, Kind.ADOPTED)
        _tell_author(row, _("已采用：%(title)s"))
    return row, story


def submission_merge(
    *, by: Member, submission_id: uuid.UUID, story_id: uuid.UUID
) -> tuple[Submission, Story]:
    """Put it at the end of a story that is still being written, and its author beside the others."""
    keys = _hand_over(by, submission_id)
    with db.write():
        row = _at_desk(by, submission_id)
        into = selectors.story_for(by, story_id)
        if not submissions.mergeable(by, row).filter(pk=into.pk).exists():
            raise BadInput(_("只能并入本单位还在写的稿件，没有改动。"))
        field = into.body
        body = [*field.stream_block.get_prep_value(field), *_blocks(row, keys)]
        byline = " ".join(filter(None, (into.byline, _credit(row))))[:120]
        story = story_save(
            by=by, story_id=into.pk, fields={"body": body, "byline": byline},
            base_revision=into.latest_revision_id,
        )  # fmt: skip
        _answered(by, row, SubmissionState.MERGED)
        row.story = story
        row.save()
        step(by, row, Kind.MERGED, reason=story.title)
        _tell_author(row, _("已合并采用：%(title)s"), story.title)
    return row, story


def submissions_overdue() -> int:
    """Tell the heads of desks, once for each sending, of answers that are later than promised."""
    late = submissions.overdue_now(timezone.now())
    keys = list(late.values_list("pk", flat=True)[:100])
    for key in keys:
        with db.write():
            row = late.select_for_update(of=("self",)).filter(pk=key).first()
            if row is None:
                continue
            row.overdue_at = timezone.now()
            row.save(update_fields=["overdue_at", "updated_at"])
            step(None, row, Kind.OVERDUE)
            heads = policy.members_with("stories.review_final", row.unit_id)
            editor = network.active_member(row.editor_id) if row.editor_id else None
            people = [
                one for one in (*heads, editor) if one is not None and one.pk != row.author_id
            ]
            network_actions.notify(
                people, kind="stories.submission_overdue", urgent=True, url=address(row),
                subject_id=row.pk, title=_("来稿超过 24 小时没有答复：%(title)s") % {"title": row.title},
                body=f"{row.number} · {row.author_name}", key=f"submission:{row.pk}:{row.version}",
            )  # fmt: skip
    return len(keys)


def reason_add(
    *, by: Member, unit_id: uuid.UUID, kind: str, words: str, example: str
) -> AnswerReason:
    """Add a reason that the desk gives often, with an example of how to do better."""
    words, example = words.strip(), example.strip()
    if kind not in {"asked", "declined"} or not words or not example:
        raise BadInput(_("请写理由，并写一个怎样写更好的例子，没有保存。"))
    if len(words) > 200 or len(example) > 500:
        raise BadInput(_("理由最多 200 字，例子最多 500 字，没有保存。"))
    with db.write():
        policy.require(by, "stories.review_final", unit_id)
        made = AnswerReason.objects.create(unit_id=unit_id, kind=kind, words=words, example=example)
        audit.record(by, "submission.reason_added", made)
    return made


def reason_retire(*, by: Member, reason_id: uuid.UUID) -> AnswerReason:
    """Offer a reason no longer; what was said with it stays said."""
    with db.write():
        made = AnswerReason.objects.select_for_update().filter(pk=reason_id).first()
        if made is None or not submissions.reasons_visible_to(by).filter(pk=made.pk).exists():
            raise NotFound
        policy.require(by, "stories.review_final", made)
        made.retired_at = made.retired_at or timezone.now()
        made.save(update_fields=["retired_at", "updated_at"])
        audit.record(by, "submission.reason_retired", made)
    return made
