"""The wire's articles as documents of the archive, digested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from rongmei.archive import actions as archive
from rongmei.archive.identity import SourceFacts
from rongmei.archive.models import Document
from rongmei.kernel import db
from rongmei.monitoring import digesting
from rongmei.network.testing import Cast
from rongmei.sources import actions as sources
from rongmei.sources.models import Source
from rongmei.sources.types import HotEntry
from rongmei_wire.library import Piece, default_library, render_dates
from rongmei_wire.schedule import timetable

TIERS = {"wire": 1, "yunling-daily": 2, "industry-watch": 2, "energy-tech": 2, "yunshang-news": 2}


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    digesting._memory = None


class Newsroom:
    """Keeps wire pieces as documents and lets the worker digest them."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.now = timezone.now()
        self.sources: dict[str, Source] = {}
        self.ids: dict[str, Document] = {}

    def source(self, medium: str) -> Source:
        if medium not in self.sources:
            self.sources[medium] = sources.source_add(
                by=self.cast["duty"], unit_id=self.cast.unit("hq").pk, name=medium,
                url=f"https://{medium}.example/rss.xml", kind="feed", tier=TIERS.get(medium, 3),
                media_class="local",
            )  # fmt: skip
        return self.sources[medium]

    def keep(
        self, title: str, body: str, *, medium: str = "wire", hours: float = 1.0, **more: object
    ) -> Document:
        source = self.source(medium)
        with db.write():
            document = archive.document_keep(
                kind="article", identity=f"{medium}:{title}:{len(self.ids)}",
                unit_id=self.cast.unit("hq").pk, title=title, body=body, source_name=medium,
                published_at=self.now - timedelta(hours=hours), **more,  # type: ignore[arg-type]
            )  # fmt: skip
            Document.objects.filter(pk=document.pk).update(source=source)
        self.ids[title] = document
        return document

    def pieces(self, wanted: Sequence[Piece] | None = None) -> dict[str, Document]:
        """The wire's articles, squeezed into the last thirty hours."""
        found = {}
        at = timetable(default_library().pieces, self.now, "all")
        for piece in wanted or default_library().pieces:
            day = at[piece.family or piece.id]
            found[piece.id] = self.keep(
                render_dates(piece.title, day),
                render_dates("\n".join(piece.paragraphs), day),
                medium=piece.medium,
                hours=(self.now - at[piece.id]).total_seconds() / 3600,
                language=piece.language,
                region=piece.region,
            )
        return found

    def hot_list(self, *titles: str, minutes: float = 1.0) -> None:
        source = self.source("hot")
        facts = SourceFacts(source.pk, source.unit_id, source.name, "social", "", "zh", True)
        with db.write():
            archive.hot_list_store(
                [HotEntry(rank, title, "https://hot.example/") for rank, title in enumerate(titles, 1)],
                source=facts, at=timezone.now() - timedelta(minutes=minutes),
            )  # fmt: skip

    def digest(self) -> int:
        return digesting.digest_due()


@pytest.fixture
def newsroom(cast: Cast) -> Newsroom:
    return Newsroom(cast)


@pytest.fixture
def wire_digested(newsroom: Newsroom) -> Callable[[], dict[str, Document]]:
    """Everything the wire has, digested; a function, so that a test may prepare first."""

    def make() -> dict[str, Document]:
        found = newsroom.pieces()
        newsroom.digest()
        return found

    return make
