"""What a source's own history says of it: quotas, moves, quiet, long failure, lying ETags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from rongmei.kernel.errors import BadInput, Conflict, NotAllowed
from rongmei.kernel.models import AuditEntry
from rongmei.network.models import Notice
from rongmei.sources import actions, opml, selectors
from rongmei.sources.actions import watching
from rongmei.sources.actions.recording import MOVES_BELIEVED
from rongmei.sources.models import FetchLog, FetchState, Source, SourceGroup
from rongmei.sources.schedule import after_skipped, rhythm_after, silence_limit
from rongmei.sources.types import FetchOutcome, Hints

pytestmark = pytest.mark.django_db
FEED = "http://news.example.com/feed.xml"
HOUR, DAY = 3600, 86_400


def add(cast, url=FEED, *, by="duty", unit="hq", name="示例日报", **fields):
    source = actions.source_add(
        by=cast[by], unit_id=cast.unit(unit).pk, name=name, url=url, **fields
    )
    return Source.objects.select_related("state").get(pk=source.pk)


def ended(source, word=FetchOutcome.OK, **facts):
    source = Source.objects.select_related("state").get(pk=source.pk)
    actions.fetch_recorded(source, actions.Outcome(word, **facts))
    return FetchState.objects.select_related("source").get(pk=source.pk)


def test_a_batch_of_outcomes_costs_no_more_queries_than_one(cast, django_assert_max_num_queries):
    held = [add(cast, f"{FEED}?{n}", name=f"源{n}") for n in range(40)]
    outcome = actions.Outcome(FetchOutcome.TIMEOUT, failure="temporary", sample=b"x")
    with django_assert_max_num_queries(9):
        actions.fetches_recorded([(held[0], outcome)])
    with django_assert_max_num_queries(9):
        actions.fetches_recorded([(one, outcome) for one in held])
    assert FetchLog.objects.count() == 41
    assert FetchState.objects.filter(polls=1).count() == 39


def test_two_outcomes_of_one_source_in_a_batch_both_count(cast):
    source = add(cast)
    actions.fetches_recorded([
        (source, actions.Outcome(FetchOutcome.OK, items_seen=3, items_new=3)),
        (source, actions.Outcome(FetchOutcome.OK, items_seen=3, items_new=1)),
    ])  # fmt: skip
    assert FetchState.objects.values_list("items_new", "polls").get() == (4, 2)


def test_only_the_newest_failure_keeps_its_raw_answer_and_the_log_is_bounded(cast, monkeypatch):
    monkeypatch.setattr("rongmei.sources.actions.recording.LOG_KEPT", 10)
    source = add(cast)
    for number in range(25):
        ended(
            source, FetchOutcome.STATUS, failure="soft", sample=b"%d" % number,
            headers={"server": "x"},
        )  # fmt: skip
    assert [bytes(one.sample) for one in FetchLog.objects.exclude(sample=b"")] == [b"24"]
    assert FetchLog.objects.filter(headers={"server": "x"}).count() == 1
    assert FetchLog.objects.count() == 10


def test_a_batch_is_taken_from_many_hosts(cast):
    for number in range(6):
        add(cast, f"http://slow.example.com/{number}", name=f"慢{number}")
    quick = add(cast, "http://quick.example.com/")
    taken = actions.sources_claim(limit=3, per_host=2)
    assert sorted(one.host for one in taken) == [
        "quick.example.com", "slow.example.com", "slow.example.com",
    ]  # fmt: skip
    assert not actions.sources_claim(limit=9, per_host=2, busy={"slow.example.com": 2})
    assert quick.pk in {one.pk for one in taken}


def test_a_permanent_redirect_is_believed_after_some_time_and_can_be_taken_back(cast):
    source, new = add(cast), "http://news.example.com/new.xml"
    for _ in range(MOVES_BELIEVED - 1):
        state = ended(source, moved_to=new)
    assert (state.source.url, state.moved_seen) == (FEED, MOVES_BELIEVED - 1)
    state = ended(source, moved_to=new)
    assert (state.source.url, state.source.moved_from, state.moved_to) == (new, FEED, "")
    assert AuditEntry.objects.filter(action="source.moved").count() == 1
    actions.source_follow(by=cast["duty"], source_id=source.pk, back=True)
    for _ in range(MOVES_BELIEVED + 1):
        state = ended(source, moved_to=new)
    assert state.source.url == FEED
    assert state.moved_to == new


def test_a_redirect_that_changes_its_mind_is_not_believed(cast):
    source = add(cast)
    for number in range(MOVES_BELIEVED + 2):
        state = ended(source, moved_to=f"http://news.example.com/{number % 2}.xml")
    assert state.source.url == FEED


def test_a_move_onto_a_source_that_is_there_is_left_to_people(cast):
    source, other = add(cast), add(cast, FEED + "2")
    for _ in range(MOVES_BELIEVED):
        state = ended(source, moved_to=other.url)
    assert state.source.url == FEED
    with pytest.raises(Conflict):
        actions.source_follow(by=cast["duty"], source_id=source.pk)


def test_a_source_of_the_private_network_never_moves_by_itself(cast):
    source = add(cast)
    actions.source_mark_internal(by=cast["sysadmin"], source_id=source.pk, internal=True)
    for _ in range(MOVES_BELIEVED + 1):
        state = ended(source, moved_to="http://10.0.0.9/feed.xml")
    assert state.source.url == FEED


def test_a_full_day_waits_for_the_next_and_nothing_is_said_to_be_dropped(cast):
    source = add(cast, max_items_day=5)
    assert selectors.allowance_of(source, timezone.now()) == 5
    state = ended(source, items_seen=5, items_new=5, left=7)
    assert state.quota_until == state.due_at
    assert timezone.localtime(state.due_at).hour == 0
    assert state.why == {"rule": "quota"}
    assert selectors.allowance_of(state.source, timezone.now()) == 0
    assert selectors.allowance_of(state.source, timezone.now() + timedelta(days=1)) == 5
    actions.source_change(by=cast["duty"], source_id=source.pk, max_items_day=0)
    assert FetchState.objects.get().due_at <= timezone.now()


def test_bytes_count_against_their_quota_even_when_the_fetch_failed(cast):
    source = add(cast, max_bytes_day=1000)
    assert ended(source, received=600).quota_until is None
    assert ended(source, FetchOutcome.UNREADABLE, received=600, failure="soft").quota_until


def test_a_unit_may_not_watch_more_sources_than_allowed(cast, settings):
    settings.RONGMEI_SOURCES_PER_UNIT = 2
    add(cast)
    with pytest.raises(Conflict):
        actions.sources_import(
            by=cast["duty"], unit_id=cast.unit("hq").pk,
            feeds=[opml.Outline("一", FEED + "1"), opml.Outline("二", FEED + "2")],
        )  # fmt: skip
    assert Source.objects.count() == 1


def test_an_etag_that_stays_while_the_content_changes_is_not_trusted_again(cast):
    source = add(cast)
    state = ended(source, etag='"1"', body_hash="a", items_seen=1, items_new=1, http_status=200)
    assert selectors.validators_of(state, timezone.now()) == ('"1"', "")
    # Once a day the whole answer is asked for; that is how the lie comes out.
    assert selectors.validators_of(state, timezone.now() + timedelta(days=2)) == ("", "")
    state = ended(source, etag='"1"', body_hash="b", items_seen=2, items_new=1, http_status=200)
    assert state.etag_lies
    assert selectors.validators_of(state, timezone.now()) == ("", "")


def test_an_unchanged_answer_does_not_make_the_whole_one_seem_recent(cast):
    source = add(cast)
    state = ended(source, etag='"1"', items_seen=1, items_new=1, http_status=200)
    seen = state.full_at
    state = ended(source, FetchOutcome.NOT_MODIFIED, etag='"1"', http_status=304)
    assert (state.full_at, state.unchanged, state.polls) == (seen, 1, 2)


def test_what_the_feed_asks_for_is_kept_over_unchanged_answers(cast):
    source = add(cast, min_interval=60, max_interval=DAY)
    state = ended(source, items_seen=1, items_new=1, hints=Hints(every_seconds=4 * HOUR))
    assert state.why["rule"] == "hint"
    assert 4 * HOUR - 5 < (state.due_at - timezone.now()).total_seconds() <= 4 * HOUR
    state = ended(source, FetchOutcome.NOT_MODIFIED, http_status=304)
    assert state.why["rule"] == "hint"


def test_hours_and_days_that_a_feed_skips_are_left_out():
    at = datetime(2026, 6, 1, 10, 30, tzinfo=UTC)
    free = after_skipped(at, Hints(skip_hours=frozenset({at.hour, at.hour + 1})))
    assert (free - at) == timedelta(hours=1, minutes=30)
    assert after_skipped(at, Hints(skip_hours=frozenset(range(24)))) == at
    assert after_skipped(at, Hints(skip_days=frozenset({at.weekday()}))).weekday() != at.weekday()


def _weekdays(weeks):
    """Five arrivals on each weekday, in seconds; the weekend is silent."""
    rhythm = []
    for day in range(7 * weeks):
        if day % 7 < 5:
            for hour in (8, 10, 13, 16, 19):
                at = datetime.fromtimestamp(day * DAY + hour * HOUR, UTC)
                rhythm = rhythm_after(rhythm, at)
    return rhythm


def test_a_weekend_is_no_silence_for_a_source_that_rests_at_weekends():
    limit = silence_limit(_weekdays(6))
    assert timedelta(hours=61) < limit < timedelta(days=6)


def test_one_long_outage_does_not_make_a_source_seem_slow():
    rhythm = [n * DAY for n in range(20)] + [(n + 50) * DAY for n in range(20)]
    assert silence_limit(rhythm) == timedelta(days=3)


def test_little_history_is_no_rhythm():
    assert silence_limit([n * HOUR for n in range(8)]) is None
    assert silence_limit([]) is None


def quiet(cast, **fields):
    source = add(cast, **fields)
    now = timezone.now()
    FetchState.objects.filter(pk=source.pk).update(
        rhythm=[int(now.timestamp()) - (30 - n) * DAY for n in range(20)],
        last_new_at=now - timedelta(days=11),
    )
    return source


def test_a_source_silent_beyond_its_rhythm_is_told_once_and_taken_back(cast):
    source = quiet(cast)
    assert ended(source, FetchOutcome.NOT_MODIFIED, http_status=304).quiet_since
    watching.tell()
    told = Notice.objects.filter(kind="source_quiet")
    assert told.filter(member=cast["duty"]).count() == 1
    watching.tell()
    assert told.filter(member=cast["duty"]).count() == 1
    assert ended(source, items_seen=1, items_new=1).quiet_since is None
    watching.tell()
    assert not told.filter(read_at=None).exists()
    assert FetchState.objects.get().quiet_told_at is None


def test_a_source_that_fails_is_not_called_quiet(cast):
    source = quiet(cast)
    assert ended(source, FetchOutcome.TIMEOUT, failure="temporary").quiet_since is None


def test_failing_for_a_day_is_told_and_recovery_clears_it(cast):
    source = add(cast)
    state = ended(source, FetchOutcome.DNS, failure="temporary", message="查不到域名")
    since = state.failing_since
    assert ended(source, FetchOutcome.DNS, failure="temporary").failing_since == since
    watching.tell()
    assert not Notice.objects.exists()
    FetchState.objects.update(failing_since=timezone.now() - timedelta(hours=25))
    watching.tell()
    assert Notice.objects.filter(kind="source_failing", member=cast["duty"]).count() == 1
    assert ended(source).failing_since is None
    watching.tell()
    assert not Notice.objects.filter(read_at=None).exists()


def test_a_line_that_is_down_gives_one_notice_not_a_hundred(cast):
    for number in range(9):
        source = add(cast, f"{FEED}?{number}", name=f"源{number}")
        ended(source, FetchOutcome.UNREACHABLE, failure="soft")
    FetchState.objects.update(failing_since=timezone.now() - timedelta(hours=25))
    watching.tell()
    told = Notice.objects.filter(member=cast["duty"])
    assert told.count() == 1
    assert "9 个信源" in told.get().title


def test_groups_belong_to_a_unit_and_only_shared_ones_are_lent(cast):
    own = actions.group_add(by=cast["duty"], unit_id=cast.unit("hq").pk, name="  要闻  ")
    assert own.name == "要闻"
    with pytest.raises(Conflict):
        actions.group_add(by=cast["duty"], unit_id=cast.unit("hq").pk, name="要闻")
    with pytest.raises(NotAllowed):
        actions.group_change(by=cast["yl.sysadmin"], group_id=own.pk, name="x")
    source = add(cast, by="yl.sysadmin", unit="yunling")
    with pytest.raises(BadInput):
        actions.source_change(by=cast["yl.sysadmin"], source_id=source.pk, groups=[own.pk])
    actions.group_change(by=cast["duty"], group_id=own.pk, shared=True)
    actions.source_change(by=cast["yl.sysadmin"], source_id=source.pk, groups=[own.pk])
    assert [one.name for one in source.groups.all()] == ["要闻"]
    actions.group_remove(by=cast["duty"], group_id=own.pk)
    assert Source.objects.filter(pk=source.pk).exists()


def test_many_are_changed_at_once_and_others_sources_are_left(cast):
    mine = [add(cast, f"{FEED}?{n}", name=f"源{n}") for n in range(3)]
    theirs = add(cast, FEED + "y", by="yl.sysadmin", unit="yunling")
    group = actions.group_add(by=cast["yl.sysadmin"], unit_id=cast.unit("yunling").pk, name="组")
    ids = [*(one.pk for one in mine), theirs.pk]
    with pytest.raises(BadInput):
        actions.sources_change_many(
            by=cast["yl.sysadmin"], source_ids=ids, way="pace", value="never"
        )
    done = actions.sources_change_many(by=cast["yl.sysadmin"], source_ids=ids, way="pause")
    assert (done.changed, done.left) == (1, 3)
    assert list(Source.objects.filter(enabled=False)) == [theirs]
    done = actions.sources_change_many(
        by=cast["yl.sysadmin"], source_ids=ids, way="join", value=str(group.pk)
    )
    assert list(SourceGroup.objects.get().sources.all()) == [theirs]
    assert AuditEntry.objects.filter(action="sources.changed_many").count() == 2


def test_opml_keeps_groups_and_classes(cast):
    group = actions.group_add(by=cast["duty"], unit_id=cast.unit("hq").pk, name="要闻")
    other = actions.group_add(by=cast["duty"], unit_id=cast.unit("hq").pk, name="财经")
    add(cast, groups=[group.pk, other.pk], media_class="central", region="云岭", tier=2)
    body = opml.write_opml("示例", selectors.outlines(cast["duty"]))
    read = opml.read_opml(body)
    assert [(set(one.groups), one.media_class, one.region, one.tier) for one in read] == [
        ({"要闻", "财经"}, "central", "云岭", 2)
    ]
    done = actions.sources_import(
        by=cast["yl.sysadmin"], unit_id=cast.unit("yunling").pk, feeds=read
    )
    assert (done.changed, done.left) == (1, 0)
    made = Source.objects.get(unit=cast.unit("yunling"))
    assert sorted(one.name for one in made.groups.all()) == ["要闻", "财经"]
    assert (made.media_class, made.region, made.tier) == ("central", "云岭", 2)


def test_other_readers_folders_become_groups():
    body = (
        b'<opml version="2.0"><body><outline text="A"><outline text="B">'
        b'<outline text="f" xmlUrl="http://a.example/f"/></outline>'
        b'<outline text="g" xmlUrl="http://a.example/f" category="/C/D,E"/></outline></body></opml>'
    )
    found = opml.read_opml(body)
    assert [one.groups for one in found] == [("B", "A", "C/D", "E")]
