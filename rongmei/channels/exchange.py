"""What this room tells the node where a story is at home, and what it hears from other nodes."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.utils.dateparse import parse_datetime

from rongmei.channels.errors import OnlyAtHome
from rongmei.channels.models import Delivery, Publication
from rongmei.kernel import audit
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import exchange, selectors
from rongmei.network.hooks import Activity, Arrival
from rongmei.planning import actions as planning

ANNOUNCED: Final = "publication.announced"
WITHDRAWN: Final = "publication.withdrawn"


def announce(publication: Publication, *, type_: str = ANNOUNCED) -> None:
    """Tell the story's home node where it is published, or that it was taken back; inside a write."""
    if not publication.story.is_replica:
        return
    peer = selectors.peer_of_unit(publication.story.unit_id)
    if peer is None:
        return
    exchange.send(
        to=peer, type=type_, subject_id=publication.pk, unit_id=publication.unit_id,
        body=_body(publication),
    )  # fmt: skip


def _body(publication: Publication) -> dict[str, Any]:
    rows = Delivery.objects.filter(publication=publication).select_related("channel")
    return {
        "publication_id": str(publication.pk),
        "story_id": str(publication.story_id),
        "slug": publication.slug,
        "title": publication.title,
        "summary": publication.summary,
        "byline": publication.byline,
        "source_name": publication.source_name,
        "category": publication.category,
        "content_hash": publication.content_hash,
        "state": publication.state,
        "published_at": publication.published_at.isoformat(),
        "url": publication.public_url,
        "published_by": publication.published_by_name,
        "correction": publication.correction,
        "reason": publication.withdrawn_reason,
        "channels": [
            {"name": row.channel.name, "state": row.state, "url": row.url} for row in rows
        ],
        "version": publication.version,
    }


def _text(body: dict[str, Any], key: str, longest: int) -> str:
    return str(body.get(key) or "")[:longest]


def _web_address(body: dict[str, Any]) -> str:
    url = _text(body, "url", 1000)
    return url if url.startswith(("http://", "https://")) else ""


def _checked(arrival: Arrival) -> tuple[uuid.UUID, uuid.UUID]:
    """The sender may only speak of publications by units that live on it."""
    if arrival.subject_id is None or arrival.unit_id is None:
        raise BadInput
    if selectors.unit(arrival.unit_id).node_id != arrival.from_node:
        raise OnlyAtHome
    return arrival.subject_id, arrival.unit_id


def apply_announced(arrival: Arrival) -> None:
    """Keep (or renew) the replica of a publication of one of our stories."""
    subject, unit_id = _checked(arrival)
    body = arrival.body
    story_id = uuid.UUID(_text(body, "story_id", 36))
    story = _our_story(story_id)
    held = Publication.objects.select_for_update().filter(pk=subject).first()
    if held is not None and held.home != arrival.from_node:
        raise OnlyAtHome
    published_at = parse_datetime(_text(body, "published_at", 40))
    if published_at is None:
        raise BadInput
    state = _text(body, "state", 10)
    fields = {
        "title": _text(body, "title", 80),
        "summary": _text(body, "summary", 300),
        "byline": _text(body, "byline", 120),
        "source_name": _text(body, "source_name", 120),
        "category": _text(body, "category", 40),
        "content_hash": _text(body, "content_hash", 64),
        "state": state if state in Publication.State.values else Publication.State.LIVE,
        "published_at": published_at,
        "public_at": published_at,
        "public_url": _web_address(body),
        "published_by_name": _text(body, "published_by", 40),
        "correction": _text(body, "correction", 300),
        "withdrawn_reason": _text(body, "reason", 300),
        "version": int(body.get("version") or 1),
        "package": {"channels": _channels(body)},
    }
    publication, made = Publication.objects.update_or_create(
        pk=subject,
        defaults=fields,
        create_defaults={
            **fields,
            "home": arrival.from_node,
            "unit_id": unit_id,
            "story_id": story_id,
            "slug": _text(body, "slug", 24),
            "published_by_id": uuid.UUID(int=0),
        },
    )
    if made and story.task_id and publication.public_url:
        planning.task_published(task_id=story.task_id, url=publication.public_url)
    audit.record(None, "publication.heard", publication, url=publication.public_url, state=state)


def _channels(body: dict[str, Any]) -> list[dict[str, str]]:
    rows = body.get("channels")
    if not isinstance(rows, list):
        return []
    return [
        {"name": _text(row, "name", 60), "state": _text(row, "state", 12), "url": _web_address(row)}
        for row in rows[:50]
        if isinstance(row, dict)
    ]


def _our_story(story_id: uuid.UUID) -> Any:
    """The story row, if it is at home here."""
    model = Publication._meta.get_field("story").related_model
    story = model._default_manager.filter(pk=story_id, home=None).first()
    if story is None:
        raise NotFound
    return story


def activities() -> list[Activity]:
    """The messages this room understands; a withdrawal carries the same body as an announcement."""
    return [Activity(ANNOUNCED, apply_announced), Activity(WITHDRAWN, apply_announced)]
