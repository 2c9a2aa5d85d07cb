"""Lets the search tests run without the whole Django project: `pytest -p no:django`."""

import os

import pytest
from django.conf import settings

if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
    settings.configure(USE_I18N=False)


@pytest.fixture
def own_index(tmp_path, monkeypatch):
    """An index of this test's own; returns a call that brings it up to date."""
    from rongmei.archive import indexing

    monkeypatch.setattr(indexing, "index_folder", lambda: tmp_path / "index")
    indexing.search_index.cache_clear()

    def follow():
        with indexing.search_index().writer() as writer:
            while indexing.follow_once(writer):
                pass

    yield follow
    indexing.search_index.cache_clear()


# Every rule of the port is tried on both indexes.


@pytest.fixture(params=["fake", "tantivy"])
def make(request, tmp_path):
    """A call that opens the index of this test, as often as it is called."""
    from rongmei.archive.engines.tantivy_engine import TantivyIndex
    from rongmei.archive.index_fake import FakeIndex

    if request.param == "fake":
        index = FakeIndex()
        return lambda: index
    return lambda: TantivyIndex(tmp_path / "index", heap_bytes=15_000_000)


@pytest.fixture
def index(make):
    """An empty index."""
    return make()


@pytest.fixture
def filled(index):
    """The index with all cases in it."""
    from rongmei.archive.tests.index_cases import CASES

    with index.writer() as writer:
        writer.add(CASES)
        writer.commit(6)
    return index
