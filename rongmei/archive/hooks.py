"""Hooks of the archive: what rooms above offer to do with a document."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rongmei.archive.types import Findings, Text
from rongmei.kernel.plugins import hookspec


@dataclass(frozen=True)
class DocumentAction:
    """Something a person may go on to do with a document: 报选题, 存入专题.

    `url` gives the address for a document's id; `permission` must be held somewhere for the button
    to be shown; `icon` is a heroicon name; the lowest `order` comes first.
    """

    label: object
    url: Callable[[uuid.UUID], str]
    permission: str
    icon: str = "light-bulb"
    order: int = 50


@dataclass(frozen=True)
class Enricher:
    """Looks at texts and says what it found in each, in their order.

    `run` is pure and takes some hundreds of texts in one call, outside any write; `version` changes
    with everything that changes its findings, and documents are then looked at again.
    """

    name: str
    version: str
    run: Callable[[Sequence[Text]], list[Findings]]
    order: int = field(default=50, compare=False)


@dataclass(frozen=True)
class DocumentUse:
    """A room's say on which documents its records still point to; those are never aged out.

    `find` gets at most 200 ids, outside and again inside the write that removes documents: it asks
    the database once or twice and returns those in use. `label` names the use to people.
    """

    label: object
    find: Callable[[Sequence[uuid.UUID]], set[uuid.UUID]]


@hookspec
def register_document_actions() -> list[DocumentAction]:
    """Return what the room offers on a document's page."""
    return []


@hookspec
def register_enrichers() -> list[Enricher]:
    """Return what looks at every document and says what it is about: script, names, keywords."""
    return []


@hookspec
def register_document_uses() -> list[DocumentUse]:
    """Return how to find which documents the room's records point to, so that none is aged out."""
    return []
