"""Bulk mode: any list of articles as paged feeds and pages, with faults by the dice if wanted.

For tests and benches that need many real articles. The articles come from the caller; the wire ships
none. Requests fail by a seeded draw over (path, how often it was asked), so a run
repeats exactly and every page answers in the end when it is asked again.
"""

from __future__ import annotations

import html
import json
import random
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rongmei_wire.feeds import Channel, json_bytes, newest, rss, sitemap
from rongmei_wire.newsroom import LOCAL, Item
from rongmei_wire.reply import NOT_FOUND, BreakConnection, Reply

PAGE = 50
FAULT_KINDS = ("500", "503", "reset", "short")
# Those that must be asked for: they take a reader's time, or send it about.
ALL_FAULT_KINDS = (*FAULT_KINDS, "hang", "slow", "301", "302", "307")
# What a file may be in while it, and HTTP, say UTF-8.
ODD_ENCODINGS = ("gbk", "big5", "utf-16", "gb18030")
SLOW_SECONDS = 0.4


class ArticleError(ValueError):
    """An article of the bulk list cannot be used."""


def read_jsonl(path: Path) -> list[dict[str, object]]:
    """Articles from a JSON Lines file; blank lines are skipped. Raises ArticleError with the line."""
    rows: list[dict[str, object]] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ArticleError(f"{path}, line {number}: {error}") from error
            if not isinstance(row, dict):
                raise ArticleError(f"{path}, line {number}: not an object")
            rows.append(row)
    return rows


