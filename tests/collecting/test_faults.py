"""What the other side can do to us, over real HTTP and through the whole way into the archive.

Each row of `FAULTS` is one way to hurt a reader. The source must say in words what happened, nothing
of a broken answer may be kept, and when the other side has mended itself everything is there, once.
The faults that the example wire can play are in `rongmei/archive/tests/test_collecting.py`; together
they are the table of `docs/reference/faults.md`, which a test holds against both.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.utils import timezone

from rongmei.archive.models import Change, Document, DocumentVersion
from rongmei.archive.tests.collectors import fetch, fetch_together, watch
from rongmei.archive.tests.test_collecting import FAULTS as WIRE_FAULTS
from rongmei.archive.tests.test_collecting import SOUND as WIRE_SOUND
from rongmei.kernel.http import Limits
from rongmei.kernel.tests.web import Request, reply
from rongmei.network.testing import Cast
from rongmei.sources.models import FetchLog, FetchState
from tests.collecting.conftest import Answer, Site
from tests.collecting.test_tls import CERTIFICATES

pytestmark = pytest.mark.django_db

WORDS = "各单位按预案有序推进，现场一切平稳，相关工作仍在进行，后续情况另行发布。"


def item(name: str, *, link: str = "", guid: str = "", title: str = "") -> str:
    told = f"<link>{link}</link>" if link else ""
    told += f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return (
        f"<item><title>{title or f'{name}号示例讯息'}</title>{told}"
        f"<description>{name}号：{WORDS * 2}</description></item>"
    )


def feed(*items: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<rss version="2.0"><channel>'
        f"<title>示例</title>{''.join(items)}</channel></rss>"
    ).encode()


SOUND = feed(item("甲", link="/a.html"), item("乙", link="/b.html"))


def trickle(head: bytes, piece: bytes, pause: float, times: int = 10_000) -> Answer:
    """Send a head, then a piece again and again."""

    async def answer(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _ in range(times):
            writer.write(piece)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)

    return answer


def cut(raw: bytes) -> Answer:
    """Send this much and hang up as a crashed server does."""

    async def answer(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.transport.abort()

    return answer


def deflated(megabytes: int, wbits: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    parts = [packer.compress(b" " * 1_048_576) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


def packed(body: bytes, coding: str) -> bytes:
    return reply(body, Content_Type="application/rss+xml", Content_Encoding=coding)


GIGABYTE = 1_073_741_824
OK = b"HTTP/1.1 200 OK\r\n"
QUADRATIC = f'<!DOCTYPE rss [<!ENTITY a "{"哈" * 20_000}">]>'
LOL = "<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>"
PARAMETER = '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1/dtd"> %p;]>'


# Nothing but what is slow by intent may run into a limit of time, however busy the machine is.
PATIENT = Limits(connect=20, read=40, total=60, max_bytes=2_000_000)
BRISK = Limits(connect=20, read=0.8, total=1.5, max_bytes=2_000_000)


@dataclass(frozen=True)
class Fault:
    """One way to hurt a reader: what is sent, and how the source ends up."""

    answer: Answer
    outcomes: frozenset[str]
    says: str = ""

    @property
    def limits(self) -> Limits:
        return BRISK if "slow" in self.outcomes else PATIENT


def fault(answer: Answer, *outcomes: str, says: str = "") -> Fault:
    return Fault(answer, frozenset(outcomes), says)


FAULTS = {
    "quadratic-bomb": fault(reply(feed(item("&a;" * 900), head=QUADRATIC)), "bomb"),
    "utf-16-bomb": fault(
        reply(feed(item("&b;"), head=LOL).replace(b"UTF-8", b"UTF-16").decode().encode("utf-16")),
        "bomb",
    ),
    "parameter-entity": fault(reply(feed(item("甲"), head=PARAMETER)), "bomb"),
    "gigabyte-announced": fault(
        cut(OK + f"Content-Length: {GIGABYTE}\r\n\r\n".encode() + b"<rss>"),
        "too_large",
        says="字节",
    ),
    "gigabyte-chunked": fault(
        trickle(
            OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n", 0
        ),
        "too_large",
    ),
    "gigabyte-without-length": fault(trickle(OK + b"\r\n", b" " * 65_536, 0), "too_large"),
    "drip-of-headers": fault(trickle(OK + b"X-A: ", b"a", 0.1), "slow", "timeout"),
    "silent-after-headers": fault(
        trickle(OK + b"Content-Length: 10\r\n\r\n", b"", 0.2), "slow", "timeout"
    ),
    "flood-of-headers": fault(cut(OK + b"X-A: b\r\n" * 40_000), "broken"),
    "header-without-end": fault(cut(OK + b"X-A: " + b"b" * 400_000), "broken"),
    "deflate-bomb": fault(packed(deflated(64, zlib.MAX_WBITS), "deflate"), "too_large"),
    "gzip-bomb-in-members": fault(packed(deflated(8, 31) * 8, "gzip"), "too_large"),
    "gzip-file-bomb": fault(reply(deflated(64, 31), Content_Type="application/gzip"), "too_large"),
    "brotli-not-asked-for": fault(packed(b"\x1b\x03\x00\x00", "br"), "broken", says="压缩"),
    "zstd-not-asked-for": fault(packed(b"\x28\xb5\x2f\xfd", "zstd"), "broken", says="压缩"),
    "gzip-twice": fault(packed(gzip.compress(gzip.compress(SOUND)), "gzip, gzip"), "broken"),
    "gzip-said-not-done": fault(packed(SOUND, "gzip"), "broken"),
    "reset-in-body": fault(cut(OK + b"Content-Length: 9000\r\n\r\n" + SOUND[:200]), "broken"),
    "reset-in-chunk": fault(
        cut(OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + SOUND[:50]), "broken"
    ),
    "two-content-lengths": fault(
        cut(OK + b"Content-Length: 10\r\nContent-Length: 20\r\n\r\n" + SOUND), "broken"
    ),
    "not-http": fault(cut(b"220 ftp.example.test ready\r\n"), "broken"),
    "redirect-to-nowhere": fault(reply(status="302 Found", Location="http://[::1"), "address"),
    "redirect-without-address": fault(reply(status="302 Found"), "status"),
    "redirect-to-itself": fault(reply(status="302 Found", Location="?again"), "redirects"),
    "redirect-with-password": fault(
        reply(status="302 Found", Location="http://u:p@127.0.0.1/"), "address"
    ),
    "redirect-to-a-database": fault(
        reply(status="302 Found", Location="http://127.0.0.1:6379/"), "address"
    ),
    "no-content": fault(b"HTTP/1.1 204 No Content\r\n\r\n", "unreadable"),
    "blank": fault(reply(b" \n\t \n"), "unreadable"),
    "html": fault(reply(b"<html><title>login</title>", Content_Type="text/html"), "unreadable"),
    "json-of-no-feed": fault(reply(b'{"error": "quota"}'), "unreadable"),
    "zeros": fault(reply(b"\0" * 100_000), "unreadable"),
    "server-error": fault(reply(b"x", status="502 Bad Gateway"), "status", says="502"),
    "gone": fault(reply(status="410 Gone"), "status", says="410"),
    "wants-a-password": fault(reply(status="401 Unauthorized"), "status", says="401"),
}


def no_trace() -> bool:
    return not Document.objects.exists() and not Change.objects.exists()


def is_sound(*, documents: int = 2) -> bool:
    """Everything is there, once, and never changed."""
    kept = Document.objects.count()
    assert kept == documents
    return Change.objects.count() == documents and not DocumentVersion.objects.exists()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_said_and_mends_without_loss(cast: Cast, site: Site, name: str) -> None:
    source = watch(cast, f"{site.base}/feed.xml", internal=True, full_text=False)
    site.routes["/feed.xml"] = FAULTS[name].answer
    state = fetch(source, limits=FAULTS[name].limits)
    assert state.outcome in FAULTS[name].outcomes
    assert FAULTS[name].says in state.message
    # A sentence: what happened, what was kept, what to do.
    assert state.message.count("。") >= 2
    assert (state.leased_until, state.left) == (None, 0)
    assert state.failures > 0 and state.due_at > timezone.now()
    assert FetchLog.objects.get().outcome == state.outcome
    assert no_trace()
    site.routes["/feed.xml"] = reply(SOUND)
    state = fetch(source, limits=PATIENT)
    assert (state.outcome, state.failures, state.items_new) == ("ok", 0, 2)
    assert is_sound()
    site.routes["/feed.xml"] = FAULTS[name].answer
    fetch(source, limits=FAULTS[name].limits)
    site.routes["/feed.xml"] = reply(SOUND + b"<!-- again -->")
    assert fetch(source, limits=PATIENT).outcome == "ok"
    assert is_sound()


def test_sources_that_hurt_do_not_hold_up_the_others(cast: Cast, site: Site) -> None:
    """All of them at once, each on a host of its own, with a sound one among them."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    def on_a_host(name: str) -> str:
        return f"http://{name}.example.test:{site.web.port}/{name}.xml"

    sources = {
        name: watch(cast, on_a_host(name), internal=True, full_text=False)
        for name in (*FAULTS, "sound")
    }
    site.routes.update({f"/{name}.xml": one.answer for name, one in FAULTS.items()})
    site.routes["/sound.xml"] = reply(SOUND)
    fetch_together(
        list(sources.values()), resolve=resolve, max_concurrent=len(sources),
        limits=Limits(connect=40, read=8, total=10, max_bytes=2_000_000),
    )  # fmt: skip
    states = {state.source_id: state for state in FetchState.objects.all()}
    assert states[sources["sound"].pk].outcome == "ok"
    assert is_sound()
    wrong = {
        name: states[sources[name].pk].outcome
        for name, one in FAULTS.items()
        if states[sources[name].pk].outcome not in one.outcomes
    }
    assert wrong == {}


