"""Stories between nodes: what is sent, what is believed, what is refused."""

from __future__ import annotations

import copy
import uuid

import pytest
from django.utils import timezone

from rongmei.network.hooks import Arrival
from rongmei.network.models import Envelope, Node, Peer
from rongmei.planning.models import Task, TaskResponse
from rongmei.stories import actions, canonical, selectors
from rongmei.stories.errors import ForgedStory, NotSigned
from rongmei.stories.models import Signature, Story, StoryState
from rongmei.stories.tests import newsroom


@pytest.fixture
def hq_elsewhere(cast):
    """HQ is hosted on another, joined node."""
    node = Node.objects.create(slug="elsewhere", name="别处", url="http://127.0.0.1:8999")
    peer = Peer.objects.create(node=node, public_key="k", state="active")
    for code in ("hq", "platform"):
        type(cast.unit(code)).objects.filter(pk=cast.unit(code).pk).update(node=node)
    return peer


@pytest.fixture
def arrival(cast, hq_elsewhere):
    """The message as it would reach the other node; ours is then wiped, as if we were that node."""
    picture = newsroom.a_picture(cast)
    block = {"type": "picture", "value": {"picture": picture.pk, "caption": "现场图", "credit": ""}}
    story = newsroom.signed(cast, body=[*newsroom.body(), block], lead_picture=picture)
    actions.story_share(by=cast["yl.chief"], story_id=story.pk)
    envelope = Envelope.objects.get(type="story.shared")
    Story.objects.filter(pk=story.pk).update(latest_revision=None, lead_picture=None)
    Signature.objects.all().delete()
    Story.objects.filter(pk=story.pk).delete()
    type(picture).objects.all().delete()
    yunling = cast.unit("yunling")
    type(yunling).objects.filter(pk=yunling.pk).update(node=hq_elsewhere.node)
    return Arrival(
        id=uuid.uuid4(), type="story.shared", from_node=hq_elsewhere.node_id, subject_id=story.pk,
        unit_id=story.unit_id, body=envelope.body,
    )  # fmt: skip


def stranger_node():
    return Node.objects.create(slug="stranger", name="生人", url="http://127.0.0.1:8998")


def changed(arrival, change):
    body = copy.deepcopy(arrival.body)
    change(body)
    return Arrival(
        arrival.id, arrival.type, arrival.from_node, arrival.subject_id, arrival.unit_id, body
    )


def test_a_replica_proves_itself_and_can_be_published(arrival):
    actions.story_receive(arrival)
    story = Story.objects.get(pk=arrival.subject_id)
    assert story.is_replica and story.state == StoryState.SIGNED
    package = selectors.signed_package(story.pk)
    assert package.lead_image and package.images[0]["caption"] == "现场图"
    assert package.content_hash == canonical.hash_of(arrival.body["content"])
    actions.story_receive(arrival)
    assert Signature.objects.filter(story=story).count() == 3


def reseal(body, n, **fields):
    """Change a signature and seal it anew, as a clever forger would."""
    from types import SimpleNamespace

    from django.utils.dateparse import parse_datetime

    one = body["signatures"][n] | fields
    row = SimpleNamespace(
        **one
        | {"story_id": body["content"]["story"], "signed_at": parse_datetime(one["signed_at"])}
    )
    one["seal"] = canonical.seal_of(row)
    body["signatures"][n] = one


