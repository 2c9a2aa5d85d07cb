"""What every search index must do when it is made anew; runs on the fake and on tantivy."""

from __future__ import annotations

import pytest

from rongmei.archive.engines.tantivy_engine import TantivyIndex
from rongmei.archive.errors import IndexReplaced, IndexWriteFailed
from rongmei.archive.tests.index_cases import CASES, document
from rongmei.archive.tests.test_index_contract import ids
from rongmei.archive.types import SearchRequest


class TestRebuild:
    def test_takes_the_place_of_the_old(self, filled):
        reader = filled.reader()
        with filled.rebuild() as writer:
            writer.add([document(20, "重建的文献")])
            writer.commit(3)
            assert reader.count("", None) == 6
            writer.add([document(21, "重建的文献")])
            writer.commit(4)
        assert sorted(hit.id for hit in reader.search(SearchRequest()).hits) == ["d20", "d21"]
        with filled.writer() as writer:
            assert writer.committed_seq() == 4

    def test_a_failure_leaves_the_old(self, filled):
        with pytest.raises(RuntimeError, match="power"), filled.rebuild() as writer:
            writer.add([document(20)])
            writer.commit(3)
            raise RuntimeError("power")
        assert len(ids(filled)) == 6

    def test_what_is_not_committed_is_no_index(self, filled):
        with pytest.raises(IndexWriteFailed), filled.rebuild() as writer:
            writer.commit(1)
            writer.add([document(20)])
        with pytest.raises(IndexWriteFailed), filled.rebuild():
            pass
        assert len(ids(filled)) == 6

    def test_works_from_nothing(self, index):
        with index.rebuild() as writer:
            writer.add(CASES)
            writer.commit(6)
        assert len(ids(index)) == 6

    def test_the_old_writer_is_told(self, make):
        with make().writer() as old:
            old.add([document(1)])
            old.commit(1)
            with make().rebuild() as fresh:
                fresh.add([document(1), document(2)])
                fresh.commit(2)
            old.add([]) if isinstance(make(), TantivyIndex) else None
            with pytest.raises(IndexReplaced):
                old.commit(3)
        with make().writer() as again:
            assert again.committed_seq() == 2
            again.add([document(3)])
            again.commit(3)
        assert sorted(ids(make())) == ["d1", "d2", "d3"]
