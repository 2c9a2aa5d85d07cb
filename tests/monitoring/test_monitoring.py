"""Reprints of ours, topics and their judging, pages and who may open them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from rongmei.archive import actions as archive
from rongmei.archive.identity import SourceFacts
from rongmei.archive.indexing import as_indexed
from rongmei.archive.models import Change, Document
from rongmei.kernel import db, streams
from rongmei.kernel.errors import NotAllowed
from rongmei.monitoring import actions, copies, digesting, heat, selectors, topics
from rongmei.monitoring.errors import ReasonMissing
from rongmei.monitoring.models import Band, ReprintFamily, Topic, WatchBand
from rongmei.network.models import Notice
from rongmei.network.testing import Cast
from rongmei.sources.types import Item
from rongmei_wire.library import default_library
from tests.monitoring.conftest import Newsroom

SignedIn = Callable[[str], Client]
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def _text(piece_id: str) -> str:
    piece = default_library().piece(piece_id)
    assert piece is not None
    return piece.text


@pytest.fixture
def topic(newsroom: Newsroom) -> Topic:
    newsroom.pieces([p for p in default_library().pieces if p.event == "rumour-price"])
    newsroom.digest()
    return Topic.objects.order_by("-document_count")[0]


@pytest.mark.parametrize("first", ["watch", "document"])
def test_reprint_of_ours_is_found_with_evidence(newsroom: Newsroom, first: str):
    subject, unit = uuid.uuid4(), newsroom.cast.unit("yunling").pk

    def register() -> None:
        with db.write():
            actions.watch_register(
                subject_id=subject, unit_id=unit, title="通告", text=_text("rumour-denied"),
                since=newsroom.now - timedelta(hours=5),
            )  # fmt: skip

    if first == "watch":
        register()
    newsroom.keep("电价没有翻倍", _text("rumour-denied-r1"), medium="yunling-morning", hours=2)
    newsroom.keep("旧闻", _text("rumour-denied"), medium="wire", hours=9)
    newsroom.digest()
    if first == "document":
        register()
        digesting.watches_due()
    found = selectors.reprints_of(subject)
    assert [one.title for one in found] == ["电价没有翻倍"]
    assert found[0].similarity >= 0.8
    assert selectors.reprint_counts([subject, uuid.uuid4()]) == {subject: 1}
    assert Notice.objects.filter(member=newsroom.cast["yl.chief"], subject_id=subject).count() == 1


def test_traditional_full_width_copy_is_the_same_text():
    ours = (
        "云岭公司声明，网传居民电价上调一倍的内部通知系伪造，公司已向公安机关报案，价格以主管部门公布为准。"
        * 2
    )
    theirs = (
        "雲嶺公司聲明，網傳居民電價上調一倍的內部通知系偽造，公司已向公安機關報案，價格以主管部門公佈為準。"
        * 2
    )
    alike = copies.likeness(copies.shingles(ours), copies.shingles(theirs + "\n责任编辑：示例"))
    assert alike.is_copy


@given(st.text(max_size=300), st.text(max_size=300))
def test_likeness_is_symmetric_and_within_bounds(one: str, other: str):
    a, b = copies.shingles(one), copies.shingles(other)
    found = copies.likeness(a, b)
    assert found == copies.likeness(b, a)
    assert 0 <= found.jaccard <= found.within <= 1


@given(
    st.lists(
        st.builds(
            heat.Text, family=st.sampled_from("abcde"), source=st.sampled_from("xyz"),
            tier=st.integers(1, 3),
            at=st.integers(0, 70).map(lambda hours: NOW - timedelta(hours=hours)),
        ),
        max_size=20,
    ),
    st.none() | st.integers(1, 50),
)  # fmt: skip
def test_heat_is_the_sum_of_its_terms(texts: list[heat.Text], rank: int | None):
    found = heat.explain(texts, rank=rank, now=NOW)
    assert found["heat"] == round(sum(term["points"] for term in found["terms"]), 2)
    assert found["heat"] >= -0.05


def test_reprints_add_no_heat():
    one = heat.Text("a", "x", 1, NOW - timedelta(hours=2))
    copy = heat.Text("a", "y", 1, NOW - timedelta(hours=1))
    alone = heat.explain([one], rank=None, now=NOW)
    both = heat.explain([one, copy], rank=None, now=NOW)
    assert alone["terms"][:2] == both["terms"][:2]


def test_dismissing_needs_a_reason_and_stays_in_the_unit(topic: Topic, cast: Cast):
    with pytest.raises(ReasonMissing):
        actions.topic_dismiss(by=cast["planner"], topic_id=topic.pk, reason=" ")
    actions.topic_dismiss(by=cast["planner"], topic_id=topic.pk, reason="已处理")
    assert topic not in selectors.hot_now(cast["planner"])
    assert topic in selectors.hot_now(cast["yl.planner"])
    assert selectors.marks_of(cast["yl.planner"], topic) == []
    actions.topic_restore(by=cast["planner"], topic_id=topic.pk)
    assert topic in selectors.hot_now(cast["planner"])


def test_reporter_may_look_but_not_judge(topic: Topic, cast: Cast, signed_in: SignedIn):
    with pytest.raises(NotAllowed):
        actions.topic_dismiss(by=cast["yl.reporter"], topic_id=topic.pk, reason="x")
    browser = signed_in("yl.reporter")
    assert browser.get(f"/desk/monitoring/topics/{topic.pk}/").status_code == 200
    assert (
        browser.post(f"/desk/monitoring/topics/{topic.pk}/dismiss/", {"reason": "x"}).status_code
        == 403
    )
    assert signed_in("sysadmin").get("/desk/monitoring/").status_code == 403


def test_other_unit_does_not_see_our_reprints(newsroom: Newsroom, signed_in: SignedIn):
    subject = uuid.uuid4()
    with db.write():
        actions.watch_register(
            subject_id=subject, unit_id=newsroom.cast.unit("yunling").pk, title="通告",
            text=_text("rumour-denied"), since=newsroom.now,
        )  # fmt: skip
    url = f"/desk/monitoring/reprints/{subject}/"
    assert signed_in("yl.chief").get(url).status_code == 200
    assert signed_in("jc.chief").get(url).status_code == 404


def test_papers_of_one_unit_are_in_nobodys_topic(newsroom: Newsroom, signed_in: SignedIn):
    newsroom.keep("内部通报一则", _text("rumour-denied"), medium="wire", shared=False)
    newsroom.keep("内部通报一则", _text("rumour-denied"), medium="yunling-daily", shared=False)
    newsroom.digest()
    assert not Topic.objects.exists()
    family = selectors.families_visible_to(newsroom.cast["duty"]).get()
    assert signed_in("yl.chief").get(f"/desk/monitoring/families/{family.pk}/").status_code == 404


def test_pages_open_within_their_budgets(
    topic: Topic, newsroom: Newsroom, signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
):  # fmt: skip
    newsroom.hot_list("甲", "乙", minutes=5)
    newsroom.hot_list("乙", "丙")
    browser = signed_in("duty")
    family = selectors.families_visible_to(newsroom.cast["duty"])[0]
    urls = ["", f"topics/{topic.pk}/", f"families/{family.pk}/", "hot-lists/"]
    for url in urls:
        browser.get(f"/desk/monitoring/{url}")
        with django_assert_max_num_queries(30):
            answer = browser.get(f"/desk/monitoring/{url}")
        assert answer.status_code == 200, url
    shown = answer.content.decode()
    assert "↑1" in shown
    assert "新上榜" in shown


def test_api_gives_topics_with_their_explanation(topic: Topic, signed_in: SignedIn):
    found = json.loads(signed_in("duty").get("/api/v1/monitoring/topics").content)
    assert found["count"] >= 1
    first = found["items"][0]
    assert round(sum(term["points"] for term in first["explain"]["terms"]), 2) == first["heat"]


def test_stream_addresses_expire(monkeypatch: pytest.MonkeyPatch):
    token = streams.signed_url("someone", ["monitoring."]).split("token=")[1]
    signing.loads(token, salt=streams.SALT, max_age=streams.LIFETIME)
    later = time.time() + streams.LIFETIME + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(signing.SignatureExpired):
        signing.loads(token, salt=streams.SALT, max_age=streams.LIFETIME)


@pytest.mark.django_db
def test_counting_says_when_it_was_done_also_when_nothing_moved():
    now = timezone.now()
    topic = Topic.objects.create(title="示例", first_at=now, last_at=now)
    Topic.objects.update(updated_at=now - timedelta(hours=1))
    topic.refresh_from_db()
    topics.save_counts([topic])
    counted = selectors.counted_at()
    assert counted is not None and counted >= now


FIRST = (
    "示例县昨夜迎来大风天气，多条线路跳闸，抢修人员连夜出动，到清晨已经恢复大部分用户的供电。" * 3
)


def test_documents_of_a_family_carry_its_number_and_the_index_is_told(newsroom: Newsroom):
    one = newsroom.keep("大风之后的清晨", FIRST, hours=3)
    alone = newsroom.keep("一篇别的报道", _text("rumour-denied"), hours=3)
    newsroom.digest()
    assert Document.objects.get(pk=one.pk).family_id is None
    before = Change.objects.count()
    other = newsroom.keep("一夜大风", FIRST + "据了解，抢修还在继续。", medium="daily", hours=2)
    newsroom.digest()
    held = Document.objects.in_bulk([one.pk, alone.pk, other.pk])
    assert held[one.pk].family_id == held[other.pk].family_id is not None
    assert held[alone.pk].family_id is None
    # The new document came in, then both got their family.
    told = list(Change.objects.order_by("seq").values_list("document_id", flat=True)[before:])
    assert told[0] == other.pk
    assert set(told[1:]) == {one.pk, other.pk}
    assert as_indexed(held[one.pk], 1).family_id == str(held[other.pk].family_id)


def test_document_with_other_words_leaves_its_family(newsroom: Newsroom):
    one = newsroom.keep("大风之后的清晨", FIRST, hours=3)
    other = newsroom.keep("一夜大风", FIRST, medium="daily", hours=2)
    newsroom.digest()
    held, url = newsroom.source("daily"), "https://daily.example/1"
    source = SourceFacts(held.pk, held.unit_id, held.name, "local", "", "zh", True)
    item = Item("1", url, url, "一夜大风", body=_text("rumour-denied"), content_hash="f" * 64)
    with db.write():
        arrived = archive.Arrived(item, Document.objects.get(pk=other.pk).identity, "x")
        assert archive.documents_store([arrived], source=source, at=timezone.now()).changed == 1
    newsroom.digest()
    assert Document.objects.get(pk=other.pk).family_id is None
    assert Document.objects.get(pk=one.pk).family_id is not None


def test_text_that_joins_two_families_makes_them_one(newsroom: Newsroom):
    left, right = _text("pumped-storage"), _text("rumour-denied")
    for number, body in enumerate([left, left, right, right]):
        newsroom.keep(f"第{number}篇示例报道", body, medium=f"m{number}", hours=5 - number)
    newsroom.digest()
    assert len(set(Document.objects.values_list("family_id", flat=True))) == 2
    newsroom.keep("合并示例", left + "\n" + right, medium="both", hours=0.5)
    newsroom.digest()
    assert len(set(Document.objects.values_list("family_id", flat=True))) == 1
    assert [one.size for one in ReprintFamily.objects.all()] == [5]


def test_bands_go_after_a_fortnight_and_those_of_watches_stay(newsroom: Newsroom):
    newsroom.keep("旧闻示例", FIRST, hours=24 * 15)
    newsroom.digest()
    with db.write():
        actions.watch_register(
            subject_id=uuid.uuid4(), unit_id=newsroom.cast.unit("yunling").pk, title="通告",
            text=FIRST, since=newsroom.now,
        )  # fmt: skip
    newsroom.keep("新闻示例", _text("rumour-denied"), hours=1)
    newsroom.digest()
    assert Band.objects.count() == 2 * copies.BANDS
    assert digesting.prune_due() >= copies.BANDS
    assert Band.objects.count() == WatchBand.objects.count() == copies.BANDS
