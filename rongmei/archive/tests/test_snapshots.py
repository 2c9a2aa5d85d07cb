"""Snapshots: kept as they came, on the disk before a row says so, and whole after any crash."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from warcio.archiveiterator import ArchiveIterator

from rongmei.archive import snapshots, warc
from rongmei.archive.errors import SnapshotBroken, SnapshotGone
from rongmei.archive.models import Document, Snapshot, SnapshotUse
from rongmei.archive.tests.collectors import fetch, watch
from rongmei.archive.tests.test_collecting import FEED, PAGE, door_with, page, rss
from rongmei.archive.vault import Folder, Span, Vault
from rongmei.archive.warc import Answer, Original
from rongmei.kernel.http_fake import FakeDoor

WORDS = "今天上午发布消息，相关工作仍在有序进行。" * 9
AT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def answer(body: bytes = b"<p>body</p>", **more) -> Answer:
    headers = more.pop("headers", {"content-type": "text/html; charset=utf-8"})
    return Answer("http://news.example.com/1.html", AT, 200, headers, body, **more)


@pytest.fixture
def vault(tmp_path):
    made = Vault(tmp_path / "snapshots")
    yield made
    made.close()


@pytest.fixture
def own_vault(tmp_path, monkeypatch):
    """The node's snapshots in a folder of this test's own."""
    monkeypatch.setattr(snapshots, "folder_path", lambda: tmp_path / "snapshots")
    snapshots.folder.cache_clear()
    yield Folder(tmp_path / "snapshots")
    snapshots.folder.cache_clear()


def bare() -> FakeDoor:
    return FakeDoor().answer("http://news.example.com/robots.txt", "", status=404)


def full(*entries: tuple[str, str]) -> str:
    """A feed whose entries have their whole text."""
    return (
        rss(*entries)
        .replace("description>", "content:encoded>")
        .replace("<rss ", '<rss xmlns:content="http://purl.org/rss/1.0/modules/content/" ')
    )


def records(folder: Folder, segment: str) -> list:
    """Every record of a segment as warcio reads it, digests checked."""
    with folder.path_of(segment).open("rb") as file:
        return [
            (one.rec_type, one.rec_headers, one.content_stream().read())
            for one in ArchiveIterator(file, check_digests="raise")
        ]


def test_a_segment_is_warc_that_another_reader_checks(vault):
    vault.append([(answer(ip="203.0.113.7", sent={"If-None-Match": '"7"'}), None)])
    vault.append([(answer(), Original("http://news.example.com/0.html", AT))])
    [(name, _size)] = vault.segments().items()
    kinds = [kind for kind, _heads, _body in records(vault, name)]
    assert kinds == ["warcinfo", "response", "request", "revisit", "request"]
    _kind, heads, body = records(vault, name)[1]
    assert body == b"<p>body</p>"
    assert heads.get_header("WARC-Target-URI") == "http://news.example.com/1.html"
    assert heads.get_header("WARC-Date") == "2026-11-24T08:30:00.000000Z"
    assert heads.get_header("WARC-IP-Address") == "203.0.113.7"
    assert heads.get_header("WARC-Payload-Digest").startswith("sha256:")


def test_headers_that_no_longer_fit_the_body_are_kept_under_another_name(vault):
    headers = {"content-encoding": "gzip", "content-length": "9", "x-odd": "a\r\nX-Forged: b"}
    [span] = vault.append([(answer(headers=headers), None)])
    kept = warc.read(vault.read(span))
    assert kept.header("X-Archive-Orig-content-encoding") == "gzip"
    assert kept.header("content-length") == "11"
    assert kept.header("x-odd") == "a X-Forged: b"
    assert kept.header("X-Forged") == ""


def test_names_and_passwords_in_an_address_are_not_kept():
    assert warc._bare("http://us:secret@a.example/x?y") == "http://a.example/x?y"


def test_one_wrong_bit_is_found_on_reading(vault):
    [span] = vault.append([(answer(bytes(range(256)) * 9), None)])
    raw = bytearray(vault.read(span))
    raw[len(raw) // 2] ^= 4
    with pytest.raises(SnapshotBroken):
        warc.read(bytes(raw))
    with pytest.raises(SnapshotBroken):
        warc.read(vault.read(span)[:40])
    with pytest.raises(SnapshotGone):
        vault.read(Span(span.segment, span.offset, span.length + 1))
    with pytest.raises(SnapshotGone):
        vault.read(Span("RM-20200101T000000Z-00000000.warc.gz", 0, 10))


def test_a_segment_ends_at_its_size_and_after_a_day(tmp_path):
    now = [AT]
    vault = Vault(tmp_path, max_bytes=2_000, clock=lambda: now[0])
    vault.append([(answer(os.urandom(3_000)), None)])
    vault.append([(answer(), None)])
    now[0] += timedelta(days=1)
    vault.append([(answer(), None)])
    assert len(vault.segments()) == 3
    assert len(vault.left_open()) == 1
    vault.close()
    assert vault.left_open() == []


_WRITER = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from django.conf import settings
settings.configure(USE_I18N=False)
from rongmei.archive.vault import Vault
from rongmei.archive.warc import Answer
vault = Vault(Path(sys.argv[1]))
body = bytes(range(256)) * 400
while True:
    spans = vault.append([(Answer("http://a.example/", datetime.now(UTC), 200, {}, body), None)])
    print(spans[0].segment, spans[0].offset, spans[0].length, flush=True)
"""


