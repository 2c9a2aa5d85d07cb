"""Spoilt documents for every parser: seeded, so that each input can be made again by its number.

    python -m rongmei.sources.tests.fuzz [--parser feed] [--seed 1] [--first 0] [--count 20000]

Asserted of each input: the parser returns or raises an error of its room; what it returns is bounded;
and the Python work it took is bounded, counted in calls (of functions, ours and built-in), not in
seconds, so that the answer does not depend on the machine. Work inside C libraries is not counted;
the inputs' size (at most MAX_INPUT) bounds it, and a run of many stops itself when one input takes
more than SECONDS of processor time.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import signal
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from types import FrameType

from rongmei.kernel.errors import RongmeiError
from rongmei.sources.collectors import identify, parse
from rongmei.sources.collectors.robots import parse_robots
from rongmei.sources.readers import Given, read
from rongmei.sources.tests import test_pages as pages
from rongmei.sources.tests import test_readers as samples
from rongmei.sources.tests.cases import BASE, CASES, NOW
from rongmei.sources.tests.rules import (
    atom_rules,
    json_rules,
    module_rules,
    rss_rules,
    sitemap_rules,
    text_rules,
)
from rongmei.sources.types import Item, SourceSpec

MAX_INPUT = 60_000
MAX_CALLS = 40_000
CALLS_PER_BYTE = 40
SECONDS = 20
_TOKENS = (
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<!DOCTYPE a [", b"<!ENTITY a 'b'>", b"&a;", b"&#0;",
    b"&#x110000;", b"<?xml version='1.0' encoding='utf-7'?>", b"<item>", b"</item>", b"<entry>",
    b"<url><loc>", b"<script>", b"{", b"}", b"[", b"]", b'":', b"\\ud800", b"1e999", b"-0", b"null",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\x1b$B", b"\xed\xa0\x80", b"\x1f\x8b\x08\x00", b"PK\x03\x04",
    b"http://[", b"//", b"?", b"#", b"javascript:", b"9999-99-99T99:99:99Z", b"24:00", b"\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n", b"=?utf-8?b?////?=", b"--x\r\n", b'"', b"'", b",", b"\n",
    "新闻".encode(), "新闻".encode("gbk"), "\u202e".encode(), b"User-agent: *\n", b"Disallow: /*$\n", b"%",
)  # fmt: skip


class Overrun(AssertionError):
    """A parser did more than its input is worth."""


@dataclass(frozen=True)
class Target:
    """A parser, whole documents it can read, and how to call it; ``repack`` spoils what is packed."""

    seeds: Sequence[bytes]
    run: Callable[[bytes], Iterable[object]]
    repack: Callable[[random.Random, bytes], bytes] | None = None


def _collect(kind: str, body: bytes, **options: object) -> Iterable[object]:
    spec = SourceSpec(kind=kind, url=BASE, options=options)  # type: ignore[arg-type]
    found = (
        pages.read(body, kind=kind, url=BASE, options=options)
        if options
        else parse(spec, pages.Fetched(BASE, BASE, body, NOW))
    )
    assert len(found.next_links) <= 300
    assert len(found.hot) <= 200
    return found.items


def _file(name: str, body: bytes) -> Iterable[object]:
    file = Given(name, body, samples.NOW, samples.SPEC)
    found = list(read(file))
    assert len(file.remarks) <= 20 * (len(body) + 100)
    return found


def _hot(body: bytes) -> Iterable[object]:
    _collect("hotlist", body, items="data.list", title="title", url="url", heat="heat", rank="rank")
    return _collect("hotlist", body, row="li", title="a", url="a@href", heat="em")


def _robots(body: bytes) -> Iterable[object]:
    found = parse_robots(body, "Rongmei")
    assert len(found.rules) <= 2000
    for path in ("/", "/a/b?c=d", "/" + "a" * 2000):
        assert found.allows(f"http://news.example{path}") in {True, False}
    return ()


def _zip_again(dice: random.Random, body: bytes) -> bytes:
    """The archive with one member spoilt, its checksums right: damage beyond the packing."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(held, "w") as new:
        names = old.namelist()
        chosen = dice.choice(names)
        for name in names:
            inside = old.read(name)
            new.writestr(name, spoil(dice, inside, [inside]) if name == chosen else inside)
    return held.getvalue()