# Odd, but sound enough: read, cut where need be, and kept once.

MANY = " ".join(f"a{number}='1'" for number in range(10_000))
ODD = {
    "title-of-a-megabyte": feed(item("甲", link="/a.html", title="长" * 400_000)),
    "tags-in-the-title": feed(
        item("甲", link="/a.html", title="&lt;script&gt;alert(1)&lt;/script&gt;甲")
    ),
    "deep-nesting": feed(item("甲", link="/a.html"), "<a>" * 50_000),
    "ten-thousand-attributes": feed(item("甲", link="/a.html"), f"<b {MANY}/>"),
    "more-than-its-length": SOUND,
    "said-to-be-utf-7": SOUND,
    "utf-16-said-to-be-utf-8": SOUND.decode().encode("utf-16"),
    "zeros-between": SOUND.replace(b"<item>", b"<item>\0\0"),
}


def _odd_answer(name: str) -> Answer:
    if name == "more-than-its-length":
        return cut(OK + f"Content-Length: {len(SOUND)}\r\n\r\n".encode() + SOUND + b"HTTP/9 junk")
    charset = "utf-7" if name == "said-to-be-utf-7" else "utf-8"
    return reply(ODD[name], Content_Type=f"application/rss+xml; charset={charset}")


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_is_read_and_kept_once(cast: Cast, site: Site, name: str) -> None:
    source = watch(cast, f"{site.base}/feed.xml", internal=True, full_text=False)
    site.routes["/feed.xml"] = _odd_answer(name)
    assert fetch(source, limits=PATIENT).outcome == "ok"
    first = Document.objects.count()
    assert first >= 1
    assert all(
        len(one.title) <= 500 and "script" not in one.title for one in Document.objects.all()
    )
    assert not any("\0" in one.title + one.body for one in Document.objects.all())
    fetch(source, limits=PATIENT)
    assert is_sound(documents=first)


