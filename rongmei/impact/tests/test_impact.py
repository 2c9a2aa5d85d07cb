"""Counting reads honestly, once; snapshots; scores; who may see figures."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.utils import timezone

from rongmei.channels import actions as channels
from rongmei.channels import delivering
from rongmei.channels.errors import OnlyAtHome
from rongmei.channels.testing import make_site
from rongmei.impact import actions, marks, readers, scores, selectors, spool
from rongmei.impact.models import DaySalt, MetricSnapshot, ReadCount, ReaderSeen, Reported, Spooled
from rongmei.impact.types import MARKS
from rongmei.kernel import db
from rongmei.network.hooks import Arrival
from rongmei.network.models import Envelope, Node, Peer
from rongmei.network.types import PeerState

UA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.fixture(autouse=True)
def clean_spool(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "folder", lambda: tmp_path / "reads")
    readers._salts.clear()
    yield
    readers._salts.clear()


@pytest.fixture
def made(cast, newsroom):
    site = make_site(cast.unit("platform"))
    story = newsroom.sign(cast.unit("platform"), "=雪线上的灯")
    held = channels.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    delivering.deliver_due()
    held.refresh_from_db()
    return held


def read(slug, ip="203.0.113.7", ua=UA, client=None):
    return (client or Client()).post(f"/r/{slug}", REMOTE_ADDR=ip, HTTP_USER_AGENT=ua)


def totals(held):
    found = selectors.totals([held.pk])[held.pk]
    return found.reads, found.readers


def test_reads_and_readers(made):
    for ip in ("203.0.113.7", "203.0.113.7", "203.0.113.8"):
        assert read(made.slug, ip).status_code == 204
    assert actions.reads_store() == 3
    assert totals(made) == (2, 2), "a reload within half an hour is the same read"
    now = timezone.now()
    token = readers.token_for("203.0.113.7", UA, timezone.localdate(now))
    ReaderSeen.objects.update(read_at=now - timedelta(minutes=31))
    actions.read_count(publication_id=made.pk, reader_token=token, at=now)
    assert totals(made) == (3, 2), "a reader who comes back reads again and is one reader"


def test_programs_and_our_own_people_do_not_count(made, signed_in):
    for ua in ("Googlebot/2.1", "Baiduspider+", "curl/8.5.0 (x86_64)", "", "HeadlessChrome/1 Mozilla",
               "python-httpx/0.28", "Rongmei/0.1 monitor"):  # fmt: skip
        read(made.slug, ua=ua)
    read(made.slug, client=signed_in("editor"))
    assert actions.reads_store() == 0


def test_nothing_that_names_a_reader_is_kept(made):
    read(made.slug, ip="198.51.100.23")
    kept = (spool.folder() / "reads.spool").read_text()
    assert "198.51.100.23" not in kept and "Mozilla" not in kept
    actions.reads_store()
    today = timezone.localdate()
    before = readers.token_for("198.51.100.23", UA, today)
    DaySalt.objects.filter(day=today).update(salt=b"another day")
    readers._salts.clear()
    assert readers.token_for("198.51.100.23", UA, today) != before
    DaySalt.objects.update(day=today - timedelta(days=2))
    ReaderSeen.objects.update(day=today - timedelta(days=2))
    actions.forget()
    assert not DaySalt.objects.filter(day__lt=today).exists() and not ReaderSeen.objects.exists()
    assert totals(made) == (1, 1), "the counts stay"


def test_noting_a_read_writes_no_row(made, django_assert_num_queries):
    read(made.slug)
    with django_assert_num_queries(0):
        read(made.slug, ip="203.0.113.9")


def test_a_worker_killed_before_it_removes_the_file_counts_once(made, monkeypatch):
    read(made.slug)
    (path,) = spool.take()
    with monkeypatch.context() as patch:
        patch.setattr(type(path), "unlink", lambda self, missing_ok=False: None)
        assert actions.reads_store() == 1
    assert path.exists() and Spooled.objects.get().lines == 1
    assert actions.reads_store() == 0
    assert not path.exists() and totals(made) == (1, 1)


def test_a_worker_killed_in_the_middle_goes_on_where_it_was(made, monkeypatch):
    for n in range(5):
        read(made.slug, ip=f"203.0.113.{n}")
    monkeypatch.setattr(actions, "_BATCH", 2)
    count, calls = actions._count, []

    def dies(reads):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return count(reads)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(actions, "_count", dies)
        actions.reads_store()
    assert totals(made) == (2, 2)
    assert actions.reads_store() == 3
    assert totals(made) == (5, 5)


def test_lines_written_while_a_file_is_taken_are_not_lost(made):
    read(made.slug, ip="203.0.113.1")
    spool.take()
    read(made.slug, ip="203.0.113.2")
    assert actions.reads_store() == 2 and totals(made) == (2, 2)


def test_rubbish_and_unknown_pages_are_dropped(made):
    read("20200101-nothing0")
    read(made.slug)
    with (spool.folder() / "reads.spool").open("ab") as held:
        held.write(b"\xff\xfe broken\n")
    assert actions.reads_store() == 3
    assert ReadCount.objects.count() == 1


def test_withdrawn_pages_count_no_more(made, cast):
    channels.publication_withdraw(by=cast["editor"], publication_id=made.pk, reason="撤")
    read(made.slug)
    actions.reads_store()
    assert totals(made) == (0, 0)


def test_snapshots_are_taken_on_time_once_and_never_changed(made):
    ReadCount.objects.create(
        publication=made,
        hour=made.published_at.replace(minute=0, second=0, microsecond=0),
        reads=9,
        readers=4,
    )
    type(made).objects.update(published_at=timezone.now() - timedelta(minutes=62))
    assert marks.snapshots_take() == 3
    assert marks.snapshots_take() == 0
    held = {one.metric: one for one in MetricSnapshot.objects.all()}
    assert held["reads"].value == 9 and held["reads"].mark == "T+1h"
    assert held["reads"].basis == MetricSnapshot.Basis.COUNTED
    held["reads"].value = 10
    with pytest.raises(TypeError):
        held["reads"].save()


def test_a_late_snapshot_is_marked_estimated_and_invents_nothing(made):
    begin = timezone.now() - timedelta(hours=10)
    type(made).objects.update(published_at=begin)
    hour = begin.replace(minute=0, second=0, microsecond=0)
    ReadCount.objects.create(publication=made, hour=hour - timedelta(hours=1), reads=3, readers=2)
    ReadCount.objects.create(publication=made, hour=hour + timedelta(hours=9), reads=50, readers=40)
    marks.snapshots_take()
    held = {(one.mark, one.metric): one for one in MetricSnapshot.objects.all()}
    assert set(held) == {
        ("T+1h", "reads"),
        ("T+1h", "readers"),
        ("T+6h", "reads"),
        ("T+6h", "readers"),
    }
    assert held["T+6h", "reads"].value == 3
    assert held["T+6h", "reads"].basis == MetricSnapshot.Basis.ESTIMATED
    assert [mark for mark, _rows in selectors.snapshots(made.pk)] == list(MARKS)


def test_golden_vectors():
    wci = scores.WciInput(
        days=7, articles=21, reads=200000, looks=800, likes=1200, forwards=3000, top_reads=120000,
        top_looks=500, top_likes=700, top_forwards=1800, max_reads=60000, max_looks=260, max_likes=400,
        max_forwards=1000,
    )  # fmt: skip
    assert scores.wci_f(wci).value == pytest.approx(1043.2113, abs=5e-5)
    assert scores.wci_n(wci).value == pytest.approx(1107.4874, abs=5e-5)
    full = scores.bci(scores.BciInput(150, 120, 5000, 3200, 4500, 2900, 42000))
    assert full.value == pytest.approx(1240.8375, abs=5e-5)
    simple = scores.bci_simple(posts=150, reposts=5000, comments=3200, likes=42000)
    assert simple.value == pytest.approx(1282.4134, abs=5e-5)
    dci = scores.dci(scores.DciInput(20, 350000, 12000, 9000, 8000, 1500000))
    assert dci.value == pytest.approx(968.8498, abs=5e-5) and not dci.confirmed
    bvci = scores.bvci(scores.BvciInput(20, 50000, 300, 200000, 1500))
    assert bvci.value == pytest.approx(794.8521, abs=5e-5)
    lost = scores.DciInput(20, 350000, 12000, 9000, -50, 1500000)
    none = scores.DciInput(20, 350000, 12000, 9000, 0, 1500000)
    assert scores.dci(lost).value == scores.dci(none).value
    assert len(set(scores.VERSIONS)) == 6
    with pytest.raises(ValueError, match="one day"):
        scores.wci_f(scores.WciInput(0, *([1] * 13)))


def test_other_unit_does_not_see_figures(signed_in, made):
    place = f"/desk/impact/publications/{made.pk}/"
    other = signed_in("jc.chief")
    other.defaults["HTTP_ACCEPT"] = "application/json"
    assert other.get(place).status_code == 404
    assert "雪线上的灯" not in other.get("/desk/impact/").content.decode()
    assert "雪线上的灯" not in other.get("/desk/impact/figures.csv").content.decode()
    assert other.get(f"/api/v1/impact/publications/{made.pk}").status_code == 404
    refused = signed_in("hq.reporter")
    refused.defaults["HTTP_ACCEPT"] = "application/json"
    for one in ("/desk/impact/", place, "/desk/impact/figures.csv", "/api/v1/impact/today"):
        assert refused.get(one).status_code == 403


def test_pages_and_export(signed_in, made, django_assert_max_num_queries):
    read(made.slug)
    actions.reads_store()
    client = signed_in("editor")
    with django_assert_max_num_queries(24):
        page = client.get("/desk/impact/?days=7").content.decode()
    assert "雪线上的灯" in page and f"/desk/impact/publications/{made.pk}/#reads" in page
    with django_assert_max_num_queries(20):
        page = client.get(f"/desk/impact/publications/{made.pk}/").content.decode()
    assert "T+30d" in page and "不使用 Cookie" in page
    rows = list(
        csv.reader(io.StringIO(client.get("/desk/impact/figures.csv").content.decode("utf-8-sig")))
    )
    assert rows[1][0] == "'=雪线上的灯", "a spreadsheet must not take it for a formula"
    assert rows[1][5:8] == ["1", "1", "0"]
    today = client.get("/api/v1/impact/today").json()
    assert today["publications"] == 1 and today["reads"] == 1
    listed = client.get("/api/v1/impact/publications").json()
    assert listed["items"][0]["reads"] == 1 and listed["count"] == 1
    assert client.get(f"/api/v1/impact/publications/{made.pk}/hours").json()["count"] == 1
    assert selectors.most_read() == [made.pk]


@pytest.fixture
def away(cast):
    node = Node.objects.get(slug="yunling")
    unit = cast.unit("yunling")
    unit.node = node
    unit.save()
    return Peer.objects.create(node=node, public_key="k", state=PeerState.ACTIVE)


def test_the_storys_home_is_told_when_figures_change(cast, newsroom, away):
    site = make_site(cast.unit("platform"))
    story = newsroom.sign(cast.unit("yunling"), "云岭来稿", home=away.node_id)
    newsroom.offer(story)
    held = channels.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    delivering.deliver_due()
    read(held.slug)
    actions.reads_store()
    assert marks.totals_report() == 1 and marks.totals_report() == 0
    assert Envelope.objects.get(type="impact.reported").body["reads"] == 1


def test_what_another_node_counted_is_shown_as_told(signed_in, cast, newsroom, away):
    story = newsroom.sign(cast.unit("jiangchuan"), "江川稿")
    replica = apps.get_model("channels", "Publication").objects.create(
        home=away.node_id, unit=cast.unit("yunling"), story_id=story, slug="x", title="在外发布", package={},
        published_at=timezone.now(), public_at=timezone.now(), published_by_id=uuid4(),
    )  # fmt: skip
    assert selectors.totals([replica.pk])[replica.pk].reads is None, "unknown is not 0"

    def said(node, **body):
        return Arrival(
            id=uuid4(), type="impact.reported", from_node=node, subject_id=replica.pk,
            unit_id=replica.unit_id, body={"at": timezone.now().isoformat(), **body},
        )  # fmt: skip

    figures = {"reads": 70, "readers": 60, "reprints": 2}
    with pytest.raises(OnlyAtHome), db.write():
        marks.apply_reported(said(uuid4(), **figures))
    with db.write():
        marks.apply_reported(said(away.node_id, **figures))
    assert Reported.objects.get().reads == 70
    page = signed_in("jc.chief").get(f"/desk/impact/publications/{replica.pk}/").content.decode()
    assert "70" in page and "最近一次" in page
    assert settings.RONGMEI_NODE.slug == "test"