def _bodies(*tables: list[object]) -> list[bytes]:
    return [one.body for table in tables for one in table if len(one.body) < 20_000]  # type: ignore[attr-defined]


_HOT = (
    '{"data":{"list":[{"title":"示例热点","url":"/a","heat":"12.3万","rank":1},{"title":"二","heat":9}]}}'.encode(),
    '<ul><li><a href="/a">示例热点</a><em>12.3万</em></li><li><a>二</a></li></ul>'.encode(),
)
_ROBOTS = (
    b"User-agent: *\nDisallow: /private/\nAllow: /private/*.html$\nCrawl-delay: 2\nSitemap: /s.xml\n",
    b"# x\nUser-agent: Rongmei\nUser-agent: b\nDisallow:\n\nUser-agent: *\nDisallow: /*?*a*b*c*d*e\n",
)
_TABLE = (
    '标题,正文,发布时间,来源,作者\n示例,"一\n二",2026-11-20 08:00,示例报,甲、乙\n\'=1+1,三,,,\n'
)
_WORD = samples.docx(
    ("Title", "示例标题"), ("", "一"), ("", "二"),
    core="<dc:creator>甲</dc:creator><dcterms:modified>2026-11-20T08:00:00Z</dcterms:modified>",
)  # fmt: skip
_LINES = (
    b'{"id": "7", "title": "a", "body": "b", "tags": ["x"], "published_at": "2026-11-20"}\n' * 3
)

TARGETS: dict[str, Target] = {
    "feed": Target(
        _bodies(rss_rules.RULES, atom_rules.RULES, module_rules.RULES, text_rules.ENCODINGS,
                text_rules.SLIPS, text_rules.TEXTS, CASES),
        partial(_collect, "feed"),
    ),
    "json feed": Target(_bodies(json_rules.RULES), partial(_collect, "feed")),
    "sitemap": Target(_bodies(sitemap_rules.RULES), partial(_collect, "sitemap")),
    "hot list": Target(_HOT, _hot),
    "page": Target(
        [pages.page(pages.ARTICLE, '<meta name="author" content="x"><script type="application/ld+json">'
                    '{"@type":"NewsArticle","datePublished":"2024-05-01"}</script>').encode()],
        partial(_collect, "page"),
    ),
    "robots": Target(_ROBOTS, _robots),
    "ninjs": Target(
        [samples.ninjs(headline="示例", body_html="<p>一</p>", bodies=[{"value": "一", "contentType": "text/html"}],
                       associations=[{"type": "picture", "renditions": [{"href": "http://e.example/1.jpg"}]}]).encode()],
        partial(_file, "a.json"),
    ),
    "newsml": Target(
        [samples.newsml("<by>甲</by><subject><name>电网</name></subject>").encode(),
         samples.newsml(body='<inlineXML><html xmlns="http://www.w3.org/1999/xhtml"><body><p>一</p></body></html></inlineXML>').encode()],
        partial(_file, "a.xml"),
    ),
    "wxr": Target([samples.wxr().encode()], partial(_file, "a.xml")),
    "json lines": Target([_LINES], partial(_file, "a.jsonl")),
    "csv": Target([_TABLE.encode(), _TABLE.encode("gbk")], partial(_file, "a.csv")),
    "word": Target([_WORD], partial(_file, "a.docx"), _zip_again),
    "mail": Target(
        [samples.letter(), samples.letter(html="<p>一</p>", attached=[("稿.docx", _WORD), ("a.json", b"{}")])],
        partial(_file, "a.eml"),
    ),
    "zip": Target(
        [samples.zipped(("a.jsonl", _LINES), ("b.csv", _TABLE), ("c.docx", _WORD), ("d.txt", "x"))],
        partial(_file, "a.zip"), _zip_again,
    ),
}  # fmt: skip


def spoil(dice: random.Random, body: bytes, seeds: Sequence[bytes]) -> bytes:
    """One to four things wrong with ``body``."""
    spoilt = bytearray(body)
    for _ in range(dice.randint(1, 4)):
        dice.choice(_SPOILERS)(dice, spoilt, seeds)
    return bytes(spoilt[:MAX_INPUT])


def _span(dice: random.Random, body: bytearray, longest: int = 400) -> tuple[int, int]:
    start = dice.randrange(len(body) + 1)
    return start, min(len(body), start + dice.randint(0, longest))


