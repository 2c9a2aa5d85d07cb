"""Documents that pitches and stories were made from are in use, however many ids are asked about."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongmei.archive import actions as archive
from rongmei.archive import retention
from rongmei.kernel import db
from rongmei.kernel.ids import uuid7
from rongmei.planning.models import Pitch
from rongmei.stories.models import Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def documents(cast):
    with db.write():
        return [
            archive.document_keep(
                kind="article", identity=str(number), unit_id=cast.unit("hq").pk, title="示例",
                body=f"示例{number}", source_name="示例", published_at=timezone.now(),
            ).pk
            for number in range(3)
        ]  # fmt: skip


def test_what_pitches_and_stories_name_is_in_use(cast, documents):
    pitched, written, free = documents
    hq = cast.unit("hq")
    Pitch.objects.create(
        unit=hq, title="示例", proposed_by_id=uuid7(), proposed_by_name="示例",
        document_ids=[str(pitched)],
    )  # fmt: skip
    Pitch.objects.create(unit=hq, title="示例", proposed_by_id=uuid7(), proposed_by_name="示例")
    Story.objects.create(
        unit=hq, title="示例", author_id=uuid7(), author_name="示例",
        document_ids=[str(uuid7()), str(written)],
    )  # fmt: skip
    asked = [*documents, *(uuid7() for _ in range(197))]
    assert retention.in_use(asked) == {pitched, written}
    assert retention.uses_of(pitched) == ["选题引用"]
    assert retention.uses_of(written) == ["稿件引用"]
    assert retention.uses_of(free) == []


def test_asking_costs_as_many_queries_for_one_as_for_two_hundred(django_assert_max_num_queries):
    for count in (1, 200):
        with django_assert_max_num_queries(6):
            assert retention.in_use([uuid7() for _ in range(count)]) == set()
