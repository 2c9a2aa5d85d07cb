"""What hot topics, reprint families and watches point to is never aged out."""

from __future__ import annotations

import pytest
from django.db.models import Q
from django.utils import timezone

from rongmei.archive import actions as archive
from rongmei.archive import ageing, retention
from rongmei.archive.models import RetentionRun
from rongmei.kernel import db, events
from rongmei.kernel.ids import uuid7
from rongmei.monitoring.models import (
    Fingerprint,
    Reprint,
    ReprintFamily,
    Topic,
    TopicDocument,
    TopicMark,
    Watch,
)
from rongmei.monitoring.plugins import register_subscribers

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


def test_watched_texts_and_proofs_of_reprints_are_in_use(cast, documents):
    own, proof, free = documents
    watch = Watch.objects.create(
        subject_id=uuid7(), unit=cast.unit("hq"), title="示例", minhash=b"", since=timezone.now(),
        own_document_id=own,
    )  # fmt: skip
    Reprint.objects.create(watch=watch, document_id=proof, similarity=0.9)
    assert retention.in_use(documents) == {own, proof}
    assert retention.uses_of(proof) == ["转载证据"]
    assert retention.uses_of(free) == []


def test_the_first_of_a_family_is_in_use_while_others_are_kept(documents):
    first, copy, _free = documents
    now = timezone.now()
    family = ReprintFamily.objects.create(origin_id=first, first_at=now, last_at=now)
    for pk in (first, copy):
        Fingerprint.objects.create(
            document_id=pk, family=family, content_hash="", minhash=b"", published_at=now
        )
    assert retention.in_use(documents) == {first}
    Fingerprint.objects.filter(document=copy).delete()
    assert retention.in_use(documents) == set()


def test_documents_of_a_topic_are_in_use_once_a_unit_dealt_with_it(cast, documents):
    now = timezone.now()
    topic = Topic.objects.create(title="示例", first_at=now, last_at=now)
    TopicDocument.objects.create(topic=topic, document_id=documents[0], published_at=now)
    assert retention.in_use(documents) == set()
    TopicMark.objects.create(
        topic=topic, unit=cast.unit("hq"), state="pitched", by_id=uuid7(), by_name="示例"
    )
    assert retention.in_use(documents) == {documents[0]}


def family_of(documents, origin):
    now = timezone.now()
    family = ReprintFamily.objects.create(
        origin_id=origin, first_at=now, last_at=now, size=len(documents)
    )
    for pk in documents:
        Fingerprint.objects.create(
            document_id=pk, family=family, content_hash="", minhash=b"", published_at=now
        )
    with db.write():
        archive.families_assign(dict.fromkeys(documents, family.pk))
    return family


def age_out(documents):
    """As a passage of retention removes them, and the worker hears of it."""
    run = RetentionRun.objects.create()
    with db.write():
        ageing._remove(documents, Q(), run)
    [follower] = register_subscribers()
    return events.follow(follower.name, follower.handle, names=follower.names)


def test_a_family_is_counted_anew_when_members_were_removed(documents):
    first, copy, other = documents
    family = family_of([first, copy, other], first)
    assert age_out([copy, other]) == 1
    family.refresh_from_db()
    assert family.size == 1
    # Nobody else carries its text any more: the first may go too, and the family with it.
    assert retention.in_use([first]) == set()
    assert age_out([first]) == 1
    assert not ReprintFamily.objects.exists()


def test_removing_what_is_in_no_family_leaves_families_alone(documents):
    family = family_of(documents[:2], documents[0])
    assert age_out(documents[2:]) == 1
    family.refresh_from_db()
    assert family.size == 2
