"""Correcting a story that is out: one signer, always possible, the cause on record, readers told."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db, events
from rongmei.network import exchange, policy
from rongmei.network import selectors as network
from rongmei.stories import causes, selectors
from rongmei.stories import events as said
from rongmei.stories.actions.common import locked, refusals_kept, tell_author
from rongmei.stories.actions.sharing import from_its_home
from rongmei.stories.errors import ForgedStory, NoSuchCause, ReasonMissing, WrongState
from rongmei.stories.models import Amendment, Story

if TYPE_CHECKING:
    from rongmei.network.hooks import Arrival
    from rongmei.network.models import Member

CORRECTED = "story.corrected"


def require_cause(cause: str) -> None:
    """NoSuchCause unless it is one of the causes there are."""
    if cause not in causes.CAUSES:
        raise NoSuchCause


def amendment_keep(by: Any, story: Story, kind: str, cause: str, note: str) -> Amendment:
    """Write down a correction or withdrawal and its cause; inside the write."""
    made: Amendment = Amendment.objects.create(
        story=story, unit_id=story.unit_id, kind=kind, cause=cause, note=note.strip()[:300],
        person_id=getattr(by, "pk", None), person_name=getattr(by, "name", ""), round=story.round,
        happened_at=timezone.now(),
    )  # fmt: skip
    return made


@refusals_kept
def story_correct(*, by: Member, story_id: uuid.UUID, note: str, cause: str = "other") -> Story:
    """Tell readers, on every channel, what was wrong in a story that was signed off.

    One person suffices. Channels follow the event: they show the note, and where a newer text has
    its signatures they put it in the old one's place. The text itself is only ever changed by
    editing and reviewing. Raises ReasonMissing, NoSuchCause, WrongState.
    """
    if not note.strip():
        raise ReasonMissing(_("请写明更正了什么，没有改动。读者会看到这段话。"))
    require_cause(cause)
    with db.write():
        story = locked(by, story_id)
        policy.require(by, "stories.withdraw", story)
        if story.withdrawn_at is not None or not selectors.was_signed_off(story):
            raise WrongState
        amendment_keep(by, story, Amendment.Kind.CORRECTION, cause, note)
        story.version += 1
        story.save(update_fields=["version", "updated_at"])
        audit.record(by, "story.corrected", story, cause=cause, note=note.strip()[:300])
        _announce(story, cause, note)
        _tell_nodes(story, cause, note)
        tell_author(
            story, kind="stories.corrected", urgent=True, body=note.strip()[:300],
            title=_("已更正：%(title)s") % {"title": story.title},
        )  # fmt: skip
    return story


def _announce(story: Story, cause: str, note: str) -> None:
    events.publish(
        said.StoryCorrected(
            subject_id=story.pk, unit_id=story.unit_id, title=story.title, state=story.state,
            cause=cause, note=note.strip()[:300],
        )
    )  # fmt: skip


def _tell_nodes(story: Story, cause: str, note: str) -> None:
    """Every joined node that has the story, once; inside the write."""
    told: set[uuid.UUID] = set()
    for unit_id in story.shared_with:
        peer = network.peer_of_unit(uuid.UUID(unit_id))
        if peer is not None and peer.pk not in told:
            told.add(peer.pk)
            exchange.send(
                to=peer, type=CORRECTED, subject_id=story.pk, unit_id=story.unit_id,
                body={"cause": cause, "note": note.strip()[:300], "version": story.version},
            )  # fmt: skip


def story_correction_receive(arrival: Arrival) -> None:
    """A story's home corrects it: our channels follow; inside the receiving write."""
    story_id, _unit_id = from_its_home(arrival)
    story = Story.objects.select_for_update().filter(pk=story_id).first()
    if story is None or story.withdrawn_at is not None:
        return
    if story.home != arrival.from_node:
        raise ForgedStory
    note = str(arrival.body.get("note", ""))[:300].strip()
    cause = str(arrival.body.get("cause", "other"))
    if not note:
        raise ForgedStory
    if cause not in causes.CAUSES:
        cause = "other"
    amendment_keep(None, story, Amendment.Kind.CORRECTION, cause, note)
    audit.record(
        None, "story.corrected", story, cause=cause, note=note, node=str(arrival.from_node)
    )
    _announce(story, cause, note)