# Feeds that number their items anew.


@pytest.mark.parametrize("linked", [True, False], ids=["with addresses", "without addresses"])
@pytest.mark.parametrize("turn", ["same", "swapped", "renumbered", "repeated", "random"])
def test_ids_that_move_lose_and_double_nothing(
    cast: Cast, site: Site, turn: str, linked: bool
) -> None:
    names = "甲乙丙丁"

    def listing(ids: Sequence[str], shown: str = names) -> Answer:
        items = [
            item(name, guid=number, link=f"/{ord(name)}.html" if linked else "")
            for name, number in zip(shown, ids, strict=True)
        ]
        return reply(feed(*items))

    ids = {
        "same": "1234", "swapped": "2143", "renumbered": "2345", "repeated": "1111",
        "random": "9786",
    }[turn]  # fmt: skip
    source = watch(cast, f"{site.base}/feed.xml", internal=True, full_text=False)
    site.routes["/feed.xml"] = listing("1234")
    fetch(source)
    site.routes["/feed.xml"] = listing(ids)
    fetch(source)
    assert is_sound(documents=4)
    # A newer item pushes out the oldest, and takes its number.
    site.routes["/feed.xml"] = listing("1234", "戊甲乙丙")
    fetch(source)
    assert is_sound(documents=5)


