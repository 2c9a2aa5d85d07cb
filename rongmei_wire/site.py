"""The routes of the wire: from a path to a reply."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from rongmei_wire import faults, feeds, pages, pictures
from rongmei_wire.bulk import Bulk
from rongmei_wire.library import Medium
from rongmei_wire.newsroom import HOT_STEP_SECONDS, LOCAL, Item, Newsroom
from rongmei_wire.reply import NOT_FOUND, Reply
from rongmei_wire.schedule import Clock

JSON = "application/json; charset=utf-8"


class Site:
    """Answers GET requests. Thread-safe."""

    def __init__(
        self, newsroom: Newsroom, *, clock: Clock, bulk: Bulk | None, stop: threading.Event
    ) -> None:
        self.base = ""
        self._newsroom = newsroom
        self._clock = clock
        self._bulk = bulk
        self._stop = stop
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._fixed: dict[str, Callable[[], Reply]] = {
            "/": lambda: Reply(pages.index(newsroom.library, self.base)),
            "/healthz": self._health,
            "/robots.txt": self._robots,
            "/hot.json": self._hot_json,
            "/hot.html": self._hot_html,
            "/private/": lambda: Reply("<p>robots.txt 请读者不要来这里。</p>".encode()),
        }

    def reply(self, target: str) -> Reply:
        """The answer for a request target (path and query). Streams may raise BreakConnection."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        if path in self._fixed:
            return self._fixed[path]()
        room, _, rest = path.removeprefix("/").partition("/")
        if room == "m":
            return self._medium(rest)
        if room == "pic" and rest.endswith(".jpg"):
            body = pictures.jpeg(rest.removesuffix(".jpg"))
            return Reply(body, "image/jpeg") if body else NOT_FOUND
        if room == "fault":
            return self._fault(rest, path, dict(parse_qsl(parts.query)))
        if room == "bulk" and self._bulk is not None:
            return self._bulk.reply(rest, self.base, self._count(path))
        return NOT_FOUND

    def _count(self, path: str) -> int:
        with self._lock:
            self._asked[path] += 1
            return self._asked[path] - 1

    def _fault(self, rest: str, path: str, options: dict[str, str]) -> Reply:
        call = faults.Call(
            base=self.base,
            rest=rest.partition("/")[2],
            options=options,
            count=self._count(path),
            now=self._clock(),
            stop=self._stop,
        )
        return faults.answer(rest, call) or NOT_FOUND

    def _medium(self, rest: str) -> Reply:
        slug, slash, file = rest.partition("/")
        medium = self._newsroom.medium(slug)
        if medium is None:
            return NOT_FOUND
        if not slash:
            return Reply(status=301, headers={"Location": f"{self.base}/m/{slug}/"})
        if file == "logo.png":
            return Reply(pictures.logo(medium.slug, medium.colour), "image/png")
        if file.endswith(".html"):
            return self._article(medium, file.removesuffix(".html"))
        items = self._newsroom.items(slug)
        body, kind = _render(medium, items, file, self.base)
        if body is None:
            return NOT_FOUND
        return Reply(body, kind, modified=feeds.newest(items) if items else None)

    def _article(self, medium: Medium, piece_id: str) -> Reply:
        item = self._newsroom.item(medium.slug, piece_id)
        if item is None:
            return NOT_FOUND
        others = [other for other in self._newsroom.items(medium.slug) if other.id != piece_id]
        body = pages.article(medium, item, self.base, others)
        return Reply(body, f"text/html; charset={medium.charset}", modified=item.at)

    def _health(self) -> Reply:
        released = len(self._newsroom.schedule.released())
        data = {
            "status": "ok",
            "pieces": len(self._newsroom.library.pieces),
            "released": released,
            "epoch": self._newsroom.schedule.epoch.isoformat(),
        }
        return Reply(feeds.json_bytes(data), JSON, conditional=False)

    def _robots(self) -> Reply:
        maps = "".join(
            f"Sitemap: {self.base}/m/{slug}/sitemap.xml\n" for slug in self._newsroom.library.media
        )
        text = f"User-agent: *\nDisallow: /private/\n{maps}"
        return Reply(text.encode(), "text/plain; charset=utf-8")

    def _updated(self) -> str:
        now = int(self._clock().timestamp()) // HOT_STEP_SECONDS * HOT_STEP_SECONDS
        moment = self._clock().fromtimestamp(now, LOCAL)
        return moment.isoformat(timespec="seconds")

    def _hot_json(self) -> Reply:
        entries = [
            {
                "rank": entry.rank,
                "title": entry.title,
                "url": self.base + entry.path,
                "heat": entry.heat,
                "medium": entry.medium,
            }
            for entry in self._newsroom.hot(self._clock())
        ]
        data = {"name": "示例热榜", "updated": self._updated(), "items": entries}
        return Reply(feeds.json_bytes(data), JSON)

    def _hot_html(self) -> Reply:
        return Reply(pages.hot(self._newsroom.hot(self._clock()), self._updated(), self.base))


def _render(medium: Medium, items: list[Item], file: str, base: str) -> tuple[bytes | None, str]:
    """The body and content type of one of a medium's lists; None for an unknown file."""
    channel = feeds.Channel(
        slug=medium.slug,
        title=medium.name,
        description=medium.slogan,
        base=base,
        home=f"/m/{medium.slug}/",
        full=medium.full,
        language=medium.language,
        charset=medium.charset,
        relative=medium.links == "relative",
        logo=f"/m/{medium.slug}/logo.png",
    )
    if file == "":
        return pages.home(medium, items, base), f"text/html; charset={medium.charset}"
    if file == "rss.xml":
        return feeds.rss(channel, items), f"application/rss+xml; charset={medium.charset}"
    if file == "atom.xml":
        return feeds.atom(channel, items), "application/atom+xml; charset=utf-8"
    if file == "feed.json":
        return feeds.json_feed(channel, items), "application/feed+json; charset=utf-8"
    if file == "sitemap.xml":
        return feeds.sitemap(channel, items), "application/xml; charset=utf-8"
    return None, ""
