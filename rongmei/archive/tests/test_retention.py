"""What is past its time goes, wholly and once; what is held, used or not due stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rongmei.archive import (
    actions,
    ageing,
    keeping,
    reclaiming,
    retention,
    selectors,
    snapshots,
    verifying,
)
from rongmei.archive.errors import SamePerson
from rongmei.archive.models import (
    Change,
    Document,
    DocumentVersion,
    Hold,
    RetentionRule,
    RetentionRun,
    Snapshot,
)
from rongmei.archive.snapshots import Held
from rongmei.archive.tests.collectors import watch
from rongmei.archive.vault import Vault
from rongmei.archive.warc import Answer
from rongmei.kernel import db
from rongmei.kernel.errors import BadInput, Conflict, NotAllowed
from rongmei.kernel.models import AuditEntry

pytestmark = pytest.mark.django_db


def keep(cast, word, *, days=0, kind="article", unit="hq", media="social", body="") -> Document:
    with db.write():
        held = actions.document_keep(
            kind=kind, identity=word, unit_id=cast.unit(unit).pk, title=f"示例{word}",
            body=body or f"{word}示例正文", source_name="示例", published_at=timezone.now(),
            media_class=media,
        )  # fmt: skip
    aged(held, days)
    return held


def aged(document, days):
    Document.objects.filter(pk=document.pk).update(fetched_at=timezone.now() - timedelta(days=days))


def propose(cast, *, by="sysadmin", days=90, **given):
    return keeping.rule_propose(
        by=cast[by], keep=given.pop("keep", "days"), days=days, reason="示例依据",
        effective_on=given.pop("effective_on", timezone.localdate()), **given,
    )  # fmt: skip


def in_force(cast, **given):
    return keeping.rule_put_in_force(by=cast["secadmin"], rule_id=propose(cast, **given).pk)


def titles() -> set[str]:
    return {
        title.removeprefix("示例") for title in Document.objects.values_list("title", flat=True)
    }


def test_without_a_rule_everything_is_kept_for_ever(cast):
    keep(cast, "甲", days=20_000)
    assert ageing.age_out() == 0
    assert ageing.run_now() is None
    assert titles() == {"甲"}


def test_what_is_past_its_time_goes_and_what_is_not_stays(cast):
    in_force(cast, media_class="social")
    keep(cast, "到期", days=91)
    keep(cast, "未到期", days=89)
    keep(cast, "别类", days=91, media="central")
    assert ageing.age_out() == 1
    assert titles() == {"未到期", "别类"}
    line = AuditEntry.objects.get(action="documents.removed")
    assert line.detail["count"] == 1


def test_own_stories_stay_unless_a_rule_names_them(cast):
    in_force(cast)
    in_force(cast, unit_id=cast.unit("yunling").pk, media_class="company")
    keep(cast, "稿", days=999, kind="story", unit="yunling", media="company")
    keep(cast, "发", days=999, kind="publication")
    keep(cast, "报", days=999)
    ageing.run_now()
    assert titles() == {"稿", "发"}
    in_force(cast, kind="story", days=900)
    ageing.run_now()
    assert titles() == {"发"}


@pytest.mark.parametrize(
    ("given", "stays"),
    [
        ({"unit_id": "yunling", "keep": "forever"}, True),
        ({"media_class": "social", "keep": "forever"}, True),
        ({"kind": "article", "keep": "forever"}, True),
        ({"unit_id": "jiangchuan", "keep": "forever"}, False),
        ({"kind": "story", "keep": "forever"}, False),
    ],
)
def test_the_more_specific_rule_decides(cast, given, stays):
    given = dict(given)
    if "unit_id" in given:
        given["unit_id"] = cast.unit(given["unit_id"]).pk
    in_force(cast)
    in_force(cast, **given)
    keep(cast, "甲", days=100, unit="yunling")
    ageing.run_now()
    assert (titles() == {"甲"}) is stays


def test_kind_goes_before_unit_and_unit_before_class(cast):
    unit = cast.unit("yunling").pk
    in_force(cast, media_class="social", days=60)
    in_force(cast, unit_id=unit, days=70)
    in_force(cast, kind="article", days=80)
    held = keep(cast, "甲", unit="yunling")
    counted = retention.rulings(timezone.localdate())
    assert retention.ruling_for(held, counted).days == 80
    order = [one.days for one in counted]
    assert order == [80, None, None, 70, 60, None]


def test_the_database_and_the_single_document_agree(cast):
    """Every document's own ruling says the same as the query that finds what is due."""
    unit = cast.unit("yunling").pk
    in_force(cast, media_class="social", days=60)
    in_force(cast, unit_id=unit, keep="forever")
    in_force(cast, unit_id=unit, media_class="social", days=200)
    in_force(cast, kind="manual", media_class="central", days=100)
    in_force(cast, kind="manual", keep="forever")
    number = 0
    for kind in ("article", "manual", "story"):
        for media in ("social", "central", "company"):
            for at in ("hq", "yunling"):
                for days in (61, 101, 201):
                    number += 1
                    keep(cast, str(number), kind=kind, media=media, unit=at, days=days)
    now = timezone.now()
    counted = retention.rulings(timezone.localdate())
    due = set(
        Document.objects.filter(retention.outlived(counted, now)).values_list("pk", flat=True)
    )
    expected = set()
    for one in Document.objects.all():
        days = retention.ruling_for(one, counted).days
        if days is not None and one.fetched_at < now - timedelta(days=days):
            expected.add(one.pk)
    assert due == expected
    assert 0 < len(due) < number