FORGERIES = {
    "text changed": lambda b: b["content"].update(title="假标题"),
    "body changed": lambda b: b["content"]["body"][0].update(html="<p>假的</p>"),
    "seal broken": lambda b: b["signatures"][1].update(opinion="假意见"),
    "two signatures": lambda b: b["signatures"].pop(),
    "step twice": lambda b: reseal(b, 1, step="first"),
    "one person twice": lambda b: reseal(b, 1, person_id=b["signatures"][0]["person_id"]),
    "the author signs": lambda b: reseal(b, 2, person_id=b["story"]["author_id"]),
    "author hidden": lambda b: b["story"].update(author_id=str(uuid.uuid4())),
    "returned, not passed": lambda b: reseal(b, 0, verdict="returned"),
    "rounds mixed": lambda b: reseal(b, 0, round=2),
    "final over another text": lambda b: reseal(b, 2, content_hash="0" * 64),
    "another story": lambda b: b["content"].update(story=str(uuid.uuid4())),
    "another unit": lambda b: b["content"].update(unit=str(uuid.uuid4())),
    "picture swapped": lambda b: b["pictures"][0].update(data="aGVsbG8="),
    "picture renamed": lambda b: b["pictures"][0].update(caption="假说明"),
    "picture missing": lambda b: b["pictures"].clear(),
    "no time": lambda b: b["signatures"][0].update(signed_at="昨天"),
    "nothing": lambda b: b.clear(),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refused(arrival, name):
    from rongmei.kernel.errors import RongmeiError

    with pytest.raises(RongmeiError):
        actions.story_receive(changed(arrival, FORGERIES[name]))
    assert not Story.objects.filter(pk=arrival.subject_id, state="signed").exists()


def test_only_the_home_of_the_unit_is_believed(arrival):
    stranger = stranger_node()
    forged = Arrival(
        arrival.id, arrival.type, stranger.pk, arrival.subject_id, arrival.unit_id, arrival.body
    )
    with pytest.raises(ForgedStory):
        actions.story_receive(forged)


def test_a_story_of_ours_is_never_overwritten_from_outside(arrival, cast):
    actions.story_receive(arrival)
    Story.objects.filter(pk=arrival.subject_id).update(home=None)
    with pytest.raises(ForgedStory):
        actions.story_receive(changed(arrival, lambda b: b["story"].update(version=99)))


def test_a_withdrawal_takes_the_replica_out_of_use_for_good(arrival):
    actions.story_receive(arrival)
    news = {"reason": "事实有误", "version": 50}
    gone = Arrival(
        uuid.uuid4(),
        "story.withdrawn",
        arrival.from_node,
        arrival.subject_id,
        arrival.unit_id,
        news,
    )
    stranger = Arrival(
        uuid.uuid4(),
        "story.withdrawn",
        stranger_node().pk,
        arrival.subject_id,
        arrival.unit_id,
        news,
    )
    with pytest.raises(ForgedStory):
        actions.story_withdrawal_receive(stranger)
    actions.story_withdrawal_receive(gone)
    with pytest.raises(NotSigned):
        selectors.signed_package(arrival.subject_id)
    actions.story_receive(arrival)
    assert Story.objects.get(pk=arrival.subject_id).state == StoryState.WITHDRAWN


def test_a_story_for_another_nodes_task_is_sent_when_signed(cast, hq_elsewhere):
    task = Task.objects.create(
        unit=cast.unit("hq"), to_unit=cast.unit("yunling"), title="冰雪保供电", due_at=timezone.now(),
        dispatched_by_id=cast["planner"].pk, dispatched_by_name="策海帆", dispatched_at=timezone.now(),
    )  # fmt: skip
    by = cast["yl.reporter"]
    TaskResponse.objects.create(
        task=task, unit=cast.unit("yunling"), state="accepted", assignee_id=by.pk,
        assignee_name=str(by), answered_at=timezone.now(),
    )  # fmt: skip
    story = actions.story_create(by=by, unit_id=by.unit_id, title="任务稿", task_id=task.pk)
    story = newsroom.submit(cast, newsroom.save(cast, story, body=newsroom.body()))
    for step in ("first", "second", "final"):
        assert not Envelope.objects.filter(type="story.shared").exists()
        story = newsroom.sign(cast, story, step)
    envelope = Envelope.objects.get(type="story.shared")
    assert envelope.subject_id == story.pk and Story.objects.get(pk=story.pk).shared_at
    actions.story_withdraw(by=cast["yl.chief"], story_id=story.pk, reason="有误")
    assert Envelope.objects.filter(type="story.withdrawn").count() == 1


def test_unsigned_stories_are_not_shared(cast):
    story = newsroom.at_step(cast, "final")
    with pytest.raises(NotSigned):
        actions.story_share(by=cast["yl.chief"], story_id=story.pk)


def test_the_platform_sees_what_was_shared_and_nothing_else(cast):
    story, other = newsroom.signed(cast), newsroom.signed(cast, title="没有推送的稿件")
    editor = cast["editor"]
    assert not selectors.signed_stories_for_platform(editor).exists()
    actions.story_share(by=cast["yl.chief"], story_id=story.pk)
    assert [one.pk for one in selectors.signed_stories_for_platform(cast["editor"])] == [story.pk]
    assert selectors.package_visible_to(cast["editor"], story.pk).title == story.title
    from rongmei.kernel.errors import NotFound

    with pytest.raises(NotFound):
        selectors.package_visible_to(cast["editor"], other.pk)