def _flip(dice: random.Random, body: bytearray, _seeds: Sequence[bytes]) -> None:
    for _ in range(dice.randint(1, 8)):
        if body:
            body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)


def _cut(dice: random.Random, body: bytearray, _seeds: Sequence[bytes]) -> None:
    del body[dice.randrange(len(body) + 1) :]


def _drop(dice: random.Random, body: bytearray, _seeds: Sequence[bytes]) -> None:
    start, end = _span(dice, body)
    del body[start:end]


def _splice(dice: random.Random, body: bytearray, seeds: Sequence[bytes]) -> None:
    other = bytearray(dice.choice(seeds))
    start, end = _span(dice, other, 2000)
    place = dice.randrange(len(body) + 1)
    body[place:place] = other[start:end]


def _repeat(dice: random.Random, body: bytearray, _seeds: Sequence[bytes]) -> None:
    start, end = _span(dice, body, 60)
    body[start:end] = body[start:end] * dice.choice((2, 3, 10, 100, 1000))
    del body[MAX_INPUT:]


def _number(dice: random.Random, body: bytearray, _seeds: Sequence[bytes]) -> None:
    digits = [place for place, byte in enumerate(body) if 48 <= byte <= 57]
    if digits:
        place = dice.choice(digits)
        body[place : place + 1] = dice.choice(
            (b"9" * 400, b"-1", b"0", b"1e308", b"4294967296", b"9" * 5000)
        )


def _token(dice: random.Random, body: bytearray, _seeds: Sequence[bytes]) -> None:
    place = dice.randrange(len(body) + 1)
    body[place:place] = dice.choice(_TOKENS) * dice.choice((1, 1, 1, 2, 50))


_SPOILERS = (_flip, _cut, _drop, _splice, _repeat, _number, _token)


def spoilt_input(name: str, seed: int, number: int) -> bytes:
    """The input of this number, always the same."""
    dice = random.Random(f"{name}/{seed}/{number}")
    target = TARGETS[name]
    body = dice.choice(target.seeds)
    if target.repack is not None and dice.random() < 0.6:
        return target.repack(dice, body)
    return spoil(dice, body, target.seeds)


def check(name: str, body: bytes) -> bool:
    """Whether the parser read something; raises when it broke a promise."""
    counted = _Calls(MAX_CALLS + CALLS_PER_BYTE * len(body))
    try:
        with counted:
            found = list(TARGETS[name].run(body))
    except RongmeiError as error:
        assert str(error)
        return False
    limit = 2_000_000 + 60 * len(body)
    assert (
        sum(len(one.body) + len(one.body_html) for one in found if isinstance(one, Item)) <= limit
    )
    for one in found:
        assert isinstance(one, Item)
        assert len(one.title) <= 500
        assert len(one.body) <= 300_000
        assert max(len(one.images), len(one.authors), len(one.tags)) <= 50
        assert not one.url or one.url.startswith(("http://", "https://"))
        assert "<script" not in one.body_html
        assert identify(one).entry_key == one.entry_key
    return bool(found)


class _Calls:
    """Counts calls while it is open, and stops what takes too many."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def __enter__(self) -> _Calls:
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.setprofile(None)

    def _seen(self, _frame: FrameType, event: str, _what: object) -> None:
        if event in {"call", "c_call"}:
            self._left -= 1
            if self._left < 0:
                sys.setprofile(None)
                raise Overrun("too many calls for an input of this size")


def main(argv: list[str] | None = None) -> int:
    """Run many; prints a line a parser, and the number of the first input that broke a promise."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongmei.config.settings_test")
    django.setup()
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--parser", choices=sorted(TARGETS), action="append")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--count", type=int, default=20_000)
    given = asked.parse_args(argv)
    failed = 0
    for name in given.parser or TARGETS:
        good = 0
        for number in range(given.first, given.first + given.count):
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                good += check(name, spoilt_input(name, given.seed, number))
            except Exception as error:  # noqa: BLE001 - whatever comes out is the finding
                failed += 1
                print(
                    f"{name} seed {given.seed} number {number}: {type(error).__name__}: {error}"[
                        :300
                    ],
                    flush=True,
                )
                if failed > 20:
                    return 1
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(
            f"{name}: {given.count} inputs from {given.first}, seed {given.seed}; {good} gave items",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
