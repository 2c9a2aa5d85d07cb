"""Answers that go wrong on purpose, one for each way a source has of hurting its reader.

Every fault is a function in `FAULTS`; its docstring is its line in the README, and a test holds the
two together. Options come as query parameters. Streams watch `stop`, so that closing the wire never
waits for an endless answer.
"""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from rongmei_wire.feeds import Channel, rss
from rongmei_wire.newsroom import LOCAL, Item
from rongmei_wire.reply import BreakConnection, Reply

XML = "application/rss+xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a fault. `count` is how often this path was asked before, from 0."""

    base: str
    rest: str
    options: dict[str, str]
    count: int
    now: datetime
    stop: threading.Event

    def number(self, name: str, default: float) -> float:
        """A numeric option; a wrong one counts as absent, a negative one as zero."""
        try:
            return max(0.0, float(self.options.get(name, default)))
        except ValueError:
            return default


Fault = Callable[[Call], Reply]
FAULTS: dict[str, Fault] = {}


def _fault(name: str) -> Callable[[Fault], Fault]:
    def register(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return register


def answer(path: str, call: Call) -> Reply | None:
    """The answer for the part of a path after `/fault/`, or None when there is no such fault."""
    fault = FAULTS.get(path.partition("/")[0])
    return fault(call) if fault else None


def sample_items(now: datetime) -> list[Item]:
    """Three small articles that well-formed parts of faulty feeds carry."""
    texts = (
        (
            "fault-1",
            "云脚新寨试用太阳能路灯",
            "云脚新寨在村口试装六盏太阳能路灯，夜里十一点后自动调暗。",
        ),
        ("fault-2", "望潮港新添岸电接口", "望潮港三号泊位的岸电接口投用，靠港渔船不必再开柴油机。"),
        ("fault-3", "霜溪茶市今晨开秤", "霜溪茶市今晨开秤，第一批雨后茶每斤比上周低四元。"),
    )
    return [
        Item(
            id=piece_id,
            title=title,
            path=f"/fault/page/{piece_id}.html",
            summary=text,
            paragraphs=(text,),
            at=now.astimezone(LOCAL) - timedelta(hours=place + 1),
            author="示例记者",
            category="民生热点",
        )
        for place, (piece_id, title, text) in enumerate(texts)
    ]


def _feed(call: Call, items: list[Item] | None = None, charset: str = "UTF-8") -> bytes:
    channel = Channel(
        slug="fault",
        title="出错的信源（示例）",
        description="用来检验读者的信源",
        base=call.base,
        home="/fault/page/",
        full=True,
        charset=charset,
    )
    return rss(channel, sample_items(call.now) if items is None else items)


def _status(status: int, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(f"<p>HTTP {status}</p>".encode(), status=status, headers=named)


@_fault("feed")
def _good(call: Call) -> Reply:
    """A sound RSS feed of three items, for comparison."""
    return Reply(_feed(call), XML)


@_fault("page")
def _page(call: Call) -> Reply:
    """The sound article pages that the fault feeds link to (`/fault/page/fault-1.html`)."""
    for item in sample_items(call.now):
        if call.rest == f"{item.id}.html":
            text = (
                f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
                f"<title>{item.title}</title></head><body><article><h1>{item.title}</h1>"
                f'<time datetime="{item.at.isoformat(timespec="seconds")}"></time>'
                f"<p>{item.summary}</p></article></body></html>"
            )
            return Reply(text.encode())
    return Reply("<p>出错的信源（示例）</p>".encode(), status=404 if call.rest else 200)


@_fault("drip")
def _drip(call: Call) -> Reply:
    """The sound feed, one byte each `?delay=` seconds (0.5); beats a limit on idle time only."""
    body, delay = _feed(call), call.number("delay", 0.5)

    def drops() -> Iterator[bytes]:
        for place in range(len(body)):
            yield body[place : place + 1]
            if call.stop.wait(delay):
                raise BreakConnection

    return Reply(type=XML, stream=drops(), length=len(body))


@_fault("hang")
def _hang(call: Call) -> Reply:
    """Accepts the request and says nothing for `?seconds=` (3600), then closes."""
    call.stop.wait(call.number("seconds", 3600))
    raise BreakConnection


@_fault("reset")
def _reset(call: Call) -> Reply:
    """Closes the connection without a word."""
    raise BreakConnection


@_fault("500")
def _500(call: Call) -> Reply:
    """500 Internal Server Error."""
    return _status(500)


@_fault("503")
def _503(call: Call) -> Reply:
    """503 with `Retry-After: ?after=` seconds (120); `?date=1` gives an HTTP date instead."""
    seconds = int(call.number("after", 120))
    when = str(seconds)
    if call.options.get("date"):
        when = format_datetime(call.now + timedelta(seconds=seconds), usegmt=True)
    return _status(503, Retry_After=when)


@_fault("429")
def _429(call: Call) -> Reply:
    """429 Too Many Requests with `Retry-After: ?after=` seconds (60)."""
    return _status(429, Retry_After=str(int(call.number("after", 60))))


@_fault("404")
def _404(call: Call) -> Reply:
    """404 Not Found."""
    return _status(404)


@_fault("410")
def _410(call: Call) -> Reply:
    """410 Gone: the reader should stop asking."""
    return _status(410)


@_fault("flaky")
def _flaky(call: Call) -> Reply:
    """503 for the first `?times=` (2) requests of each path below it, the sound feed after that."""
    return _status(503) if call.count < call.number("times", 2) else Reply(_feed(call), XML)


@_fault("redirect-loop")
def _redirect_loop(call: Call) -> Reply:
    """302 to itself for ever, with a new query each time."""
    step = int(call.number("n", 0)) + 1
    return _status(302, Location=f"{call.base}/fault/redirect-loop?n={step}")


@_fault("redirect-chain")
def _redirect_chain(call: Call) -> Reply:
    """`/fault/redirect-chain/5`: five 302s, then the sound feed."""
    left = int(call.rest) if call.rest.isascii() and call.rest.isdigit() else 3
    if left <= 0:
        return Reply(_feed(call), XML)
    return _status(302, Location=f"{call.base}/fault/redirect-chain/{left - 1}")


@_fault("redirect-moved")
def _redirect_moved(call: Call) -> Reply:
    """301 to the sound feed: the reader should keep the new address."""
    return _status(301, Location=f"{call.base}/fault/feed")


@_fault("redirect-private")
def _redirect_private(call: Call) -> Reply:
    """302 to `http://10.0.0.1/`, an address inside the reader's network."""
    return _status(302, Location="http://10.0.0.1/")


@_fault("redirect-metadata")
def _redirect_metadata(call: Call) -> Reply:
    """302 to `http://169.254.169.254/`, where clouds keep their machine credentials."""
    return _status(302, Location="http://169.254.169.254/")


@_fault("redirect-file")
def _redirect_file(call: Call) -> Reply:
    """302 to a `file:` address."""
    return _status(302, Location="file:///etc/hostname")


@_fault("endless")
def _endless(call: Call) -> Reply:
    """A feed that never ends: chunked items for as long as the reader listens."""
    head = _feed(call).partition(b"</channel>")[0]

    def items() -> Iterator[bytes]:
        yield head
        number = 0
        while not call.stop.is_set():
            number += 1
            yield (
                f"<item><guid>e{number}</guid><title>没完没了 {number}</title></item>\n".encode()
                * 64
            )
        raise BreakConnection

    return Reply(type=XML, stream=items())


@_fault("huge")
def _huge(call: Call) -> Reply:
    """An honest Content-Length of `?mb=` (200) megabytes, and that much body."""
    count = int(call.number("mb", 200))
    block = (b"<p>" + "长".encode() * 200 + b"</p>\n") * 2000
    block = block[:MEGABYTE].ljust(MEGABYTE, b" ")

    def blocks() -> Iterator[bytes]:
        for _ in range(count):
            if call.stop.is_set():
                raise BreakConnection
            yield block

    return Reply(type=HTML, stream=blocks(), length=count * MEGABYTE)


@_fault("gzip-bomb")
def _gzip_bomb(call: Call) -> Reply:
    """A gzip body of about a thousandth of the `?mb=` (512) megabytes it unfolds to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b" " * MEGABYTE
    parts = [packer.compress(zeros) for _ in range(int(min(call.number("mb", 512), 4096)))]
    body = b"".join([*parts, packer.flush()])
    return Reply(body, XML, headers={"Content-Encoding": "gzip"}, conditional=False)


@_fault("gzip-broken")
def _gzip_broken(call: Call) -> Reply:
    """The sound feed in gzip, cut in the middle, with a Content-Length that hides the cut."""
    body = gzip.compress(_feed(call))
    return Reply(body[: len(body) // 2], XML, headers={"Content-Encoding": "gzip"})


@_fault("billion-laughs")
def _billion_laughs(call: Call) -> Reply:
    """XML entities that unfold to a thousand million words."""
    entities = '<!ENTITY l0 "哈">\n' + "".join(
        f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">\n' for level in range(1, 10)
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE rss [
{entities}]>
<rss version="2.0"><channel><title>出错的信源（示例）</title>
<item><guid>laugh</guid><title>&l9;</title></item></channel></rss>
"""
    return Reply(text.encode(), XML)


@_fault("xxe")
def _xxe(call: Call) -> Reply:
    """XML whose entity points at a file of the reader's machine and at the wire itself."""
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/hostname">
<!ENTITY call SYSTEM "{call.base}/fault/xxe-was-followed">]>
<rss version="2.0"><channel><title>出错的信源（示例）</title>
<item><guid>xxe</guid><title>外部实体 &file; &call;</title></item></channel></rss>
"""
    return Reply(text.encode(), XML)


@_fault("truncated")
def _truncated(call: Call) -> Reply:
    """A feed that stops in the middle of its third item, though HTTP says it is whole."""
    body = _feed(call)
    return Reply(body[: body.rindex(b"<description>") + 20], XML)


@_fault("short-body")
def _short_body(call: Call) -> Reply:
    """Content-Length promises the sound feed, the connection closes half way."""
    body = _feed(call)

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise BreakConnection

    return Reply(type=XML, stream=half(), length=len(body))


@_fault("wrong-charset")
def _wrong_charset(call: Call) -> Reply:
    """GBK bytes; the header and the XML declaration both say UTF-8."""
    return Reply(_feed(call).decode("utf-8").encode("gbk"), XML)


@_fault("charset-conflict")
def _charset_conflict(call: Call) -> Reply:
    """UTF-8 bytes and declaration, but the header says GBK."""
    return Reply(_feed(call), "application/rss+xml; charset=GBK")


@_fault("big5")
def _big5(call: Call) -> Reply:
    """A sound feed in traditional characters, encoded and declared as Big5."""
    rows = (
        ("big5-1", "望潮港新添岸電介面", "望潮港三號泊位的岸電介面啟用，靠港漁船不必再開柴油機。"),
        ("big5-2", "霜溪茶市今晨開秤", "霜溪茶市今晨開秤，第一批雨後茶每斤比上週低四元。"),
    )
    items = "".join(
        f'<item><guid isPermaLink="false">{key}</guid><title>{title}</title>'
        f"<link>{call.base}/fault/page/fault-1.html</link>"
        f"<pubDate>{format_datetime(call.now - timedelta(hours=1))}</pubDate>"
        f"<description>{text}</description></item>\n"
        for key, title, text in rows
    )
    text = (
        '<?xml version="1.0" encoding="Big5"?>\n<rss version="2.0"><channel>'
        f"<title>出錯的信源（示例）</title><link>{call.base}/</link>"
        f"<description>示例</description>\n{items}</channel></rss>\n"
    )
    return Reply(text.encode("big5"), "application/rss+xml; charset=Big5")


@_fault("script-page")
def _script_page(call: Call) -> Reply:
    """An article page full of script: tags, event handlers, javascript: links, SVG and iframes."""
    text = """<!doctype html><html><head><meta charset="utf-8"><title>带脚本的页面（示例）</title>
<script>document.title = "script ran"</script></head>
<body onload="document.title='onload ran'"><article><h1>带脚本的页面（示例）</h1>
<p onclick="alert(1)">望潮港三号泊位的岸电接口投用，靠港渔船不必再开柴油机，码头夜里安静了许多。</p>
<img src="/pic/no-such-picture.jpg" onerror="document.title='onerror ran'">
<a href="javascript:alert(1)">点我</a><a href="JaVa&#x09;Script:alert(1)">再点我</a>
<svg><script>alert(1)</script><a xlink:href="javascript:alert(1)"><text>图</text></a></svg>
<iframe src="javascript:alert(1)"></iframe><object data="data:text/html,<script>alert(1)</script>"></object>
<style>p{background:url(javascript:alert(1))}</style>
<p style="position:fixed;inset:0">盖住整页的一段。</p>
<form action="http://10.0.0.1/"><input name="q" autofocus onfocus="alert(1)"></form>
</article></body></html>
"""
    return Reply(text.encode())


@_fault("script-feed")
def _script_feed(call: Call) -> Reply:
    """A sound feed whose title and body carry script, and whose link is `javascript:`."""
    at = format_datetime(call.now - timedelta(hours=1))
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>出错的信源（示例）</title><link>{call.base}/</link>
<description>示例</description>
<item><guid isPermaLink="false">script-1</guid><pubDate>{at}</pubDate>
<title>&lt;img src=x onerror=alert(1)&gt;岸电接口投用</title><link>javascript:alert(1)</link>
<description>&lt;p&gt;靠港渔船不必再开柴油机。&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</description>
</item></channel></rss>
"""
    return Reply(text.encode(), XML)


@_fault("changing-ids")
def _changing_ids(call: Call) -> Reply:
    """The same three items with a new guid and a new link query in each answer."""
    body = _feed(call).decode()
    for item in sample_items(call.now):
        body = body.replace(f"fault:{item.id}", f"fault:{item.id}-{call.count}")
        body = body.replace(f"{item.id}.html</link>", f"{item.id}.html?visit={call.count}</link>")
    return Reply(body.encode(), XML, conditional=False)


@_fault("missing-dates")
def _missing_dates(call: Call) -> Reply:
    """The three items without any date."""
    lines = _feed(call).decode().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(("<pubDate>", "<lastBuildDate>"))]
    return Reply("".join(kept).encode(), XML)


