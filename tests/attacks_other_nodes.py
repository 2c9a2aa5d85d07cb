"""Attacks on the three-person rule from other nodes: forged replicas, forged answers."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from rongmei.kernel import db
from rongmei.network import federation
from rongmei.network.models import Envelope, Node, Peer, Received
from rongmei.stories import actions, canonical, flows, identity
from rongmei.stories.actions import sharing
from rongmei.stories.models import Signature, Story
from rongmei.stories.tests import flowing
from tests.attacking import Scene, attack


def _forged(scene: Scene, forge: Callable[[dict[str, Any]], None]) -> None:
    """What a joined node sends, after somebody there had a hand in it."""
    node = Node.objects.create(slug="elsewhere", name="别处", url="http://127.0.0.1:8999")
    peer = Peer.objects.create(node=node, public_key="k", state="active")
    for code in ("hq", "platform"):
        type(scene.cast.unit(code)).objects.filter(pk=scene.cast.unit(code).pk).update(node=node)
    story = scene.at("signed")
    scene.share(story)
    body = copy.deepcopy(Envelope.objects.get(type="story.shared").body)
    Story.objects.filter(pk=story.pk).update(latest_revision=None)
    Signature.objects.all().delete()
    Story.objects.filter(pk=story.pk).delete()
    yunling = scene.cast.unit("yunling")
    type(yunling).objects.filter(pk=yunling.pk).update(node=node)
    forge(body)
    row = Received(
        id=uuid.uuid4(), peer=peer, seq=1, type="story.shared", subject_id=story.pk,
        body={**body, "_unit_id": str(story.unit_id)},
    )  # fmt: skip
    with db.write():
        federation._apply(row)
    assert row.error
    assert not Story.objects.filter(pk=story.pk).exists()


def _resealed(body: dict[str, Any], n: int, **fields: Any) -> None:
    one = body["signatures"][n] | fields
    row = Signature(
        story_id=body["content"]["story"], person_id=one["person_id"], author_id=one["author_id"],
        signed_at=timezone.datetime.fromisoformat(one["signed_at"]),
        **{name: one[name] for name in (
            "step", "verdict", "person_name", "role_at", "content_hash", "opinion", "proof",
            "edited", "round", "flow",
        )},
    )  # fmt: skip
    body["signatures"][n] = {**one, "seal": canonical.seal_of(row)}


@attack(
    "forged replica",
    "three people on every node: one signing twice is refused",
    "forged_story",
    "message.refused",
)
def replica_one_person_twice(scene: Scene) -> None:  # fmt: skip
    _forged(scene, lambda b: _resealed(b, 1, person_id=b["signatures"][0]["person_id"]))


@attack("forged replica", "the author signs on no node", "forged_story", "message.refused")
def replica_signed_by_its_author(scene: Scene) -> None:
    _forged(scene, lambda b: _resealed(b, 2, person_id=b["story"]["author_id"]))


@attack(
    "forged replica",
    "a received text is the one that was signed",
    "forged_story",
    "message.refused",
)
def replica_with_another_text(scene: Scene) -> None:
    _forged(scene, lambda b: b["content"].update(title="假标题"))


@attack("forged replica", "a received flow keeps the rules too", "forged_story", "message.refused")
def replica_with_a_short_flow(scene: Scene) -> None:
    def forge(body: dict[str, Any]) -> None:
        short = flows.of({"steps": flowing.steps()[1:]})
        body["flow"] = short.as_json()
        body["signatures"] = body["signatures"][1:]
        for n in range(2):
            _resealed(body, n, flow=short.digest)

    _forged(scene, forge)


# Steps that another node signs -----------------------------------------------------------------


def _elsewhere(scene: Scene) -> tuple[Peer, Story]:
    """HQ is on a joined node and signs Yunling's stories; one of them waits for it."""
    node = Node.objects.create(slug="elsewhere", name="别处", url="http://127.0.0.1:8999")
    peer = Peer.objects.create(node=node, public_key="k", state="active")
    for code in ("hq", "platform"):
        type(scene.cast.unit(code)).objects.filter(pk=scene.cast.unit(code).pk).update(node=node)
    flowing.published(scene.cast, flowing.steps(final={"unit": str(scene.cast.unit("hq").pk)}))
    story = scene.at("final")
    actions.across_nodes()
    return peer, story


