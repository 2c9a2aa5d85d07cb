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