@_fault("odd-dates")
def _odd_dates(call: Call) -> Reply:
    """The three items dated 1970, 2099 and `昨天下午`."""
    odd = iter(("Thu, 01 Jan 1970 00:00:00 +0000", "Thu, 31 Dec 2099 23:59:59 +0800", "昨天下午"))
    lines = [
        f"<pubDate>{next(odd)}</pubDate>\n" if line.startswith("<pubDate>") else line
        for line in _feed(call).decode().splitlines(keepends=True)
    ]
    return Reply("".join(lines).encode(), XML)


@_fault("empty")
def _empty(call: Call) -> Reply:
    """200 with no body at all."""
    return Reply(b"", XML)


@_fault("empty-feed")
def _empty_feed(call: Call) -> Reply:
    """A sound feed with no items."""
    return Reply(_feed(call, []), XML)


@_fault("wrong-type")
def _wrong_type(call: Call) -> Reply:
    """The sound feed, called `image/jpeg`; `?type=` gives another name."""
    return Reply(
        _feed(call), call.options.get("type", "image/jpeg").encode("ascii", "ignore").decode()
    )


@_fault("html-as-feed")
def _html_as_feed(call: Call) -> Reply:
    """A login page with status 200 where a feed is expected."""
    text = (
        "<!doctype html><meta charset=utf-8><title>请登录</title><form><input type=password></form>"
    )
    return Reply(text.encode(), HTML)


@_fault("garbage")
def _garbage(call: Call) -> Reply:
    """Bytes that are no text in any encoding, called RSS."""
    return Reply(bytes(range(256)) * 16, XML)