# The private network: nobody is sent about in it.

SPELLINGS = {
    "plain": "127.0.0.1", "short": "127.1", "decimal": "2130706433", "hex": "0x7f000001",
    "octal": "0177.0.0.1", "localhost": "localhost", "ipv6": "[::1]",
    "ipv6-mapped": "[::ffff:127.0.0.1]", "zero": "0.0.0.0", "full-width": "127。0。0。1",
}  # fmt: skip
CLOSED = {"private", "address", "dns", "unreachable"}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_public_source_does_not_reach_inside_by_any_spelling(
    cast: Cast, site: Site, name: str
) -> None:
    site.routes["/feed.xml"] = reply(SOUND)
    state = fetch(watch(cast, f"http://{SPELLINGS[name]}:{site.web.port}/feed.xml"))
    assert state.outcome in CLOSED
    assert site.web.connections == 0
    assert no_trace()


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 T", "308 P"])
def test_a_redirect_leads_an_internal_source_nowhere_else_inside(
    cast: Cast, site: Site, other_site: Site, name: str, status: str
) -> None:
    other_site.routes["/feed.xml"] = reply(SOUND)
    inside = f"http://{SPELLINGS[name]}:{other_site.web.port}/feed.xml"
    site.routes["/feed.xml"] = reply(status=status, Location=inside)
    state = fetch(watch(cast, f"{site.base}/feed.xml", internal=True))
    assert state.outcome in CLOSED
    assert other_site.web.connections == 0
    assert state.moved_to == ""
    assert no_trace()


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "10.0.0.8", "192.168.1.1", "172.16.0.1", "fd00::1", "fe80::1", "::",
     "100.64.0.1", "::ffff:10.0.0.8", "64:ff9b::a00:8", "2002:a00:8::1", "127.0.0.1"],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused_by_what_it_resolves_to(
    cast: Cast, site: Site, address: str
) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return [address]

    source = watch(cast, f"http://metadata.example.test:{site.web.port}/feed.xml")
    state = fetch(source, resolve=resolve)
    assert state.outcome == "private"
    assert "metadata.example.test" in state.message
    assert site.web.connections == 0


def test_only_an_administrators_mark_opens_the_private_network(cast: Cast, site: Site) -> None:
    site.routes["/feed.xml"] = reply(SOUND)
    closed = watch(cast, f"{site.base}/feed.xml", full_text=False)
    assert fetch(closed).outcome == "private"
    opened = watch(cast, f"{site.base}/feed.xml?of=jiangchuan", internal=True, full_text=False)
    site.routes["/feed.xml"] = reply(SOUND)
    assert fetch(opened).outcome == "ok"
    assert is_sound()


def test_links_parts_and_robots_of_an_internal_source_stay_outside_of_the_rest(
    cast: Cast, site: Site, other_site: Site
) -> None:
    inside = other_site.base
    site.routes["/feed.xml"] = reply(
        feed(item("甲", link=f"{inside}/secret.html"), item("乙", link=f"{site.base}/b.html"))
    )
    site.routes["/sitemap.xml"] = reply(
        f"<sitemapindex><sitemap><loc>{inside}/secret.xml</loc></sitemap></sitemapindex>".encode()
    )
    site.routes["/robots.txt"] = reply(status="302 Found", Location=f"{inside}/secret.txt")
    state = fetch(watch(cast, f"{site.base}/feed.xml", internal=True, full_text=True))
    assert state.outcome == "partly"
    assert Document.objects.count() == 2
    state = fetch(watch(cast, f"{site.base}/sitemap.xml", internal=True, kind="sitemap"))
    assert state.outcome == "private"
    assert other_site.web.connections == 0


# robots.txt and sitemaps


