"""Refusals that no address alone can show: verbs called directly, and questions answered directly."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rongmei.archive import actions as archive_verbs
from rongmei.archive import (
    exporting,
    exports,
    holds,
    indexing,
    keeping,
    looks,
    saved,
    suggesting,
    timeline,
)
from rongmei.archive import selectors as archive
from rongmei.archive.analysis import default_analyser
from rongmei.archive.index_fake import FakeIndex
from rongmei.archive.models import ExportJob, HotSighting, SavedSearch
from rongmei.archive.query import parse
from rongmei.archive.tests import routes as archive_rows
from rongmei.assets import actions as assets
from rongmei.assets.choosing import PicturePolicy
from rongmei.assets.tests.clips import mp4
from rongmei.channels import actions as channels
from rongmei.channels import selectors as channels_seen
from rongmei.channels.tests import routes as channel_rows
from rongmei.exemplars import selectors as exemplars
from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotAllowed, NotFound
from rongmei.monitoring import selectors as monitoring
from rongmei.monitoring.models import Reprint, Topic, TopicMark, Watch
from rongmei.monitoring.tests import routes as monitoring_rows
from rongmei.network import selectors as network_seen
from rongmei.network.actions import members, roles, units
from rongmei.network.actions import routes as notice_routes
from rongmei.network.models import Member, RoleHolding
from rongmei.network.testing import Cast
from rongmei.network.tests import routes as network_rows
from rongmei.network.types import Role
from rongmei.planning import actions as planning_verbs
from rongmei.planning import calendar, clashes
from rongmei.planning import feeds as plan_feeds
from rongmei.planning import selectors as planning
from rongmei.planning.models import Pitch, Task, TaskState
from rongmei.planning.tests import routes as planning_rows
from rongmei.sources import actions as sources
from rongmei.sources import selectors as sources_seen
from rongmei.sources.actions.groups import put_in_groups
from rongmei.sources.models import FetchState, Source, SourceGroup
from rongmei.sources.tests import routes as source_rows
from rongmei.stories import actions as stories
from rongmei.stories import policy as rules
from rongmei.stories import selectors as stories_seen
from rongmei.stories import subjects
from rongmei.stories.editor.permissions import StoryPolicy
from rongmei.stories.errors import DelegationRefused
from rongmei.stories.models import Story, Subject
from rongmei.stories.tests import newsroom
from rongmei.stories.tests import routes as story_rows
from tests.test_routes import BACKEND


def outsider(cast: Cast) -> Member:
    """A member who holds every role, at Jiangchuan: only scopes and records refuse them."""
    held = Member.objects.filter(username="jc.all").first()
    if held is None:
        held = Member.objects.create_user(
            "jc.all", None, name="江全能", unit=cast.unit("jiangchuan")
        )
        RoleHolding.objects.bulk_create(
            RoleHolding(member=held, unit=cast.unit("jiangchuan"), role=role) for role in Role
        )
    return Member.objects.get(pk=held.pk)


def _moves_own_unit_away(cast: Cast) -> Any:
    """Who manages a station and another centre, but not the centre above the station."""
    by = outsider(cast)
    RoleHolding.objects.create(member=by, unit=cast.unit("shimenkan"), role=Role.SYSTEM_ADMIN)
    parent = {"parent_id": cast.unit("jiangchuan").pk}
    units.unit_change(by=by, unit_id=cast.unit("shimenkan").pk, fields=parent)


def _a_route(cast: Cast) -> dict[str, Any]:
    return {"name": "示例", "kind": "webhook", "url": "https://robot.invalid/y", "secret": "s"}


def _a_correction(cast: Cast) -> Any:
    publication = channel_rows.publication(cast)
    publication.story_id = newsroom.signed(cast).pk
    publication.save()
    channels.publication_correct(by=outsider(cast), publication_id=publication.pk, note="示例")


def _tries_inside(cast: Cast) -> None:
    """A source of a unit below: managed from above, but leave for the inside is given there."""
    client = Client()
    client.force_login(cast.people["yl.sysadmin"], BACKEND)
    asked = {
        "do": "try", "url": "http://127.0.0.1:9/feed.xml", "name": "示例", "kind": "feed",
        "media_class": "local", "language": "zh", "internal": "on", "options": "",
        "unit_id": str(cast.unit("shimenkan").pk),
    }  # fmt: skip
    if client.post(reverse("sources:add"), asked).status_code == 403:
        raise NotAllowed


def _reads_mail_inside(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.people["yl.sysadmin"], BACKEND)
    asked = {
        "host": "mail.invalid", "port": "993", "user": "shili", "secret": "s", "folder": "INBOX",
        "name": "示例", "media_class": "company", "language": "zh", "internal": "on",
        "unit_id": str(cast.unit("shimenkan").pk),
    }  # fmt: skip
    if client.post(reverse("sources:add_other", args=["mail"]), asked).status_code == 403:
        raise NotAllowed


def _calendar_of_who_left(cast: Cast) -> bool:
    """A calendar address goes on being asked after its owner lost every role."""
    feed, key = plan_feeds.feed_make(by=cast["planner"])
    RoleHolding.objects.filter(member=cast.people["planner"]).delete()
    try:
        return bool(plan_feeds.owner_of(feed.pk, key))
    except NotFound:
        return False


def _subject(cast: Cast) -> Subject:
    return Subject.objects.create(qcode="shili:1", name_zh="示例主题", unit=cast.unit("yunling"))


def _draggable(cast: Cast) -> bool:
    """Whether a reporter is offered to move what they see of the plan."""
    day = timezone.localdate() + timedelta(days=3)
    due = timezone.now() + timedelta(days=3)
    planning_rows.pitch(cast)
    planning_rows.task(TaskState.OFFERED)(cast)
    Pitch.objects.update(due_at=due)
    Task.objects.update(due_at=due)
    shown = calendar.plan(cast["yl.reporter"], "week", day)
    return any(one.movable for held in shown for one in held.entries)


# Verbs as the outsider (or somebody else it names) calls them: each is refused.
DIRECT: dict[str, Callable[[Cast], Any]] = {
    "a channel of another unit": lambda cast: channels.channel_save(
        by=outsider(cast), unit_id=cast.unit("platform").pk, name="示例", adapter="manual",
        settings={"platform": "wechat"},
    ),
    "publishing on another unit's channel": lambda cast: channels._channels_for(
        outsider(cast), [channel_rows.channel(cast).pk]
    ),
    "publishing without leave": lambda cast: channels.publication_publish(
        by=cast["yl.reporter"], channel_ids=[], **channel_rows.no_story(cast)
    ),
    "another unit's member": lambda cast: members.member_change(
        by=outsider(cast), member_id=cast.people["yl.reporter"].pk, fields={"name": "示例"}
    ),
    "a member into another unit": lambda cast: members.member_change(
        by=outsider(cast), member_id=cast.people["jc.reporter"].pk,
        fields={"unit_id": cast.unit("yunling").pk},
    ),
    "another unit": lambda cast: units.unit_change(
        by=outsider(cast), unit_id=cast.unit("yunling").pk, fields={"name": "示例"}
    ),
    "a unit below another": lambda cast: units.unit_change(
        by=cast["yl.sysadmin"], unit_id=cast.unit("shimenkan").pk,
        fields={"parent_id": cast.unit("jiangchuan").pk},
    ),
    "a unit away from another": _moves_own_unit_away,
    "closing another unit": lambda cast: units.unit_close(
        by=outsider(cast), unit_id=cast.unit("shimenkan").pk, reason="示例"
    ),
    "the road map of another unit": lambda cast: units.road_set(
        by=outsider(cast), unit_id=cast.unit("yunling").pk, steps={}
    ),
    "a hold without leave": lambda cast: keeping.hold_place(
        by=cast["yl.nobody"], name="示例", reason="示例", query="示例"
    ),
    "another unit's notices": lambda cast: notice_routes.route_add(
        by=outsider(cast), unit_id=cast.unit("yunling").pk, fields=_a_route(cast)
    ),
    "another unit's way out": lambda cast: notice_routes.route_change(
        by=outsider(cast), route_id=network_rows.route(cast)["route_id"], fields={"name": "新"}
    ),
    "sources for another unit": lambda cast: sources.sources_import(
        by=outsider(cast), unit_id=cast.unit("hq").pk, feeds=[]
    ),
    "words of the archive": lambda cast: archive.suggest(cast["yl.nobody"], "示"),
    "values of a facet": lambda cast: archive.facet_of(cast["yl.nobody"], "source"),
    "upkeep of the archive": lambda cast: archive_verbs.upkeep_ask(
        by=cast["yl.nobody"], kind="verify"
    ),
    "what the search box offers": lambda cast: suggesting.offers_for(cast["yl.nobody"], "示", 1),
    "forgetting a search": lambda cast: saved.search_forget(
        by=cast["yl.nobody"], search_id=cast.unit("hq").pk
    ),
    "saving a search": lambda cast: saved.search_save(
        by=cast["yl.nobody"], name="示例", query="示例"
    ),
    "changing a search": lambda cast: saved.search_change(
        by=cast["yl.nobody"], search_id=cast.unit("hq").pk, name="示例"
    ),
    "moving a search": lambda cast: saved.search_move(
        by=cast["yl.nobody"], search_id=cast.unit("hq").pk, up=True
    ),
    "a key to one's calendar": lambda cast: plan_feeds.feed_make(by=cast["sysadmin"]),
    "shutting one's calendar": lambda cast: plan_feeds.feed_stop(by=cast["sysadmin"]),
    "days of what is found": lambda cast: timeline.counted(cast["yl.nobody"], "示例"),
    "what is new in a search": lambda cast: looks.count_since(
        cast["yl.nobody"], parse("示例"), timezone.now()
    ),
    "a key to a search": lambda cast: saved.feed_key_make(
        by=cast["yl.nobody"], search_id=cast.unit("hq").pk
    ),
    "shutting a search's feed": lambda cast: saved.feed_stop(
        by=cast["yl.nobody"], search_id=cast.unit("hq").pk
    ),
    "an export": lambda cast: exports.export_ask(by=cast["yl.reporter"], query="示例", form="csv"),
    "taking an export back": lambda cast: exports.export_cancel(
        by=cast["yl.reporter"], export_id=cast.unit("hq").pk
    ),
    "a grant of another unit's records": lambda cast: roles.grant_give(
        by=outsider(cast), unit_id=cast.unit("yunling").pk, to_unit_id=cast.unit("jiangchuan").pk,
        permission="stories.view", reason="示例", ends_at=timezone.now() + timedelta(days=9),
    ),
    "a unit under another": lambda cast: units.unit_add(
        by=outsider(cast), parent_id=cast.unit("yunling").pk, code="new-one",
        fields={"name": "示例", "kind": "station"},
    ),
    "a picture handed to another unit": lambda cast: assets.picture_hand(
        by=cast["jc.reporter"], picture=newsroom.a_picture(cast), to_unit=cast.unit("yunling").pk
    ),
    "a clip handed to another unit": lambda cast: assets.clip_hand(
        by=cast["jc.reporter"], to_unit=cast.unit("yunling").pk,
        clip=assets.clip_add(
            by=cast["yl.reporter"], unit_id=cast.unit("yunling").pk, file=io.BytesIO(mp4()), title="示例"
        ),
    ),
    "a picture for another unit": lambda cast: assets.picture_add(
        by=outsider(cast), unit_id=cast.unit("yunling").pk, file=newsroom.picture_file(), title="示例"
    ),
    "a clip for another unit": lambda cast: assets.clip_add(
        by=outsider(cast), unit_id=cast.unit("yunling").pk, file=io.BytesIO(mp4()), title="示例"
    ),
    "a story for another unit": lambda cast: stories.story_create(
        by=outsider(cast), unit_id=cast.unit("yunling").pk, title="示例"
    ),
    "correcting another unit's publication": _a_correction,
    "giving back what is not in review": lambda cast: stories.story_return(
        by=cast["yl.reporter"], story_id=newsroom.draft(cast).pk, reason="示例"
    ),
    "giving back at another's step": lambda cast: stories.story_return(
        by=cast["yl.second"], story_id=newsroom.at_step(cast, "first").pk, reason="示例"
    ),
    "trying an address inside for a unit below": _tries_inside,
    "a mailbox inside for a unit below": _reads_mail_inside,
}  # fmt: skip


def _decided(cast: Cast) -> Any:
    planning_rows.approved(cast)
    Pitch.objects.update(decided_at=timezone.now())
    return planning.agenda(cast["yl.reporter"], timezone.localdate()).decided


def _a_task(cast: Cast) -> dict[str, Any]:
    return planning_rows.task(TaskState.OFFERED)(cast)


def _seen_after(make: Callable[[Cast], Any], look: Callable[[], Any], cast: Cast) -> Any:
    make(cast)
    return look()


def _hot(cast: Cast, by: Member, *, shared: bool) -> Any:
    source = Source.objects.create(
        unit=cast.unit("yunling"),
        name="示例",
        url="http://hot.invalid/",
        kind="hotlist",
        shared=shared,
    )
    HotSighting.objects.create(source=source, seen_at=timezone.now(), rank=1, title="示例")
    return monitoring.hot_lists(by)


def _marked(cast: Cast) -> Any:
    topic = Topic.objects.get(pk=monitoring_rows.topic(cast)["topic_id"])
    by = cast["planner"]
    TopicMark.objects.create(topic=topic, unit=cast.unit("hq"), by_id=by.pk, by_name=by.name)
    return monitoring.marks_of(outsider(cast), topic)


def _shared(cast: Cast) -> Any:
    Story.objects.filter(pk=newsroom.signed(cast).pk).update(shared_at=timezone.now())
    return stories_seen.stories_visible_to(outsider(cast)).count()


def _reprinted(cast: Cast) -> Any:
    """A reprint, in an article that all may see, of what another unit wrote."""
    monitoring_rows.watch(cast)
    with db.write():
        article = archive_verbs.document_keep(
            kind="article", identity="示例转载", unit_id=cast.unit("hq").pk, title="示例", body="示例",
            source_name="示例", published_at=timezone.now(),
        )  # fmt: skip
    Reprint.objects.create(watch=Watch.objects.get(), document=article, similarity=0.9)
    found = monitoring.reprints_found(outsider(cast), timezone.now() - timedelta(days=1))
    return found.count()


def _still_inside(cast: Cast) -> bool:
    """Somebody without leave for the inside moves an internal source to another host."""
    source = sources.source_add(
        by=cast["duty"], unit_id=cast.unit("hq").pk, name="示例", url="http://in.invalid/a.xml"
    )
    sources.source_mark_internal(by=cast["sysadmin"], source_id=source.pk, internal=True)
    moved = sources.source_change(
        by=cast["duty"], source_id=source.pk, url="http://other.invalid/a.xml"
    )
    return moved.internal


def _lent_out_of_reach(cast: Cast) -> bool:
    """Whether a seat can be lent to somebody who may not read the unit's stories."""
    try:
        _lend(cast, to="jc.second")
    except DelegationRefused:
        return False
    return True