def test_the_newest_rule_counts_from_its_day_and_the_earlier_ones_are_history(cast):
    in_force(cast, days=90)
    tomorrow = timezone.localdate() + timedelta(days=1)
    in_force(cast, days=60, effective_on=tomorrow)
    assert [one.days for one in retention.rulings(timezone.localdate())][-1] == 90
    assert [one.days for one in retention.rulings(tomorrow)][-1] == 60
    in_force(cast, keep="general", effective_on=tomorrow)
    assert [one.days for one in retention.rulings(tomorrow)][-1] is None
    assert RetentionRule.objects.filter(state="in_force").count() == 3


def test_one_proposes_and_another_agrees(cast):
    rule = propose(cast)
    keep(cast, "甲", days=100)
    assert ageing.run_now() is None
    with pytest.raises(SamePerson):
        keeping.rule_put_in_force(by=cast["sysadmin"], rule_id=rule.pk)
    keeping.rule_put_in_force(by=cast["auditor"], rule_id=rule.pk)
    with pytest.raises(Conflict):
        keeping.rule_withdraw(by=cast["secadmin"], rule_id=rule.pk)
    actions_ = AuditEntry.objects.filter(action__startswith="retention.").order_by("seq")
    assert [(one.action, one.detail.get("would_remove")) for one in actions_] == [
        ("retention.proposed", None), ("retention.put_in_force", 1),
    ]  # fmt: skip


def test_a_withdrawn_proposal_counts_for_nothing(cast):
    keep(cast, "甲", days=100)
    keeping.rule_withdraw(by=cast["sysadmin"], rule_id=propose(cast).pk)
    assert ageing.run_now() is None