def test_what_was_said_to_be_kept_is_whole_after_a_kill(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        said = [process.stdout.readline() for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    spans = [Span(name, int(at), int(n)) for name, at, n in map(str.split, said) if n]
    folder = Folder(tmp_path)
    assert len(spans) >= 20
    for one in spans:
        assert len(warc.read(folder.read(one)).body) == 102_400


def test_a_torn_tail_is_cut_and_the_segment_gone_on_with(tmp_path):
    first = Vault(tmp_path)
    [span] = first.append([(answer(), None)])
    first.pause()
    path = first.path_of(span.segment)
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(warc.span(answer(os.urandom(5_000)))[:1_700])
    second = Vault(tmp_path)
    second.take_up({span.segment: span.offset + span.length})
    assert path.stat().st_size == whole
    [after] = second.append([(answer(b"after"), None)])
    assert after.segment == span.segment
    second.close()
    assert [body for _kind, _heads, body in records(second, span.segment)][3] == b"after"


def test_what_rows_reach_is_never_cut_though_it_cannot_be_read(tmp_path):
    first = Vault(tmp_path)
    [span] = first.append([(answer(os.urandom(4_000)), None)])
    first.pause()
    path = first.path_of(span.segment)
    with path.open("r+b") as file:
        file.seek(span.offset + 300)
        file.write(b"\0\0\0\0\0\0\0\0")
    before = path.stat().st_size
    second = Vault(tmp_path)
    second.take_up({span.segment: span.offset + span.length})
    second.close()
    assert second.path_of(span.segment).stat().st_size == before


def test_a_segment_whose_writer_lives_is_left_alone(vault):
    [span] = vault.append([(answer(), None)])
    with vault.path_of(span.segment).open("ab") as file:
        file.write(b"\x1f\x8bhalf")
    other = Vault(vault.root)
    other.take_up({})
    [mine] = other.append([(answer(), None)])
    assert mine.segment != span.segment
    assert vault.path_of(span.segment).read_bytes().endswith(b"half")
    other.close()


@pytest.mark.django_db
def test_feed_and_page_are_kept_with_the_document_they_brought(cast, own_vault):
    door = door_with(("1", "短"), ("2", "短"))
    for key in "12":
        door.answer(PAGE.format(key), page(f"第{key}条", f"第{key}件事"))
    source = watch(cast, FEED, full_text=True)
    assert fetch(source, door).outcome == "ok"
    assert Snapshot.objects.count() == 3
    feed = Snapshot.objects.get(url=FEED)
    assert feed.uses.count() == 2
    for document in Document.objects.all():
        uses = snapshots.of_document(document)
        assert {use.snapshot.url for use in uses} == {FEED, document.url}
        for use in uses:
            kept = snapshots.opened(use.snapshot)
            assert kept.url == use.snapshot.url
            assert kept.digest == use.snapshot.sha256


@pytest.mark.django_db
def test_nothing_is_kept_of_an_answer_that_brought_nothing(cast, own_vault):
    door = bare().answer(FEED, full(("1", WORDS)))
    source = watch(cast, FEED, full_text=False)
    fetch(source, door)
    door.answer(FEED, full(("1", WORDS)) + "<!-- x -->")
    fetch(source, door)
    assert Snapshot.objects.count() == 1


@pytest.mark.django_db
def test_the_same_body_again_points_to_the_first(cast, own_vault):
    words = [
        "今天上午发布消息，相关工作仍在有序进行。" * 9,
        "更正：时间改为下午，其余安排不变。" * 9,
    ]
    source = watch(cast, FEED, full_text=False)
    for said in (words[0], words[1], words[0]):
        fetch(source, bare().answer(FEED, full(("1", said))))
    document = Document.objects.get()
    assert document.version == 3
    third, second, first = [use.snapshot for use in snapshots.of_document(document)]
    assert (first.same_as_id, second.same_as_id, third.same_as_id) == (None, None, first.pk)
    assert snapshots.opened(third).body == full(("1", words[0])).encode()
    assert third.length < first.length


@pytest.mark.django_db
def test_a_full_disk_loses_the_snapshot_and_not_the_document(cast, own_vault, monkeypatch):
    def refuse(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Vault, "append", refuse)
    state = fetch(
        watch(cast, FEED, full_text=False),
        bare().answer(FEED, full(("1", WORDS))),
    )
    assert Document.objects.count() == 1
    assert not SnapshotUse.objects.exists()
    assert "No space left" in state.message


@pytest.mark.django_db
@pytest.mark.parametrize(("said", "kept"), [("off", 0), ("central", 0), ("social,industry", 1)])
def test_the_setting_says_which_classes_are_kept(cast, own_vault, settings, said, kept):
    settings.RONGMEI_NODE = replace(settings.RONGMEI_NODE, snapshots=said)
    source = watch(cast, FEED, media_class="industry", full_text=False)
    fetch(source, bare().answer(FEED, full(("1", WORDS))))
    assert (Document.objects.count(), Snapshot.objects.count()) == (1, kept)


@pytest.mark.django_db
def test_a_page_with_script_is_shown_as_text_only(cast, client, own_vault):
    evil = page("一", "件") + "<script>alert('x')</script>"
    door = door_with(("1", "短")).answer(PAGE.format("1"), evil)
    fetch(watch(cast, FEED, full_text=True), door)
    document = Document.objects.get()
    held = Snapshot.objects.get(url=document.url)
    client.force_login(cast["planner"])
    place = f"/desk/archive/{document.pk}/snapshots/{held.pk}/"
    shown = client.get(place).content.decode()
    assert "&lt;script&gt;alert" in shown
    assert "<script>alert" not in shown
    body = client.get(place + "body/")
    assert body["Content-Type"] == "text/plain; charset=utf-8"
    assert body["Content-Security-Policy"].startswith("sandbox;")
    assert body["X-Content-Type-Options"] == "nosniff"
    record = client.get(place + "record/")
    assert "attachment" in record["Content-Disposition"]
    found = next(ArchiveIterator(io.BytesIO(record.content), check_digests="raise"))
    assert b"alert('x')" in found.content_stream().read()


@pytest.mark.django_db
def test_a_snapshot_opens_only_through_a_document_it_belongs_to(cast, client, own_vault):
    fetch(
        watch(cast, FEED, name="甲", full_text=False),
        bare().answer(FEED, full(("1", WORDS))),
    )
    held = Snapshot.objects.get()
    other = Document.objects.create(
        identity="x", unit=cast.unit("hq"), source_name="乙", title="别的", content_hash="x",
        published_at=AT, fetched_at=AT,
    )  # fmt: skip
    client.force_login(cast["planner"])
    assert client.get(f"/desk/archive/{other.pk}/snapshots/{held.pk}/").status_code == 404


def test_segments_are_not_rewritten_while_they_are_copied(vault):
    with vault.standing(), vault.alone() as mine:
        assert not mine
    with vault.alone() as mine:
        assert mine