class Bulk:
    """Serves `/bulk/`: an index, feeds of `PAGE` articles with their full text and one of the latest, a
    sitemap of all articles, and their pages. Articles are mappings with `title`, `body` and, if known, an ISO `date`.

    An article without a date is dated back from the epoch, one minute after the other. `faults` are
    of `ALL_FAULT_KINDS`; `odd_rate` of the files are in another encoding than they say; of the
    articles the first `out` are there at the start, and more by `publish`.
    """

    def __init__(
        self,
        articles: Iterable[Mapping[str, object]],
        *,
        epoch: datetime,
        fault_rate: float,
        fault_seed: int,
        faults: Sequence[str] = FAULT_KINDS,
        odd_rate: float = 0.0,
        out: int | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        if unknown := set(faults) - set(ALL_FAULT_KINDS):
            raise ValueError(f"no such fault of bulk mode: {', '.join(sorted(unknown))}")
        self._all = [_item(place, row, epoch) for place, row in enumerate(articles)]
        self._items = self._all[:out]
        self._rate = fault_rate
        self._seed = fault_seed
        self._faults = tuple(faults)
        self._odd = odd_rate
        self._stop = stop or threading.Event()

    @property
    def pages(self) -> int:
        """How many feed pages there are."""
        return -(-len(self._items) // PAGE)

    def publish(self, count: int) -> int:
        """Let the next `count` articles out; returns how many are out."""
        self._items = self._all[: len(self._items) + count]
        return len(self._items)

    def reply(self, rest: str, base: str, count: int) -> Reply:
        """Answer for the part of a path after `/bulk/`, asked `count` times before."""
        sound = self._sound(rest, base)
        # The index never fails: a reader that cannot even start teaches nothing.
        if sound.status == 404 or rest == "index.json":
            return sound
        dice = random.Random(f"{self._seed}/{rest}/{count}")  # noqa: S311 - must repeat
        if dice.random() >= self._rate:
            return self._oddly(rest, sound)
        return _spoil(dice.choice(self._faults), sound, f"{base}/bulk/{rest}", self._stop)

    def _oddly(self, rest: str, sound: Reply) -> Reply:
        """Some files are for ever in another encoding than they say."""
        dice = random.Random(f"{self._seed}/{rest}")  # noqa: S311 - must repeat
        if dice.random() >= self._odd:
            return sound
        text = sound.body.decode("utf-8")
        codec = dice.choice([one for one in ODD_ENCODINGS if _fits(text, one)])
        return replace(sound, body=text.encode(codec))

    def _sound(self, rest: str, base: str) -> Reply:
        if rest == "index.json":
            feeds = [f"{base}/bulk/feed/{page}.xml" for page in range(1, self.pages + 1)]
            data = {"articles": len(self._items), "page": PAGE, "feeds": feeds}
            return Reply(json_bytes(data), "application/json; charset=utf-8")
        if rest == "sitemap.xml" and self._items:
            body = sitemap(_channel("批量信源（示例）", base), self._items)
            return Reply(body, "application/xml; charset=utf-8", modified=newest(self._items))
        if rest == "latest.xml":
            # What was published last comes first, as in any feed.
            items = self._items[-PAGE:][::-1]
            body = rss(_channel("批量信源（示例）最新", base), items, limit=PAGE)
            return Reply(body, "application/rss+xml; charset=utf-8")
        if rest.startswith("feed/"):
            page = _number(rest.removeprefix("feed/"), ".xml")
            if 1 <= page <= self.pages:
                return self._feed(page, base)
        place = _number(rest, ".html")
        if 0 <= place < len(self._items):
            return Reply(_article_page(self._items[place], base), modified=self._items[place].at)
        return NOT_FOUND

    def _feed(self, page: int, base: str) -> Reply:
        items = self._items[(page - 1) * PAGE : page * PAGE]
        body = rss(_channel(f"批量信源（示例）第{page}页", base), items, limit=PAGE)
        return Reply(body, "application/rss+xml; charset=utf-8", modified=newest(items))


def _channel(title: str, base: str) -> Channel:
    return Channel(
        slug="bulk",
        title=title,
        description="由调用者给出的文章",
        base=base,
        home="/bulk/index.json",
        full=True,
    )


def _item(place: int, row: Mapping[str, object], epoch: datetime) -> Item:
    title, body, date = row.get("title"), row.get("body"), row.get("date")
    if not isinstance(title, str) or not isinstance(body, str):
        raise ArticleError(f"article {place}: title and body must be text")
    at = epoch - timedelta(minutes=place)
    if date is not None:
        try:
            at = datetime.fromisoformat(str(date))
        except ValueError as error:
            raise ArticleError(f"article {place}: {error}") from error
    # A date without a zone is taken as Chinese time, as Chinese data sets mean it.
    at = at.replace(tzinfo=LOCAL) if at.tzinfo is None else at.astimezone(LOCAL)
    title, body = _printable(title), _printable(body)
    paragraphs = tuple(part.strip() for part in body.split("\n") if part.strip())
    return Item(
        id=str(place),
        title=title.strip(),
        path=f"/bulk/{place}.html",
        summary=body[:120],
        paragraphs=paragraphs or (body,),
        at=at,
    )


def _printable(text: str) -> str:
    """Without control characters, which XML 1.0 cannot carry at all, nor lone surrogates."""
    kept = "".join(c for c in text if c in "\n\t" or (c >= " " and c not in "\ufffe\uffff"))
    return kept.encode("utf-8", "ignore").decode("utf-8")


def _article_page(item: Item, base: str) -> bytes:
    title = html.escape(item.title)
    paragraphs = "".join(f"<p>{html.escape(text)}</p>\n" for text in item.paragraphs)
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>
<link rel="canonical" href="{base}{item.path}"></head>
<body><nav><a href="{base}/">首页</a></nav><article><h1>{title}</h1>
<time datetime="{item.at.isoformat(timespec="seconds")}">{item.at:%Y-%m-%d %H:%M}</time>
{paragraphs}</article><footer>批量信源（示例）</footer></body></html>
""".encode()


def _fits(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _spoil(kind: str, sound: Reply, address: str, stop: threading.Event) -> Reply:
    if kind == "hang":
        stop.wait(3600)
    if kind in ("hang", "reset"):
        raise BreakConnection
    if kind in ("301", "302", "307"):
        return Reply(status=int(kind), headers={"Location": f"{address}?from={kind}"})
    if kind == "503":
        return Reply(b"<p>busy</p>", status=503, headers={"Retry-After": "1"})
    if kind == "500":
        return Reply(b"<p>broken</p>", status=500)
    if kind == "slow":
        return Reply(type=sound.type, stream=_drops(sound.body, stop), length=len(sound.body))

    def half() -> Iterator[bytes]:
        yield sound.body[: len(sound.body) // 2]
        raise BreakConnection

    return Reply(type=sound.type, stream=half(), length=len(sound.body))


def _drops(body: bytes, stop: threading.Event) -> Iterator[bytes]:
    step = max(1, len(body) // 4)
    for start in range(0, len(body), step):
        if stop.wait(SLOW_SECONDS / 4):
            raise BreakConnection
        yield body[start : start + step]


def _number(text: str, ending: str) -> int:
    digits = text.removesuffix(ending)
    sound = text.endswith(ending) and digits.isascii() and digits.isdigit() and len(digits) < 9
    return int(digits) if sound else -1