@pytest.mark.parametrize(
    "given",
    [
        {"days": 59}, {"days": None}, {"media_class": "x"}, {"kind": "x"}, {"keep": "x"},
        {"effective_on": timezone.localdate() - timedelta(days=1)},
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(cast, given):
    with pytest.raises(BadInput):
        propose(cast, **given)
    assert not RetentionRule.objects.exists()


def test_who_runs_a_lower_unit_rules_over_that_unit_only(cast):
    rule = propose(cast, by="yl.sysadmin", unit_id=cast.unit("yunling").pk)
    for unit in (None, cast.unit("jiangchuan").pk, cast.unit("hq").pk):
        with pytest.raises(NotAllowed):
            propose(cast, by="yl.sysadmin", unit_id=unit)
    everywhere = propose(cast)
    for name in ("yl.auditor", "yl.secadmin"):
        with pytest.raises(NotAllowed):
            keeping.rule_put_in_force(by=cast[name], rule_id=everywhere.pk)
    assert keeping.rule_put_in_force(by=cast["yl.auditor"], rule_id=rule.pk).state == "in_force"


def test_only_administrators_make_rules(cast):
    for name in ("planner", "duty", "analyst", "yl.chief", "secadmin", "auditor"):
        with pytest.raises(NotAllowed):
            propose(cast, by=name)
    rule = propose(cast)
    for name in ("planner", "duty", "analyst", "yl.chief"):
        with pytest.raises(NotAllowed):
            keeping.rule_put_in_force(by=cast[name], rule_id=rule.pk)
        with pytest.raises(NotAllowed):
            keeping.rule_withdraw(by=cast[name], rule_id=rule.pk)


def test_the_preview_counts_what_would_newly_go(cast):
    in_force(cast, days=300, media_class="social")
    keep(cast, "旧", days=301)
    keep(cast, "新", days=100)
    keep(cast, "央", days=100, media="central")
    held = keep(cast, "保", days=100)
    keeping.hold_place(by=cast["auditor"], name="示例", reason="示例", document_ids=[held.pk])
    oldest = Document.objects.get(title="示例新").fetched_at
    would = retention.preview(propose(cast, days=90, media_class="social"))
    assert (would.count, would.held, would.oldest) == (1, 1, oldest)
    assert would.groups == (("social", "article", 1),)
    soon = timezone.localdate() + timedelta(days=30)
    later = retention.preview(propose(cast, days=120, media_class="central", effective_on=soon))
    assert later.count == 1


def test_a_hold_keeps_and_two_people_lift_it(cast):
    in_force(cast)
    held = keep(cast, "甲", days=100)
    hold = keeping.hold_place(
        by=cast["auditor"], name="示例", reason="示例", document_ids=[held.pk]
    )
    run = ageing.run_now()
    assert (run.removed, run.held) == (0, 1)
    with pytest.raises(ProtectedError):
        Document.objects.filter(pk=held.pk).delete()
    with pytest.raises(Conflict):
        keeping.hold_lift(by=cast["secadmin"], hold_id=hold.pk)
    keeping.hold_lift_ask(by=cast["auditor"], hold_id=hold.pk, reason="示例")
    with pytest.raises(SamePerson):
        keeping.hold_lift(by=cast["auditor"], hold_id=hold.pk)
    assert ageing.run_now().removed == 0
    keeping.hold_lift(by=cast["secadmin"], hold_id=hold.pk)
    assert ageing.run_now().removed == 1
    said = AuditEntry.objects.filter(action__startswith="hold.").order_by("seq")
    assert [one.action for one in said] == ["hold.placed", "hold.lift_asked", "hold.lifted"]


def test_a_refused_lifting_leaves_the_hold(cast):
    hold = keeping.hold_place(
        by=cast["auditor"], name="示例", reason="示例", document_ids=[keep(cast, "甲").pk]
    )
    keeping.hold_lift_ask(by=cast["auditor"], hold_id=hold.pk, reason="示例")
    assert keeping.hold_lift_refuse(by=cast["secadmin"], hold_id=hold.pk).state == "active"
    with pytest.raises(Conflict):
        keeping.hold_lift(by=cast["secadmin"], hold_id=hold.pk)


def test_one_hold_lifted_leaves_the_other(cast):
    in_force(cast)
    held = keep(cast, "甲", days=100)
    first, _second = (
        keeping.hold_place(by=cast["auditor"], name=name, reason="示例", document_ids=[held.pk])
        for name in ("一", "二")
    )
    keeping.hold_lift_ask(by=cast["auditor"], hold_id=first.pk, reason="示例")
    keeping.hold_lift(by=cast["secadmin"], hold_id=first.pk)
    assert ageing.run_now().held == 1


def test_a_hold_on_a_source_covers_what_comes_later(cast):
    in_force(cast)
    source = watch(cast, "http://news.example.com/feed.xml")
    hold = keeping.hold_place(by=cast["auditor"], name="示例", reason="示例", source=source.url)
    assert (hold.scope, hold.count) == ("source", 0)
    later, other = keep(cast, "甲", days=100), keep(cast, "乙", days=100)
    Document.objects.filter(pk=later.pk).update(source=source)
    assert retention.held_of([later.pk, other.pk]) == {later.pk}
    run = ageing.run_now()
    assert (run.removed, run.held) == (1, 1)
    assert titles() == {"甲"}


def test_a_hold_on_a_search_covers_what_it_finds_now(cast, own_index):
    in_force(cast)
    keep(cast, "停电", days=100, body="停电示例正文")
    keep(cast, "供暖", days=100, body="供暖示例正文")
    own_index()
    hold = keeping.hold_place(by=cast["auditor"], name="示例", reason="示例", query="停电")
    assert (hold.scope, hold.count, hold.query) == ("query", 1, "停电")
    ageing.run_now()
    assert titles() == {"停电"}


def test_a_hold_reaches_no_further_than_its_maker(cast, own_index):
    with db.write():
        private = actions.document_keep(
            kind="article", identity="x", unit_id=cast.unit("jiangchuan").pk, title="示例停电",
            body="停电", source_name="示例", published_at=timezone.now(), shared=False,
        )  # fmt: skip
    own_index()
    for given in ({"document_ids": [private.pk]}, {"query": "停电"}):
        with pytest.raises(BadInput):
            keeping.hold_place(by=cast["yl.auditor"], name="示例", reason="示例", **given)
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    "given", [{}, {"query": "a", "source": "b"}, {"query": "a", "name": ""}, {"source": "没有"}]
)
def test_a_hold_on_nothing_or_two_things_is_refused(cast, given):
    with pytest.raises(BadInput):
        keeping.hold_place(by=cast["auditor"], **{"name": "示例", "reason": "示例", **given})


def test_who_may_hold_role_by_role(cast):
    document = keep(cast, "甲")
    for name, member in cast.people.items():
        may = name in {"secadmin", "auditor", "yl.secadmin", "yl.auditor"}
        try:
            keeping.hold_place(by=cast[name], name=name, reason="示例", document_ids=[document.pk])
        except NotAllowed:
            assert not may, member
        else:
            assert may, member


def test_what_is_in_use_stays_and_is_looked_at_again(cast, monkeypatch):
    in_force(cast)
    used, free = keep(cast, "甲", days=100), keep(cast, "乙", days=99)
    asked = []

    def in_use(ids):
        asked.append(list(ids))
        return {used.pk} & set(ids)

    monkeypatch.setattr(retention, "in_use", in_use)
    run = ageing.run_now()
    assert (run.removed, run.in_use) == (1, 1)
    # Asked before the write with all that is due, and in it with what is to go.
    assert asked == [[used.pk, free.pk], [free.pk]]
    monkeypatch.setattr(retention, "in_use", lambda ids: set())
    assert ageing.run_now().removed == 1


def test_what_came_into_use_or_under_hold_meanwhile_stays(cast, monkeypatch):
    in_force(cast)
    late = keep(cast, "甲", days=100)
    looks = iter([set(), {late.pk}])
    monkeypatch.setattr(retention, "in_use", lambda ids: next(looks))
    assert ageing.run_now().removed == 0
    assert titles() == {"甲"}


def test_versions_index_and_snapshots_go_with_the_document(cast, own_index, own_vault):
    in_force(cast)
    gone, stays = keep(cast, "甲"), keep(cast, "乙")
    keep(cast, "甲", body="改过的甲示例正文")
    aged(gone, 100)
    body = b"body" * 200
    first, shared, again = answers(own_vault, body, body * 2, None)
    note(gone, first)
    note(gone, shared)
    note(stays, shared)
    own_index()
    assert DocumentVersion.objects.count() == 1
    run = ageing.run_now()
    assert (run.removed, run.snapshots) == (1, 1)
    assert not DocumentVersion.objects.exists()
    assert Change.objects.get(document_id=gone.pk, deleted=True)
    assert set(Snapshot.objects.values_list("pk", flat=True)) == {shared.id}
    own_index()
    page = selectors.find(cast["planner"], "示例", facets=False, highlight=False)
    assert [one.document.pk for one in page.hits] == [stays.pk]
    assert verifying.verify(full=True).ok
    assert again is None


def test_a_body_that_a_repeat_needs_stays_until_the_repeat_goes(cast, own_vault):
    in_force(cast)
    first_, later = keep(cast, "甲", days=100), keep(cast, "乙")
    original, _same = answers(own_vault, b"body" * 200, None)
    note(first_, original)
    repeat = Held(original.answer, original.span, original.id)
    note(later, repeat)
    assert ageing.run_now().snapshots == 0
    aged(later, 100)
    assert ageing.run_now().snapshots == 2
    assert not Snapshot.objects.exists()


def test_a_batch_is_removed_in_as_many_queries_as_one(cast):
    in_force(cast)
    keep(cast, "一", days=100)
    counts = []
    for number in (1, 40):
        for one in range(number):
            keep(cast, f"{number}-{one}", days=100)
        run = RetentionRun.objects.create()
        counted = retention.rulings(timezone.localdate())
        with CaptureQueriesContext(connection) as queries:
            ageing.step(run, counted)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 45


def test_a_killed_passage_goes_on_where_it_was(cast, monkeypatch):
    in_force(cast)
    for number in range(5):
        keep(cast, str(number), days=100 - number)
    monkeypatch.setattr(ageing, "BATCH", 2)
    monkeypatch.setattr(ageing, "SECONDS_A_GO", 0.0)
    counted = retention.rulings(timezone.localdate())
    run = ageing._present_run(counted)
    ageing.step(run, counted)
    assert titles() == {"2", "3", "4"}
    # The worker was killed; the next one finds the row.
    monkeypatch.setattr(ageing, "SECONDS_A_GO", 9.0)
    assert ageing.age_out() == 3
    run.refresh_from_db()
    assert (run.state, run.removed) == ("done", 5)
    assert ageing.age_out() == 0
    assert RetentionRun.objects.count() == 1


def test_a_passage_begins_when_a_rule_comes_into_effect_and_once_a_day(cast):
    in_force(cast, media_class="social")
    ageing.age_out()
    ageing.age_out()
    assert RetentionRun.objects.count() == 1
    in_force(cast, media_class="central")
    ageing.age_out()
    assert RetentionRun.objects.count() == 2
    RetentionRun.objects.update(created_at=timezone.now() - timedelta(days=2))
    RetentionRule.objects.update(decided_at=timezone.now() - timedelta(days=3))
    ageing.age_out()
    assert RetentionRun.objects.count() == 3


@pytest.fixture
def own_vault(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "folder_path", lambda: tmp_path / "snapshots")
    snapshots.folder.cache_clear()
    yield Vault(tmp_path / "snapshots")
    snapshots.folder.cache_clear()


def answers(vault, *bodies):
    made = []
    for number, body in enumerate(bodies):
        if body is None:
            made.append(None)
            continue
        answer = Answer(f"http://a.example/{number}", datetime.now(UTC), 200, {}, body)
        [span] = vault.append([(answer, None)])
        made.append(Held(answer, span))
    return made


def note(document, held):
    with db.write():
        snapshots.note({"x": [held]}, [("x", document.pk, 1)])


LATER = timedelta(days=2)


def filled(cast, vault, count=6):
    """A closed segment with a snapshot for each of `count` documents; all but the last are due."""
    in_force(cast)
    made = []
    for number in range(count):
        document = keep(cast, str(number), days=100 if number < count - 1 else 0)
        body = bytes((number * 7 + step * step) % 251 for step in range(60_000))
        [held] = answers(vault, number.to_bytes(2, "big") + body)
        note(document, held)
        made.append(document)
    vault.close()
    return made


def test_space_is_given_back_and_what_is_left_reads_as_before(
    cast, own_index, own_vault, monkeypatch
):
    monkeypatch.setattr(reclaiming, "WORTH_BYTES", 100)
    *_gone, last = filled(cast, own_vault)
    before = Snapshot.objects.get(uses__document=last)
    kept = snapshots.opened(before).digest
    own_index()
    ageing.run_now()
    assert reclaiming.wasteful(timezone.now()) == []
    done = reclaiming.reclaim(at=timezone.now() + LATER)
    assert (done.segments, done.finished) == (1, True)
    assert done.bytes > 0
    after = Snapshot.objects.get(pk=before.pk)
    assert after.segment != before.segment
    assert list(own_vault.segments()) == [after.segment]
    assert snapshots.opened(after).digest == kept
    # Who read the row before the move still gets the bytes.
    assert snapshots.opened(before).digest == kept
    own_index()
    assert verifying.verify(full=True).ok
    assert reclaiming.reclaim(at=timezone.now() + LATER * 2).segments == 0


def test_a_segment_that_nobody_claims_is_removed(cast, own_vault):
    last = filled(cast, own_vault)[-1]
    aged(last, 100)
    ageing.run_now()
    assert reclaiming.reclaim(at=timezone.now() + LATER).bytes > 0
    assert own_vault.segments() == {}


def test_segments_stay_as_they_are_while_they_are_copied(cast, own_vault, monkeypatch):
    monkeypatch.setattr(reclaiming, "WORTH_BYTES", 100)
    filled(cast, own_vault)
    ageing.run_now()
    names = set(own_vault.segments())
    with snapshots.folder().standing():
        done = reclaiming.reclaim(at=timezone.now() + LATER)
    assert (done.bytes, done.finished) == (0, False)
    assert set(own_vault.segments()) == names


@pytest.mark.parametrize("where", ["_point", "unlink"])
def test_killed_while_rewriting_every_row_points_to_its_bytes(
    cast, own_index, own_vault, monkeypatch, where
):
    monkeypatch.setattr(reclaiming, "WORTH_BYTES", 100)
    monkeypatch.setattr(reclaiming, "_PIECE", 1)
    made = filled(cast, own_vault, 8)
    aged(made[2], 0)
    ageing.run_now()
    own_index()
    real, calls = reclaiming._point, []

    def killed(rows, spans):
        if where == "_point" and calls:
            raise KeyboardInterrupt
        calls.append(1)
        real(rows, spans)
        if where == "unlink" and len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(reclaiming, "_point", killed)
    with pytest.raises(KeyboardInterrupt):
        reclaiming.reclaim(at=timezone.now() + LATER)
    assert len(own_vault.segments()) == 2
    assert verifying.verify(full=True).ok
    monkeypatch.setattr(reclaiming, "_point", real)
    reclaiming.reclaim(at=timezone.now() + LATER * 2)
    assert verifying.verify(full=True).ok
    assert Snapshot.objects.count() == 2
    assert {one.segment for one in Snapshot.objects.all()} == set(own_vault.segments())
