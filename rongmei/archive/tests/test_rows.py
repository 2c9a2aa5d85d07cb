"""Many rows at once are the same rows as one at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError
from django.forms.models import model_to_dict
from django.utils import timezone

from rongmei.archive.models import Change, Document
from rongmei.kernel import rows
from rongmei.kernel.ids import uuid7

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)


def _document(cast, identity):
    return Document(
        identity=identity, unit=cast.unit("hq"), source_name="示例源", title="引号\"与'", body="正文\n二",
        tags=["示例", {"深": None}], published_at=NOON, fetched_at=NOON, shared=False,
        subject_id=None, content_hash="c" * 64,
    )  # fmt: skip


def test_rows_put_in_together_are_those_put_in_one_by_one(cast):
    alone, together = _document(cast, "alone"), _document(cast, "together")
    alone.save()
    before = timezone.now()
    rows.insert([together])
    alone, together = Document.objects.get(pk=alone.pk), Document.objects.get(pk=together.pk)
    assert model_to_dict(alone, exclude=["identity"]) == model_to_dict(
        together, exclude=["identity"]
    )
    assert before <= together.created_at <= timezone.now()
    assert together.tags == ["示例", {"深": None}]


def test_rows_put_in_as_values_have_the_defaults_of_those_made_as_objects(cast):
    alone = _document(cast, "alone")
    alone.save()
    given = ("unit_id", "source_name", "title", "body", "tags", "published_at", "fetched_at",
             "shared", "content_hash")  # fmt: skip
    values = {name: getattr(alone, name) for name in given}
    ids = [uuid7(), uuid7()]
    rows.insert_values(
        Document, [{**values, "id": pk, "identity": str(pk), "title": str(pk)} for pk in ids]
    )
    for pk in ids:
        one = Document.objects.get(pk=pk)
        assert (one.identity, one.title) == (str(pk), str(pk))
        left_out = ["identity", "title"]
        assert model_to_dict(one, exclude=left_out) == model_to_dict(alone, exclude=left_out)


def test_numbers_given_by_the_database_ascend_in_the_order_of_the_rows(cast):
    ids = [_document(cast, str(number)).pk for number in range(5)]
    rows.insert([Change(document_id=one) for one in ids])
    rows.insert_values(Change, [{"document_id": one} for one in ids])
    kept = Change.objects.order_by("seq").values_list("document_id", "deleted")
    assert list(kept) == [(one, False) for one in ids * 2]


def test_rows_found_by_many_texts_are_those_the_orm_finds(cast):
    for name in ("it's", 'a "b"', "中文\n二", "alone"):
        _document(cast, name).save()
    asked = ["it's", 'a "b"', "中文\n二", "nothing like it", "%s"]
    columns = ("id", "identity", "unit_id", "source_id", "published_at", "shared", "tags")
    found = rows.matching(Document, columns, column="identity", among=asked)
    wanted = Document.objects.filter(identity__in=asked)
    assert sorted(found) == sorted(wanted.values_list(*columns))
    assert len(found) == 3
    assert rows.matching(Document, ("id",), column="identity", among=["nothing"]) == []


def test_rows_found_by_many_texts_may_have_to_hold_more(cast):
    _document(cast, "one").save()
    other = {"unit_id": cast.unit("hq").pk, "title": "别的"}
    asked = {"column": "identity", "among": ["one"]}
    assert rows.matching(Document, ("identity",), **asked, unit_id=other["unit_id"]) == [("one",)]
    assert rows.matching(Document, ("identity",), **asked, **other) == []


def test_a_row_put_where_one_is_takes_its_place_and_keeps_when_it_was_made(cast):
    old, other = _document(cast, "one"), _document(cast, "other")
    old.save()
    made, changed = old.created_at, Document.objects.get(pk=old.pk)
    changed.title, changed.tags, changed.shared = "另一题", [], True
    rows.put([changed, other])
    kept = Document.objects.get(pk=old.pk)
    assert (kept.title, kept.tags, kept.shared) == ("另一题", [], True)
    assert kept.created_at == made < kept.updated_at
    assert model_to_dict(Document.objects.get(pk=other.pk)) == model_to_dict(other)


def test_a_row_that_is_there_stays_as_it_is_where_that_is_wanted(cast):
    old = _document(cast, "one")
    old.save()
    names = [one.attname for one in Document._meta.concrete_fields]
    values = {name: getattr(old, name) for name in names}
    fresh = {**values, "id": uuid7(), "identity": "two", "title": "新的"}
    rows.insert_values(Document, [{**values, "title": "不要"}, fresh], unless_there=True)
    assert set(Document.objects.values_list("title", flat=True)) == {old.title, "新的"}
    with pytest.raises(IntegrityError):
        rows.insert_values(Document, [values])


def test_nothing_to_put_in_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        rows.insert([])
        rows.put([])
        rows.insert_values(Change, [])
        assert rows.matching(Document, ("id",), column="identity", among=[]) == []