def test_a_huge_robots_file_is_read_in_part_and_obeyed(cast: Cast, site: Site) -> None:
    rules = b"User-agent: *\nDisallow: /closed\n"
    site.routes["/robots.txt"] = trickle(OK + b"\r\n", rules + b"# " + b"x" * 60_000 + b"\n", 0)
    for name in ("open", "closed"):
        site.routes[f"/{name}.xml"] = reply(SOUND)
    assert fetch(watch(cast, f"{site.base}/closed.xml", internal=True)).outcome == "robots"
    opened = watch(cast, f"{site.base}/open.xml", internal=True, full_text=False)
    assert fetch(opened).outcome == "ok"


def test_a_robots_file_that_breaks_is_asked_once_for_many_articles(cast: Cast, site: Site) -> None:
    site.routes["/robots.txt"] = cut(b"")
    site.routes["/feed.xml"] = reply(feed(*(item(str(n), link=f"/{n}.html") for n in range(12))))
    for number in range(12):
        page = f"<html><body><article><h1>{number}</h1><p>{WORDS * 4}</p></article></body></html>"
        site.routes[f"/{number}.html"] = reply(page.encode(), Content_Type="text/html")
    assert fetch(watch(cast, f"{site.base}/feed.xml", internal=True)).outcome == "ok"
    assert site.asked.count("/robots.txt") == 1
    assert Document.objects.count() == 12


def test_a_sitemap_that_names_itself_ends(cast: Cast, site: Site) -> None:
    loops = "".join(
        f"<sitemap><loc>{site.base}/sitemap.xml?{n}</loc></sitemap>" for n in range(500)
    )
    site.routes["/sitemap.xml"] = reply(f"<sitemapindex>{loops}</sitemapindex>".encode())
    source = watch(cast, f"{site.base}/sitemap.xml", internal=True, kind="sitemap")
    state = fetch(source, limits=PATIENT)
    assert state.outcome in {"empty", "not_modified"}
    assert len(site.asked) <= 1 + 1 + 20
    assert no_trace()


@pytest.mark.parametrize("status", ["429 Too Many", "503 Busy"])
def test_a_server_that_asks_for_time_gets_it(cast: Cast, site: Site, status: str) -> None:
    site.routes["/feed.xml"] = reply(status=status, Retry_After="1800")
    state = fetch(watch(cast, f"{site.base}/feed.xml", internal=True))
    assert state.outcome == "status"
    assert 1790 < (state.due_at - timezone.now()).total_seconds() < 1900


def test_pages_that_hurt_cost_their_own_text_only(cast: Cast, site: Site) -> None:
    """One broken page in a feed: its summary is kept, and the other articles are whole."""
    pages = {
        "bomb": FAULTS["deflate-bomb"].answer, "reset": FAULTS["reset-in-body"].answer,
        "huge": FAULTS["gigabyte-announced"].answer, "gone": FAULTS["gone"].answer,
    }  # fmt: skip
    sound = f"<html><body><article><h1>全文</h1><p>{'全文在此。' + WORDS * 4}</p></article></body></html>"
    pages["sound"] = reply(sound.encode(), Content_Type="text/html; charset=utf-8")
    site.routes["/feed.xml"] = reply(feed(*(item(n, link=f"/{n}.html") for n in pages)))
    site.routes.update({f"/{name}.html": answer for name, answer in pages.items()})
    state = fetch(watch(cast, f"{site.base}/feed.xml", internal=True, full_text=True))
    assert (state.outcome, state.items_new) == ("partly", 5)
    assert "4" in state.message
    assert "全文在此" in Document.objects.get(url__endswith="/sound.html").body
    assert not Document.objects.filter(body="").exists()


def test_the_page_about_faults_names_each_and_the_state_it_ends_in() -> None:
    page = (settings.PACKAGE.parent / "docs/reference/faults.md").read_text("utf-8")
    told = {
        name: set(re.findall(r"`([a-z_]+)`", state))
        for names, state in re.findall(r"^\| [^|]+ \| ([^|]+) \| ([^|]+) \|", page, re.M)
        for name in re.findall(r"`([a-z0-9-]+)`", names)
    }
    played = {name: set(one.outcomes) for name, one in FAULTS.items()}
    played |= {path.partition("?")[0]: words for path, words in WIRE_FAULTS.items()}
    for name, outcomes in played.items():
        assert outcomes <= told.get(name, set()), name
    odd = {
        *ODD,
        *(f"tls-{name}" for name in CERTIFICATES),
        *(path.partition("/")[0] for path in WIRE_SOUND),
    }
    assert odd <= set(told)
