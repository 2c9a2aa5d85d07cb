"""What only an index on disk can get wrong: crashes, other processes, damage, swaps."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rongmei.archive import analysis
from rongmei.archive.engines.tantivy_engine import TantivyIndex
from rongmei.archive.errors import (
    IndexBusy,
    IndexCorrupt,
    IndexOutdated,
    IndexReplaced,
    IndexWriteFailed,
    SearchRequestInvalid,
)
from rongmei.archive.tests.index_cases import CASES, document
from rongmei.archive.tests.index_process import state_after
from rongmei.archive.types import SearchRequest

SCRIPT = Path(__file__).with_name("index_process.py")
PROJECT = SCRIPT.parents[3]


@pytest.fixture
def index(tmp_path) -> TantivyIndex:
    index = TantivyIndex(tmp_path / "index", heap_bytes=15_000_000)
    with index.writer() as writer:
        writer.add(CASES)
        writer.commit(6)
    return index


def process(mode: str, root: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), mode, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def everything(index: TantivyIndex) -> set[str]:
    reader, found = index.reader(), set()
    while page := reader.search(
        SearchRequest(scope=None, sort="newest", limit=200, offset=len(found))
    ).hits:
        found |= {hit.id for hit in page}
    return found


@pytest.mark.kill
def test_killed_writers_leave_the_last_commit(tmp_path):
    root, chance = tmp_path / "index", random.Random(7)
    index = TantivyIndex(root, heap_bytes=15_000_000)
    committed = 0
    for _kill in range(6):
        writer = process("write", root)
        assert writer.stdout.readline() == f"from {committed}\n"
        writer.stdout.readline()
        time.sleep(chance.uniform(0, 0.25))
        writer.kill()
        said = writer.communicate()[0].splitlines()
        reader = index.reader()
        info = reader.info()
        assert info.committed_seq > committed
        assert info.committed_seq % 5 == 0
        if said and said[-1].startswith("committed "):
            assert info.committed_seq >= int(said[-1].split()[1])
        assert everything(index) == state_after(info.committed_seq)
        assert reader.count("断电演练", None) == info.documents
        committed = info.committed_seq
    # And the lock files of the killed stand in nobody's way.
    assert (root / "writer.lock").read_text() == str(writer.pid)
    index.writer().close()


def test_another_process_reads_each_commit(index):
    other = process("count", index.generations.root)
    try:
        with index.writer() as writer:
            for seq in (7, 8):
                writer.add([document(seq, "断电演练")])
                writer.commit(seq)
                other.stdin.write("\n")
                other.stdin.flush()
                assert other.stdout.readline() == f"{seq - 6} {seq}\n"
    finally:
        other.communicate()


def test_another_process_cannot_write_meanwhile(index):
    with index.writer():
        assert process("busy", index.generations.root).communicate()[0] == f"busy {os.getpid()}\n"
    assert process("busy", index.generations.root).communicate()[0] == "free\n"


def test_a_reader_reopens_only_what_changed(index, monkeypatch):
    reader = index.reader()
    before = reader._newest()
    assert reader._newest() is before
    with index.writer() as writer:
        writer.commit(7)
        after = reader._newest()
        assert after is not before
        assert after.index is before.index


def damage_current(index):
    (index.generations.root / "current.json").write_text("{")


def damage_manifest(index):
    (index.generations.current().path / "meta.json").write_text("{}")


def lose_manifest(index):
    (index.generations.current().path / "meta.json").unlink()


def lose_folder(index):
    shutil.rmtree(index.generations.current().path)


def cut_segments(index):
    for path in index.generations.current().path.glob("*.*"):
        if path.suffix in {".idx", ".term", ".fast", ".store", ".pos"}:
            # A new file in its place: cutting the one that an open reader has mapped is a bus error
            # in whatever thread of the index looks there next.
            half = path.with_name(path.name + ".half")
            half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            half.replace(path)


@pytest.mark.parametrize(
    "damage", [damage_current, damage_manifest, lose_manifest, lose_folder, cut_segments]
)
def test_damage_is_named_and_rebuilt(index, damage):
    reader = index.reader()
    assert reader.count("", None) == 6
    damage(index)
    # As a process that opens it now: one that has it open goes on with the files that it holds.
    afresh = TantivyIndex(index.generations.root, heap_bytes=15_000_000)
    for attempt in (afresh.reader, afresh.writer):
        with pytest.raises(IndexCorrupt) as refusal:
            attempt()
        assert "rongmei archive rebuild" in str(refusal.value)
        assert refusal.value.status == 503
    with index.rebuild() as writer:
        writer.add(CASES)
        writer.commit(6)
    assert reader.count("", None) == 6
    folders = [path for path in index.generations.root.iterdir() if path.is_dir()]
    assert folders == [index.generations.current().path]


def test_another_format_asks_for_a_rebuild(index):
    file = index.generations.root / "current.json"
    file.write_bytes(file.read_bytes().replace(b'"format":2', b'"format":0'))
    with pytest.raises(IndexOutdated, match="rongmei archive rebuild"):
        index.reader()


def test_a_changed_dictionary_is_noticed(index):
    assert not index.reader().info().needs_rebuild
    extended = TantivyIndex(index.generations.root, terms=lambda: ["云岭新词"])
    assert extended.reader().info().other_terms
    with extended.rebuild() as writer:
        writer.commit(0)
    info = extended.reader().info()
    assert (info.needs_rebuild, info.other_terms) == (False, False)


def test_an_index_of_another_version_asks_for_a_rebuild(index, monkeypatch):
    monkeypatch.setattr(analysis, "ANALYSIS_VERSION", analysis.ANALYSIS_VERSION + 1)
    assert index.reader().info().needs_rebuild


def test_terms_count_from_the_rebuild_on_for_writing_and_asking_alike(tmp_path):
    """云帆 is a name; the segmenter cuts 白云 帆船. As a word it is not found in them any more."""
    terms: list[str] = []
    index = TantivyIndex(tmp_path, terms=lambda: terms, heap_bytes=15_000_000)
    rows = [document(1, "云帆平台上线"), document(2, "白云帆船赛开幕")]

    def fill(writer, *wanted):
        writer.add(wanted)
        writer.commit(writer.committed_seq() + 1)

    def found():
        return sorted(hit.id for hit in index.reader().search(SearchRequest("云帆")).hits)

    with index.writer() as writer:
        fill(writer, *rows)
        assert found() == ["d1", "d2"]
        terms.append("云帆")
        # The index goes on as it was made: what comes now is found by the same question.
        fill(writer, document(3, "云帆平台扩容"))
        assert found() == ["d1", "d2", "d3"]
        assert index.reader().info().other_terms
    with index.rebuild() as writer:
        fill(writer, *rows)
    assert found() == ["d1"]
    # Another process that has never heard of the terms asks as the index was written.
    assert TantivyIndex(tmp_path).reader().search(SearchRequest("云帆")).total == 1


def test_a_folder_lost_under_the_writer(index):
    writer = index.writer()
    writer.add(CASES)
    index.generations.current().path.rename(index.generations.root / "elsewhere")
    with pytest.raises(IndexWriteFailed):
        writer.commit(7)
    writer.close()


def test_the_old_writer_is_told_when_it_adds(index):
    with index.writer() as writer:
        with index.rebuild() as fresh:
            fresh.commit(1)
        with pytest.raises(IndexReplaced):
            writer.add([document(9)])


def test_only_one_rebuild_at_a_time(index):
    with index.rebuild() as writer:
        writer.commit(1)
        with pytest.raises(IndexBusy), index.rebuild():
            pass
    # An interrupted one leaves a folder behind, which the next one clears away.
    index.generations.create("x", ())
    with index.rebuild() as writer:
        writer.commit(1)
    folders = [path for path in index.generations.root.iterdir() if path.is_dir()]
    assert folders == [index.generations.current().path]


def test_readers_never_notice_a_swap(index):
    reader, failures, stop = index.reader(), [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                if reader.count("特高压", None) != 2:
                    failures.append("count")
            except Exception as error:
                failures.append(error)
                raise

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _round in range(5):
            with index.rebuild() as writer:
                writer.add(CASES)
                writer.commit(6)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []


@pytest.mark.slow
def test_too_many_intervals_are_refused_in_words(tmp_path):
    index = TantivyIndex(tmp_path / "index", heap_bytes=15_000_000)
    with index.writer() as writer:
        writer.add(document(n, "", published_at=n * 3_600) for n in range(66_000))
        writer.commit(1)
    with pytest.raises(SearchRequestInvalid):
        index.reader().search(SearchRequest(histogram="hour"))
    assert len(index.reader().search(SearchRequest(histogram="day")).histogram) == 2_751