def _lend(cast: Cast, to: str) -> Any:
    return stories.delegation_make(
        by=cast["yl.second"], unit_id=cast.unit("yunling").pk, permission="stories.review_second",
        to_id=cast.people[to].pk, reason="示例", ends_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip


def _lent_by_who_left(cast: Cast) -> Any:
    """What is lent by somebody who has lost the role since."""
    _lend(cast, to="yl.planner")
    RoleHolding.objects.filter(member=cast.people["yl.second"]).delete()
    return rules.delegations_to(cast["yl.planner"])


def _followed_inside(cast: Cast) -> bool:
    """Somebody without leave for the inside takes over the address an internal source moved to."""
    source = sources.source_add(
        by=cast["duty"], unit_id=cast.unit("hq").pk, name="示例", url="http://in.invalid/a.xml"
    )
    sources.source_mark_internal(by=cast["sysadmin"], source_id=source.pk, internal=True)
    FetchState.objects.filter(pk=source.pk).update(moved_to="http://other.invalid/a.xml")
    return sources.source_follow(by=cast["duty"], source_id=source.pk).internal


def _changed_with_others(cast: Cast) -> int:
    """How many sources of another unit a change of many reaches."""
    held = source_rows.source(cast)["source_id"]
    return sources.sources_change_many(by=outsider(cast), source_ids=[held], way="pause").changed


def _failed_elsewhere(cast: Cast) -> Any:
    since = timezone.now() - timedelta(minutes=1)
    with db.write():
        audit.record(None, "member.sign_in_failed", cast.people["yl.nobody"], username="示例")
    return network_seen.sign_in_failures(outsider(cast), since)


def _rereads(cast: Cast) -> bool:
    story = story_rows.green(cast)
    return rules.may_reread(outsider(cast), story, story.signatures.all())


def _search_of_nobody(cast: Cast, **more: Any) -> SavedSearch:
    """What somebody saved who has lost every role since."""
    return SavedSearch.objects.create(
        member=cast["yl.nobody"], unit=cast.unit("yunling"), name="示例", query="示例", **more
    )


def _shared_search(cast: Cast) -> int:
    return _seen_after(
        lambda cast: _search_of_nobody(cast, reach="unit"),
        lambda: saved.searches_visible_to(cast["yl.nobody"]).count(), cast,
    )  # fmt: skip


def _feed_of_who_may_not(cast: Cast) -> bool:
    held = _search_of_nobody(cast, feed_digest=hashlib.sha256(b"example").hexdigest())
    try:
        saved.search_by_key(held.pk, "example")
    except NotFound:
        return False
    return True


def _matched_for_who_may_not(cast: Cast) -> Any:
    with db.write():
        document = archive_verbs.document_keep(
            kind="article", identity="示例新文", unit_id=cast.unit("hq").pk, title="示例", body="示例",
            source_name="示例", published_at=timezone.now(),
        )  # fmt: skip
    index = FakeIndex(default_analyser())
    with index.writer() as writer:
        writer.add([indexing.as_indexed(document, 1)])
        writer.commit(1)
    return saved._matching(_search_of_nobody(cast), index)


def _left_export(cast: Cast) -> ExportJob:
    return ExportJob.objects.create(
        member=cast["yl.reporter"], unit=cast.unit("yunling"), query="示例", form="csv"
    )


def _export_goes_on(cast: Cast) -> bool:
    job = _left_export(cast)
    try:
        exporting._advance(job)
    except exporting.ExportStopped:
        return False
    exporting.forget_files(job)
    return True


def _source_held(cast: Cast) -> bool:
    """Whether a source that another unit keeps to itself can be put under a hold."""
    source = Source.objects.create(
        unit=cast.unit("yunling"), name="示例", url="http://own.invalid/", shared=False
    )
    try:
        keeping.hold_place(by=outsider(cast), name="示例", reason="示例", source=str(source.pk))
    except BadInput:
        return False
    return True


def _grouped(cast: Cast) -> bool:
    """Whether a source can be put in a group that another unit keeps to itself."""
    by, unit_id = outsider(cast), cast.unit("jiangchuan").pk
    group = SourceGroup.objects.create(unit=cast.unit("yunling"), name="示例组")
    made = sources.source_add(by=by, unit_id=unit_id, name="示例", url="http://g.invalid/a.xml")
    try:
        with db.write():
            put_in_groups(by, [made], [group.pk])
    except BadInput:
        return False
    return True


# Questions whose answer must be no, or nothing.
ANSWERS: dict[str, Callable[[Cast], Any]] = {
    "searches that the unit shares": _shared_search,
    "a feed of who may search no more": _feed_of_who_may_not,
    "notices for who may search no more": _matched_for_who_may_not,
    "exports of who may export no more": lambda cast: exports.exports_of(
        _left_export(cast).member
    ).count(),
    "going on with an export without leave": _export_goes_on,
    "the calendar of who may see no plan": _calendar_of_who_left,
    "moving what one sees of the plan": _draggable,
    "seeing another unit's story": lambda cast: stories_seen.may_see(
        outsider(cast), story_rows.DRAFT(cast)
    ),
    "another unit's subjects": lambda cast: _seen_after(
        _subject, lambda: subjects.visible_to(outsider(cast)).count(), cast
    ),
    "document actions": lambda cast: archive.document_actions(cast["yl.nobody"]),
    "topic actions": lambda cast: monitoring.topic_actions(cast["yl.nobody"]),
    "scope of a search": lambda cast: (
        str(cast.unit("yunling").pk) in archive.scope_of(outsider(cast))
    ),
    "scope of a search for a hold": lambda cast: (
        str(cast.unit("yunling").pk) in archive.scope_of(outsider(cast), "archive.hold")
    ),
    "another unit's documents for a hold": lambda cast: holds.reached(
        outsider(cast), [archive_rows.private(cast)["document_id"]]
    ),
    "another unit's source for a hold": _source_held,
    "words of the dictionary": lambda cast: _seen_after(
        archive_rows.term, lambda: archive.terms(cast["yl.nobody"]).count(), cast
    ),
    "groups to put sources in": lambda cast: _seen_after(
        source_rows.group, lambda: sources_seen.groups_to_use(outsider(cast)), cast
    ),
    "using another unit's group": _grouped,
    "changing another unit's source with many": _changed_with_others,
    "staying inside after following a move": _followed_inside,
    "failed sign-ins at another unit": _failed_elsewhere,
    "reading another unit's story once more": _rereads,
    "choosing pictures": lambda cast: (
        PicturePolicy(None).user_has_permission(cast["yl.nobody"], "choose")
    ),
    "choosing another unit's picture": lambda cast: (
        PicturePolicy(None).user_has_permission_for_instance(
            outsider(cast), "choose", newsroom.a_picture(cast)
        )
    ),
    "channels to publish on": lambda cast: _seen_after(
        channel_rows.channel,
        lambda: channels_seen.channels_to_publish_on(outsider(cast)).count(), cast,
    ),
    "clearing exemplars": lambda cast: exemplars.may_clear(outsider(cast)),
    "hot lists": lambda cast: _hot(cast, cast["yl.nobody"], shared=True),
    "another unit's hot lists": lambda cast: _hot(cast, outsider(cast), shared=False),
    "other units' marks": _marked,
    "reprints of other units' words": _reprinted,
    "a permission of Wagtail's": lambda cast: cast["yl.nobody"].has_perm("assets.view"),
    "a permission of Wagtail's on a record": lambda cast: outsider(cast).has_perm(
        "stories.write", newsroom.draft(cast)
    ),
    "taking a task on without writing": lambda cast: planning_verbs.task_answer(
        by=cast["yl.planner"], accept=True, **_a_task(cast)
    ).assignee_id,
    "links to other units' pitches": lambda cast: _seen_after(
        planning_rows.pitch,
        lambda: [one for one in clashes.clashes(outsider(cast), "示例选题") if one.reachable], cast,
    ),
    "decisions of others": _decided,
    "pitches for others to decide": lambda cast: _seen_after(
        planning_rows.pitch, lambda: planning.pitches_to_decide(cast["yl.reporter"]).count(), cast
    ),
    "tasks that others gave out": lambda cast: _seen_after(
        _a_task, lambda: planning.tasks_dispatched_by(cast["yl.reporter"]).count(), cast
    ),
    "tasks for others": lambda cast: _seen_after(
        _a_task, lambda: planning.tasks_received_by(cast["analyst"]).count(), cast
    ),
    "tasks that wait for others": lambda cast: _seen_after(
        _a_task, lambda: planning.tasks_waiting_for(cast["yl.first"]).count(), cast
    ),
    "delivered tasks that wait for others": lambda cast: _seen_after(
        planning_rows.task(TaskState.SUBMITTED),
        lambda: planning.tasks_waiting_for(cast["yl.first"]).count(), cast,
    ),
    "stories shared with the platform": _shared,
    "units to watch sources for": lambda cast: (
        cast.unit("yunling").pk in dict(sources_seen.units_to_manage(outsider(cast)))
    ),
    "staying inside after a move": _still_inside,
    "lending a seat to who cannot read": _lent_out_of_reach,
    "a seat lent by somebody who left it": _lent_by_who_left,
    "the editor": lambda cast: StoryPolicy(Story).user_has_permission(cast["yl.nobody"], "change"),
    "another unit's signed story": lambda cast: rules.may_edit(
        outsider(cast), newsroom.signed(cast)
    ),
    "another unit's review": lambda cast: rules.may_review(
        outsider(cast), newsroom.at_step(cast, "first"), []
    ),
}  # fmt: skip
