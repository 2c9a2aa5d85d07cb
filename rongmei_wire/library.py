"""Reads the content folder: media and pieces as frozen records, checked while loading.

The TOML files in `content/` are the whole newsroom. A mistake there stops the server with the
file and the piece named, because a half-loaded newsroom would make every later count wrong.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

CONTENT_DIR = Path(__file__).parent / "content"
FORMATS = ("rss", "atom", "json", "sitemap")
# Characters that only a hand-made feed would contain; ids become file names and URLs.
_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class ContentError(ValueError):
    """A content file says something the wire cannot serve."""


@dataclass(frozen=True, slots=True)
class Medium:
    """One invented medium. `format` is the feed it tells its readers about; all are served."""

    slug: str
    name: str
    slogan: str
    kind: str
    region: str
    format: str
    full: bool
    colour: str
    charset: str = "UTF-8"
    links: str = "absolute"
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Picture:
    """What to draw (`scene`, `seed`) and what to say under it."""

    scene: str
    seed: int
    caption: str

    @property
    def name(self) -> str:
        """File name below `/pic/`, without the ending."""
        return f"{self.scene}-{self.seed}"


@dataclass(frozen=True, slots=True)
class Piece:
    """One article as written; `{今}`-style marks are still in its texts (see `render_dates`).

    `offset` is in hours from the epoch: up to 0 is published before the wire starts, the rest is
    released later in this order. `heat` is the peak of its hot-list curve. `family` is the id of
    the piece this one was copied from, and `source` the medium it credits.
    """

    id: str
    medium: str
    title: str
    subtitle: str
    author: str
    source: str
    summary: str
    paragraphs: tuple[str, ...]
    category: str
    kind: str
    region: str
    language: str
    pictures: tuple[Picture, ...]
    offset: float
    heat: int
    family: str
    event: str
    sample: bool = True

    @property
    def text(self) -> str:
        """All paragraphs, one a line, subheads without their mark."""
        return "\n".join(paragraph.removeprefix("## ") for paragraph in self.paragraphs)


@dataclass(frozen=True, slots=True)
class Library:
    """Everything in the content folder; `pieces` is in release order."""

    media: dict[str, Medium]
    pieces: tuple[Piece, ...]

    def piece(self, piece_id: str) -> Piece | None:
        """The piece with this id, or None."""
        return next((piece for piece in self.pieces if piece.id == piece_id), None)


def render_dates(text: str, when: datetime) -> str:
    """Fill the date marks of a text as seen from `when`, the local time of its publication.

    `{昨}` `{今}` `{明}` become days of the month (22日), `{今全}` `{明全}` carry the month (11月22日).
    """
    if "{" not in text:
        return text
    tomorrow = when + timedelta(days=1)
    marks = {
        "{昨}": f"{(when - timedelta(days=1)).day}日",
        "{今}": f"{when.day}日",
        "{明}": f"{tomorrow.day}日",
        "{今全}": f"{when.month}月{when.day}日",
        "{明全}": f"{tomorrow.month}月{tomorrow.day}日",
    }
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


def load(folder: Path = CONTENT_DIR) -> Library:
    """Read `media.toml` and every other TOML file of a folder.

    Raises ContentError when a file cannot be read, an id repeats, or a reference leads nowhere.
    """
    media = {
        medium.slug: medium
        for medium in (_medium(row) for row in _rows(folder / "media.toml", "medium"))
    }
    pieces: list[Piece] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name != "media.toml":
            pieces.extend(_piece(row, path.name) for row in _rows(path, "piece"))
    _check(media, pieces)
    return Library(media=media, pieces=tuple(sorted(pieces, key=lambda p: (p.offset, p.id))))


@cache
def default_library() -> Library:
    """The shipped content, read once a process."""
    return load()


def _rows(path: Path, key: str) -> list[dict[str, Any]]:
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))[key]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise ContentError(f"{path.name}: cannot read [[{key}]] entries: {error}") from error
    return list(rows)


def _medium(row: dict[str, Any]) -> Medium:
    try:
        medium = Medium(**row)
    except TypeError as error:
        raise ContentError(f"media.toml: {row.get('slug', '?')}: {error}") from error
    if medium.format not in FORMATS:
        raise ContentError(f"media.toml: {medium.slug}: unknown format {medium.format}")
    return medium


def _piece(row: dict[str, Any], file: str) -> Piece:
    try:
        body = str(row["body"]).strip()
        return Piece(
            id=row["id"],
            medium=row["medium"],
            title=row["title"],
            subtitle=row.get("subtitle", ""),
            author=row["author"],
            source=row.get("source", ""),
            summary=row["summary"],
            paragraphs=tuple(part.strip() for part in body.split("\n\n")),
            category=row["category"],
            kind=row["kind"],
            region=row["region"],
            language=row.get("language", "zh"),
            pictures=tuple(Picture(**picture) for picture in row["pictures"]),
            offset=float(row["offset"]),
            heat=int(row["heat"]),
            family=row.get("family", ""),
            event=row.get("event", ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ContentError(f"{file}: {row.get('id', '?')}: {error!r}") from error


def _check(media: dict[str, Medium], pieces: list[Piece]) -> None:
    ids = {piece.id for piece in pieces}
    if len(ids) != len(pieces):
        seen = [piece.id for piece in pieces]
        raise ContentError(f"repeated ids: {sorted({i for i in seen if seen.count(i) > 1})}")
    for piece in pieces:
        if not set(piece.id) <= _ID_CHARACTERS:
            raise ContentError(f"{piece.id}: ids are lower-case letters, digits and hyphens")
        if piece.medium not in media:
            raise ContentError(f"{piece.id}: unknown medium {piece.medium}")
        if piece.family and piece.family not in ids:
            raise ContentError(f"{piece.id}: its original {piece.family} does not exist")
