"""Signed stories between units and nodes: sending them with their proof, and believing nothing.

`story.shared` carries the canonical content, the three signatures and the pictures; the receiving
node recomputes every hash and checks the rule itself before it keeps a read-only replica.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from rongmei.assets import actions as assets_actions
from rongmei.assets import selectors as assets
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import NotFound
from rongmei.kernel.text import count_words
from rongmei.network import actions as network_actions
from rongmei.network import exchange, policy
from rongmei.network import selectors as network
from rongmei.network.hooks import Arrival
from rongmei.network.types import UnitKind
from rongmei.planning import selectors as planning
from rongmei.stories import canonical, flows, kinds, particulars, proof, selectors
from rongmei.stories import events as said
from rongmei.stories.actions.common import address, locked, refusals_kept
from rongmei.stories.errors import FlowBroken, ForgedStory, NowhereToShare, StoryChanged
from rongmei.stories.flows import Flow
from rongmei.stories.models import Signature, Story, StoryState

if TYPE_CHECKING:
    from rongmei.network.models import Member, Peer

SHARED: Final = "story.shared"
WITHDRAWN: Final = "story.withdrawn"
# What a message may carry of pictures and clips before they are written in base64: with its text it
# must stay below the exchange's limit. Larger clips stay at home and are played from there.
MEDIA_BYTES: Final = 4 * 1024 * 1024
_KEPT: Final = ("number", "author_name", "round", "version")
SIGNED: Final = (
    "step", "verdict", "person_name", "role_at", "content_hash", "opinion", "proof", "edited",
    "seal", "round", "step_name", "flow", "for_name",
)  # fmt: skip
# Nodes that know no flows yet leave these out.
_SINCE_FLOWS: Final = frozenset({"step_name", "flow", "for_name"})


@dataclass(frozen=True)
class Prepared:
    """What is made ready outside the write: to whom, and the pictures of exactly which text."""

    unit_ids: tuple[uuid.UUID, ...]
    content_hash: str
    pictures: list[dict[str, Any]] = field(default_factory=list)
    clips: list[dict[str, Any]] = field(default_factory=list)


def prepare(story: Story, unit_ids: tuple[uuid.UUID, ...]) -> Prepared:
    """Make the pictures ready for those of the units that live elsewhere; slow, outside any write."""
    remote = [one for one in unit_ids if network.peer_of_unit(one)]
    content_hash = canonical.hash_of(canonical.content_of(story))
    if not remote:
        return Prepared(unit_ids, content_hash)
    rows = assets.pictures_by_pk(canonical.picture_keys(story))
    share = min(assets_actions.EXPORT_BYTES, MEDIA_BYTES // max(len(rows), 1))
    made = [assets_actions.picture_export(row, limit=share) for row in rows.values()]
    left, clips = MEDIA_BYTES - sum(len(one["data"]) * 3 // 4 for one in made), []
    for clip in assets.clips_by_id(kinds.clip_keys(story.body)).values():
        clips.append(assets_actions.clip_export(clip, limit=left))
        left -= len(clips[-1]["data"]) * 3 // 4
    return Prepared(unit_ids, content_hash, made, clips)


def prepare_for_task(by: Member, story_id: uuid.UUID) -> Prepared | None:
    """Make ready to send the story to the unit that gave the task; None when nobody else did."""
    story = selectors.story_for(by, story_id)
    if story.task_id is None:
        return None
    try:
        task = planning.task_for(by, story.task_id)
    except NotFound:
        return None
    return None if task.unit_id == story.unit_id else prepare(story, (task.unit_id,))


def _above(story: Story) -> tuple[uuid.UUID, ...]:
    """The units above that can be reached: hosted here, or on a joined node."""
    units = policy.tree().above(story.unit_id)
    return tuple(one for one in units if network.is_local(one) or network.peer_of_unit(one))


@refusals_kept
def story_share(*, by: Member, story_id: uuid.UUID) -> Story:
    """Offer a signed story to the units above, on this node and others.

    Raises NotSigned, NowhereToShare, NotAllowed.
    """
    seen = selectors.story_for(by, story_id)
    policy.require(by, "stories.share", seen)
    prepared = prepare(seen, _above(seen))
    with db.write():
        story = locked(by, story_id)
        policy.require(by, "stories.share", story)
        selectors.require_signed(story)
        if not prepared.unit_ids:
            raise NowhereToShare
        send_prepared(by, story, prepared)
    return story


def send_prepared(by: Member | None, story: Story, prepared: Prepared) -> None:
    """Send what was made ready; inside the write. Another text than was made ready is refused."""
    if prepared.content_hash != story.content_hash:
        raise StoryChanged
    sent_to: set[uuid.UUID] = set()
    for unit_id in prepared.unit_ids:
        peer = network.peer_of_unit(unit_id)
        if peer is not None and peer.pk not in sent_to:
            _send(peer, story, prepared)
            sent_to.add(peer.pk)
        events.publish(
            said.StoryShared(
                subject_id=story.pk, unit_id=story.unit_id, title=story.title, state=story.state,
                to_unit_id=str(unit_id),
            )
        )  # fmt: skip
    known = [*story.shared_with, *(str(one) for one in prepared.unit_ids)]
    story.shared_with = list(dict.fromkeys(known))
    story.shared_at = story.shared_at or timezone.now()
    story.save(update_fields=["shared_with", "shared_at", "updated_at"])
    audit.record(by, "story.shared", story, to=[str(one) for one in prepared.unit_ids])
    _tell_platform(story)


def _send(peer: Peer, story: Story, prepared: Prepared) -> None:
    exchange.send(
        to=peer, type=SHARED, subject_id=story.pk, unit_id=story.unit_id,
        body=story_body(story, selectors.standing_signatures(story), prepared),
    )  # fmt: skip


def story_body(story: Story, signatures: list[Signature], prepared: Prepared) -> dict[str, Any]:
    """A story as it travels: its content, where it came from, its flow, signatures and media."""
    return {
        "content": canonical.content_of(story),
        "story": {
            **{name: getattr(story, name) for name in _KEPT},
            "author_id": str(story.author_id),
            "task_id": str(story.task_id or ""),
            "pitch_id": str(story.pitch_id or ""),
            "signed_at": (story.signed_at or timezone.now()).isoformat(),
        },
        "flow": story.flow,
        "signatures": [signature_body(one) for one in signatures],
        "pictures": prepared.pictures,
        # Said only where there are some: nodes of before know no clips.
        **({"clips": prepared.clips} if prepared.clips else {}),
    }


def signature_body(one: Signature) -> dict[str, Any]:
    """A signature as it travels."""
    return {
        "id": str(one.pk),
        "person_id": str(one.person_id),
        "author_id": str(one.author_id),
        "for_person": str(one.for_person or ""),
        "signed_at": one.signed_at.isoformat(),
        **{name: getattr(one, name) for name in SIGNED},
    }


def send_withdrawal(story: Story, reason: str) -> None:
    """Tell every joined node that has the story to stop using it; inside the write."""
    told: set[uuid.UUID] = set()
    for unit_id in story.shared_with:
        peer = network.peer_of_unit(uuid.UUID(unit_id))
        if peer is not None and peer.pk not in told:
            told.add(peer.pk)
            exchange.send(
                to=peer, type=WITHDRAWN, subject_id=story.pk, unit_id=story.unit_id,
                body={"reason": reason, "version": story.version},
            )  # fmt: skip


def _tell_platform(story: Story) -> None:
    for unit in network.units().filter(kind=UnitKind.PLATFORM):
        network_actions.notify(
            policy.members_with("channels.publish", unit.pk), kind="stories.shared",
            title=_("可用稿件：%(title)s") % {"title": story.title}, url=address(story),
            subject_id=story.pk, key=f"shared:{story.pk}:{story.content_hash[:12]}",
        )  # fmt: skip


# What comes from other nodes ------------------------------------------------------------------


def from_its_home(arrival: Arrival) -> tuple[uuid.UUID, uuid.UUID]:
    """Story and unit of the message, if the unit lives where the message comes from."""
    if arrival.unit_id is None or arrival.subject_id is None:
        raise ForgedStory
    if network.unit(arrival.unit_id).node_id != arrival.from_node:
        raise ForgedStory(_("发来的节点不是这个单位的所在节点，没有收入。"))
    return arrival.subject_id, arrival.unit_id


def _believed_signatures(arrival: Arrival, content_hash: str) -> tuple[Flow, list[Signature]]:
    """The flow and its signatures, if every seal holds and the whole rule is kept; else ForgedStory."""
    flow = flows.of(arrival.body.get("flow"))
    order = [one.key for one in flow.steps]
    rows = [signature_of(arrival, one) for one in arrival.body["signatures"]]
    rows.sort(key=lambda one: order.index(one.step))
    claimed = Story(author_id=uuid.UUID(str(arrival.body["story"]["author_id"])))
    if not flow.public or not proof.proves(claimed, flow, rows, content_hash):
        raise ForgedStory
    return flow, rows


def signature_of(arrival: Arrival, body: dict[str, Any]) -> Signature:
    """A signature that came with its story, not saved."""
    story_id, unit_id = from_its_home(arrival)
    at = parse_datetime(str(body["signed_at"]))
    if at is None or timezone.is_naive(at):
        raise ForgedStory
    return Signature(
        id=uuid.UUID(str(body["id"])), story_id=story_id, unit_id=unit_id,
        home=arrival.from_node, person_id=uuid.UUID(str(body["person_id"])),
        author_id=uuid.UUID(str(body["author_id"])), signed_at=at,
        for_person=uuid.UUID(lender) if (lender := str(body.get("for_person") or "")) else None,
        **{name: body[name] for name in SIGNED if name in body or name not in _SINCE_FLOWS},
    )  # fmt: skip


def require_known_form(content: dict[str, Any]) -> None:
    """Refuse a text in a canonical form that is newer than this node."""
    if content["form"] not in canonical.FORMS:
        raise ForgedStory(
            _("稿件用了本节点还不认识的格式，没有收入。请先升级本节点，再请对方重发。")
        )


def keep_signatures(story: Story, rows: list[Signature]) -> None:
    """Put these in the place of what was known of the home's signatures.

    Those of our own people are our records and stay; one that says it is theirs and is not among
    them is forged. One that no longer stands at the story's home is voided here too.
    """
    own = {one.pk: one for one in Signature.objects.filter(story=story, home=None)}
    here = network.members_at_home([one.person_id for one in rows])
    for one in rows:
        if one.person_id in here and (one.pk not in own or own[one.pk].seal != one.seal):
            raise ForgedStory
    standing, now = {one.pk for one in rows}, timezone.now()
    for one in own.values():
        if one.pk not in standing and one.voided_at is None:
            one.voided_at, one.voided_reason = now, _("稿件在所属节点有了变动")
            one.save(update_fields=["voided_at", "voided_reason", "updated_at"])
    Signature.objects.filter(story=story).exclude(home=None).delete()
    Signature.objects.bulk_create(one for one in rows if one.pk not in own)


def replica_of(arrival: Arrival, known: Story | None, keys: kinds.Keys) -> Story:
    """The story a message carries, not saved; `keys` are its media here, by digest."""
    content, meta = arrival.body["content"], arrival.body["story"]
    story_id, unit_id = from_its_home(arrival)
    story = known or Story(pk=story_id, unit_id=unit_id, home=arrival.from_node)
    for name in canonical.WORDS:
        setattr(story, name, content[name])
    for name in _KEPT:
        setattr(story, name, meta[name])
    embargo, lead = content["embargo_until"], content["lead_picture"]
    block = Story._meta.get_field("body").stream_block  # type: ignore[union-attr]
    kept = [(one["type"], kinds.KINDS[one["type"]].keep(one, keys)) for one in content["body"]]
    story.body = block.to_python([{"type": kind, "value": value} for kind, value in kept])
    for name in particulars.COVERED:
        setattr(story, name, content.get(name) or type(getattr(story, name))())
    story.tags, story.features_exemplar = content["tags"], content["features_exemplar"]
    story.embargo_until = parse_datetime(embargo) if embargo else None
    story.lead_picture_id = keys.pictures[lead["digest"]] if lead else None
    story.author_id = uuid.UUID(str(meta["author_id"]))
    story.task_id = uuid.UUID(meta["task_id"]) if meta["task_id"] else None
    story.pitch_id = uuid.UUID(meta["pitch_id"]) if meta["pitch_id"] else None
    story.signed_at = parse_datetime(str(meta["signed_at"]))
    story.state, story.shared_at = StoryState.SIGNED, timezone.now()
    return story


def kept_media(arrival: Arrival) -> kinds.Keys:
    """Pictures and clips of the message, kept here as copies; their keys by digest."""
    home = arrival.from_node
    pictures, clips = arrival.body["pictures"], arrival.body.get("clips", [])
    return kinds.Keys(
        {str(one["digest"]): assets_actions.picture_import(one, home=home).pk for one in pictures},
        {str(one["digest"]): str(assets_actions.clip_import(one, home=home).pk) for one in clips},
    )


def story_receive(arrival: Arrival) -> None:
    """Keep a replica of a story that another node signed; inside the write that notes the message.

    Believes nothing: the sender must be the unit's home, every seal and hash is recomputed, three
    distinct people must have signed. Raises ForgedStory.
    """
    story_id, _unit_id = from_its_home(arrival)
    known = Story.objects.select_for_update().filter(pk=story_id).first()
    try:
        content = arrival.body["content"]
        if content["story"] != str(arrival.subject_id) or content["unit"] != str(arrival.unit_id):
            raise ForgedStory
        if known is not None and (
            known.home != arrival.from_node or known.unit_id != arrival.unit_id
        ):
            raise ForgedStory
        newer = int(arrival.body["story"]["version"])
        # One that we were asked to sign is known in this version already, but was not offered yet.
        if known is not None and (known.version, bool(known.shared_at)) >= (newer, True):
            return
        require_known_form(content)
        content_hash = canonical.hash_of(content)
        flow, signatures = _believed_signatures(arrival, content_hash)
        keys = kept_media(arrival)
        story = replica_of(arrival, known, keys)
        story.flow, story.flow_digest = flow.snapshot, flow.digest
        rebuilt = canonical.content_of(story)
    except FlowBroken as error:
        raise ForgedStory from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ForgedStory from error
    if canonical.hash_of(rebuilt) != content_hash:
        raise ForgedStory
    story.content_hash, story.body_text = content_hash, canonical.body_text(rebuilt)
    story.word_count = count_words(story.body_text)
    story.save()
    keep_signatures(story, signatures)
    selectors.require_signed(story)
    audit.record(None, "story.received", story, hash=content_hash, node=str(arrival.from_node))
    events.publish(
        said.StoryShared(
            subject_id=story.pk,
            unit_id=story.unit_id,
            title=story.title,
            state=story.state,
            received=True,
        )
    )
    _tell_platform(story)


def story_withdrawal_receive(arrival: Arrival) -> None:
    """Take a replica out of use because its home withdrew it; inside the receiving write."""
    story_id, _unit_id = from_its_home(arrival)
    story = Story.objects.select_for_update().filter(pk=story_id).first()
    if story is None:
        return
    if story.home != arrival.from_node:
        raise ForgedStory
    reason = str(arrival.body.get("reason", ""))[:300]
    now: datetime = timezone.now()
    story.state, story.withdrawn_at, story.withdrawn_reason = StoryState.WITHDRAWN, now, reason
    story.version = max(story.version, int(arrival.body.get("version", story.version)))
    story.save()
    audit.record(None, "story.withdrawn", story, reason=reason, node=str(arrival.from_node))
    events.publish(
        said.StoryWithdrawn(
            subject_id=story.pk,
            unit_id=story.unit_id,
            title=story.title,
            state=story.state,
            reason=reason,
        )
    )