def _answered(scene: Scene, peer: Peer, story: Story, **forged: Any) -> None:
    """What that node answers, after somebody there had a hand in it; whole seals all the same."""
    member = scene.cast.people["analyst"]
    row = Signature(
        story=story, unit=scene.cast.unit("hq"), round=story.round, step="final",
        step_name="final 环节", flow=story.flow_digest, verdict="passed", person_id=member.pk,
        person_name=member.name, author_id=story.author_id, role_at="总部", opinion="同意",
        signed_at=timezone.now(), content_hash=story.content_hash,
    )  # fmt: skip
    unit = forged.pop("by_unit", "hq")
    for name, value in forged.items():
        setattr(row, name, value)
    row.seal = canonical.seal_of(row)
    body = {"signature": sharing.signature_body(row), "people": identity.marks(story.pk, member)}
    message = Received(
        id=uuid.uuid4(), peer=peer, seq=1, type="review.answered", subject_id=story.pk,
        body={**body, "_unit_id": str(scene.cast.unit(unit).pk)},
    )  # fmt: skip
    with db.write():
        federation._apply(message)
    assert message.error
    assert Story.objects.get(pk=story.pk).state == "final"


@attack(
    "signing at home", "a step that a unit above holds is signed by its people only", "not_allowed"
)
def centre_signs_for_headquarters(scene: Scene) -> None:
    _peer, story = _elsewhere(scene)
    scene.sign(story, "final")


@attack(
    "forged answer", "the author signs on no other node either", "forged_story", "message.refused"
)
def answer_by_the_author(scene: Scene) -> None:
    peer, story = _elsewhere(scene)
    _answered(scene, peer, story, person_id=story.author_id)


@attack("forged answer", "a node signs for its own people only", "forged_story", "message.refused")
def answer_in_the_name_of_ours(scene: Scene) -> None:
    peer, story = _elsewhere(scene)
    _answered(scene, peer, story, person_id=scene.cast.people["yl.planner"].pk)


@attack(
    "forged answer", "a node answers for the steps of its units only", "forged_story",
    "message.refused",
)  # fmt: skip
def answer_for_another_step(scene: Scene) -> None:
    peer, story = _elsewhere(scene)
    _answered(scene, peer, story, step="second")


@attack("forged answer", "only the unit that was asked answers", "forged_story", "message.refused")
def answer_of_another_unit(scene: Scene) -> None:
    peer, story = _elsewhere(scene)
    _answered(scene, peer, story, by_unit="platform")


@attack(
    "forged answer", "an answer is sealed under the flow it answers", "forged_story",
    "message.refused",
)  # fmt: skip
def answer_under_another_flow(scene: Scene) -> None:
    peer, story = _elsewhere(scene)
    _answered(scene, peer, story, flow="0" * 64)


@attack(
    "two accounts", "one person with accounts on two nodes counts once", "forged_story",
    "message.refused",
)  # fmt: skip
def one_person_on_two_nodes(scene: Scene) -> None:
    for name in ("analyst", "yl.second"):
        member = scene.cast.people[name]
        type(member).objects.filter(pk=member.pk).update(phone="138 0000 0001")
        member.refresh_from_db()
    peer, story = _elsewhere(scene)
    _answered(scene, peer, story)


@attack(
    "a changed flow", "no step is given to a unit that is not above", "flow_broken", "flow.refused"
)
def flow_signed_by_a_neighbour(scene: Scene) -> None:
    scene.at("final")
    flowing.published(
        scene.cast, flowing.steps(final={"unit": str(scene.cast.unit("jiangchuan").pk)})
    )
