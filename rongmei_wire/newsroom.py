"""What is out right now, as readers see it: pieces with their dates filled in and their addresses."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from rongmei_wire.library import Library, Medium, Picture, Piece, render_dates
from rongmei_wire.schedule import Release, Schedule

# The invented provinces keep Chinese time.
LOCAL = timezone(timedelta(hours=8))
FEED_ITEMS = 30
HOT_ITEMS = 20
# The hot list moves in steps, so that a second look within a step may be answered with 304.
HOT_STEP_SECONDS = 30
HOT_RISE_HOURS = 0.2
HOT_HALF_LIFE_HOURS = 14.0


@dataclass(frozen=True, slots=True)
class Item:
    """One published article. `at` is aware local time; `path` is the address below the wire."""

    id: str
    title: str
    path: str
    summary: str
    paragraphs: tuple[str, ...]
    at: datetime
    author: str = ""
    subtitle: str = ""
    source: str = ""
    category: str = ""
    kind: str = ""
    region: str = ""
    language: str = "zh"
    pictures: tuple[Picture, ...] = ()
    heat: int = 0
    event: str = ""


@dataclass(frozen=True, slots=True)
class HotEntry:
    """One line of the hot list; `heat` is an index without a unit."""

    rank: int
    title: str
    path: str
    heat: int
    medium: str


class Newsroom:
    """Joins the library with the schedule."""

    def __init__(self, library: Library, schedule: Schedule) -> None:
        self.library = library
        self.schedule = schedule

    def medium(self, slug: str) -> Medium | None:
        """The medium with this slug, or None."""
        return self.library.media.get(slug)

    def items(self, slug: str) -> list[Item]:
        """What a medium has published, newest first."""
        return [
            self._item(release)
            for release in self.schedule.released()
            if release.piece.medium == slug
        ]

    def item(self, slug: str, piece_id: str) -> Item | None:
        """One published article, or None when it is not out or belongs to another medium."""
        piece = self.library.piece(piece_id)
        if piece is None or piece.medium != slug:
            return None
        at = self.schedule.published_at(piece_id)
        return None if at is None else self._item(Release(piece, at))

    def hot(self, now: datetime) -> list[HotEntry]:
        """The hot list at a moment. Copies are left out: they would push their originals down."""
        stepped = int(now.timestamp()) // HOT_STEP_SECONDS * HOT_STEP_SECONDS
        scored = [
            (heat_at(release.piece, release.at, stepped), release)
            for release in self.schedule.released()
            if not release.piece.family and release.piece.language == "zh"
        ]
        scored.sort(key=lambda pair: (-pair[0], pair[1].piece.id))
        return [
            HotEntry(
                rank=place,
                title=self._item(release).title,
                path=article_path(release.piece),
                heat=heat,
                medium=self.library.media[release.piece.medium].name,
            )
            for place, (heat, release) in enumerate(scored[:HOT_ITEMS], start=1)
        ]

    def _item(self, release: Release) -> Item:
        piece = release.piece
        # A copy keeps the days its original speaks of, or near-copies would differ by their dates.
        told_at = self.schedule.published_at(piece.family) if piece.family else None
        day = (told_at or release.at).astimezone(LOCAL)
        return Item(
            id=piece.id,
            title=render_dates(piece.title, day),
            path=article_path(piece),
            summary=render_dates(piece.summary, day),
            paragraphs=tuple(render_dates(text, day) for text in piece.paragraphs),
            at=release.at.astimezone(LOCAL),
            author=piece.author,
            subtitle=piece.subtitle,
            source=piece.source,
            category=piece.category,
            kind=piece.kind,
            region=piece.region,
            language=piece.language,
            pictures=piece.pictures,
            heat=piece.heat,
            event=piece.event,
        )


def article_path(piece: Piece) -> str:
    """The address of an article below the wire's own."""
    return f"/m/{piece.medium}/{piece.id}.html"


def heat_at(piece: Piece, published: datetime, now_seconds: float) -> int:
    """A piece's heat: a quick rise, a slow fall by half every 14 hours, and a small ripple."""
    hours = max(0.0, now_seconds - published.timestamp()) / 3600
    rise = 0.3 + 0.7 * min(1.0, hours / HOT_RISE_HOURS)
    fall = math.pow(0.5, hours / HOT_HALF_LIFE_HOURS)
    ripple = 1 + 0.06 * math.sin(now_seconds / 97 + len(piece.title) * 1.7 + piece.heat)
    return round(piece.heat * 100 * rise * fall * ripple)


def body_html(item: Item, base: str) -> str:
    """The article's text and pictures as the HTML that goes into a page or a feed entry.

    `base` comes before picture addresses: the wire's address, or `../..` for relative links.
    """
    figures = [
        f'<figure><img src="{base}/pic/{picture.name}.jpg" width="1200" height="675" '
        f'alt="{html.escape(picture.caption)}">'
        f"<figcaption>{html.escape(picture.caption)}</figcaption></figure>"
        for picture in item.pictures
    ]
    blocks = figures[:1]
    for place, text in enumerate(item.paragraphs):
        if text.startswith("## "):
            blocks.append(f"<h3>{html.escape(text[3:], quote=False)}</h3>")
        else:
            blocks.append(f"<p>{html.escape(text, quote=False)}</p>")
        # Later pictures sit between paragraphs, as in a real photo story.
        blocks.extend(figures[place + 1 : place + 2])
    blocks.extend(figures[len(item.paragraphs) + 1 :])
    return "\n".join(blocks)
