"""What the archive calls a document: one name for one thing, however often it comes."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rongmei.sources.collectors import identify
from rongmei.sources.collectors.urls import url_key
from rongmei.sources.types import Item

if TYPE_CHECKING:
    from rongmei.sources.models import Source


@dataclass(frozen=True)
class SourceFacts:
    """What the archive keeps of the source of a document."""

    id: uuid.UUID
    unit_id: uuid.UUID
    name: str
    media_class: str
    region: str
    language: str
    shared: bool


def facts_of(source: Source) -> SourceFacts:
    """What the archive keeps of a source."""
    return SourceFacts(
        id=source.pk, unit_id=source.unit_id, name=source.name, media_class=source.media_class,
        region=source.region, language=source.language, shared=source.shared,
    )  # fmt: skip


def identity_of(item: Item, source: SourceFacts) -> str:
    """The archive's name for an item: its address where it has one, else its key in the source.

    Items of a source that is not shared are the unit's own, even when others have them too.
    """
    # Not through `identify`: its key of the headline takes longer than all the rest.
    seed = url_key(item.canonical_url) if item.canonical_url else f"{source.id}:{item.entry_key}"
    if not source.shared:
        seed = f"{source.unit_id}:{seed}"
    return hashlib.sha256(seed.encode()).hexdigest()


def identity_in_crowd(item: Item, source: SourceFacts) -> str:
    """The name of an item whose address and id its source gives to others too: headline included."""
    keys = identify(item)
    seed = f"{source.unit_id}:{source.id}:{keys.entry_key}:{keys.title_key}"
    return hashlib.sha256(seed.encode()).hexdigest()


def entry_hash_of(item: Item, *, trusts_lastmod: bool) -> str:
    """What tells whether a source changed its words on an item.

    A sitemap often gives nothing but the time of the last change, so that counts there; in feeds
    that time moves with every comment and is left out.
    """
    if not trusts_lastmod or item.updated_at is None:
        return item.content_hash
    return hashlib.sha256(f"{item.content_hash}{item.updated_at.isoformat()}".encode()).hexdigest()
