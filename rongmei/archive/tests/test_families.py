"""Reprint families in search: how many others carry a text, and one of each."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from rongmei.archive import actions, indexing, selectors
from rongmei.archive.index_fake import FakeIndex
from rongmei.archive.models import Document
from rongmei.kernel import db
from rongmei.network.testing import Cast

FAMILY = uuid.UUID(int=5)


@pytest.fixture
def four(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> list[Document]:
    """Three media with one text, the last of them private to another unit, and one by itself."""
    index = FakeIndex()
    monkeypatch.setattr(indexing, "search_index", lambda: index)
    monkeypatch.setattr(selectors, "search_index", lambda: index)
    now = timezone.now()
    made = []
    for number, (source, unit, shared) in enumerate(
        [
            ("甲报", "hq", True),
            ("乙报", "hq", True),
            ("丙报", "yunling", False),
            ("丁报", "hq", True),
        ]
    ):
        with db.write():
            one = actions.document_keep(
                kind="article", identity=source, unit_id=cast.unit(unit).pk, title=f"{source}示例",
                body="示例正文", source_name=source, published_at=now - timedelta(hours=number + 1),
                shared=shared,
            )  # fmt: skip
        made.append(one)
    with db.write():
        actions.families_assign({one.pk: FAMILY for one in made[:3]})
    with index.writer() as writer:
        while indexing.follow_once(writer):
            pass
    return made


def test_hits_count_the_others_within_reach(four: list[Document], cast: Cast):
    def carriers(who: str) -> dict[str, int]:
        found = selectors.find(cast[who], "示例")
        return {one.document.source_name: one.carriers for one in found.hits}

    assert carriers("hq.reporter") == {"甲报": 1, "乙报": 1, "丁报": 0}
    assert carriers("yl.reporter") == {"甲报": 2, "乙报": 2, "丙报": 2, "丁报": 0}


def test_family_is_found_and_one_of_each_is_listed(four: list[Document], cast: Cast):
    def names(query: str, **more: object) -> list[str]:
        found = selectors.find(cast["yl.reporter"], query, **more)  # type: ignore[arg-type]
        return [one.document.source_name for one in found.hits]

    assert names(f"family:{FAMILY}") == ["甲报", "乙报", "丙报"]
    assert names("示例", one_each=True) == ["甲报", "丁报"]
    assert names("示例", one_each=True, limit=1, offset=1) == ["丁报"]
    assert names("示例", one_each=True, offset=2) == []
    # What matches decides which of the family is shown.
    assert names("来源:丙报", one_each=True) == ["丙报"]
    found = selectors.find(cast["yl.reporter"], "示例", one_each=True)
    assert found.total == 4
    assert "<mark>示例</mark>" in found.hits[0].title_html


def test_families_that_became_one_take_their_documents_along(four: list[Document]):
    other = uuid.UUID(int=6)
    with db.write():
        actions.families_assign({four[3].pk: other}, merged={FAMILY: other})
    assert set(Document.objects.values_list("family_id", flat=True)) == {other}
    with db.write():
        actions.families_assign({four[3].pk: None})
    assert Document.objects.get(pk=four[3].pk).family_id is None
