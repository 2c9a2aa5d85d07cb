"""The short ways through reading give what the long ways give: each against its slow twin."""

from __future__ import annotations

import html
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongmei.sources.collectors import parse
from rongmei.sources.collectors.clean import (
    _folded,
    clean_html,
    content_hash,
    html_to_text,
    one_line,
    text_of,
)
from rongmei.sources.collectors.dates import _iso, _mail, parse_when
from rongmei.sources.collectors.feed_lenient import read_lenient
from rongmei.sources.collectors.identify import finish
from rongmei.sources.collectors.urls import _glance, absolute, canonical, settled
from rongmei.sources.tests.cases import NOW
from rongmei.sources.types import Fetched, SourceSpec
from rongmei_wire.bulk import Bulk
from rongmei_wire.tests.inews import needed_articles

CHINA = ZoneInfo("Asia/Shanghai")
ADDRESS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(("http", "https")),
    st.text("a0.-", min_size=1, max_size=6),
    st.sampled_from(("", "", ":80", ":443", ":8080", ":45678", ":65536", ":080", ":")),
    st.just("") | st.text("aZ0._~%/-", max_size=16).map("/".__add__),
    st.just("") | st.text("az0=&%+/:.", max_size=9).map("?{}&utm_source=a".format)
    | st.text("az0=&/", max_size=9).map("?".__add__),
)  # fmt: skip


@given(ADDRESS, ADDRESS)
def test_a_settled_address_is_its_own_canonical_spelling(link: str, base: str) -> None:
    if settled(link):
        assert urljoin(base, link) == link == canonical(link)
    if _glance(link):
        assert urljoin(base, link) == link == absolute(link, base)
        # A fragment is dropped only on the long way.
        assert canonical(f"{link}#x") == canonical(link)


@given(
    st.text(max_size=80)
    | st.text(alphabet="甲，：；！？（）…％～\u3000\u00a0a\u0338\u0301Ａ①℃", max_size=40)
)
def test_folding_the_common_marks_first_is_nfkc(text: str) -> None:
    visible = _folded(text)
    long = unicodedata.normalize("NFKC", _folded.__globals__["_INVISIBLE"].sub("", text)).lower()
    assert visible == long


@settings(max_examples=300)
@given(
    st.text(max_size=60),
    st.sampled_from(("", "\n", " " * 150)) | st.text(alphabet="本报甲，、 \n", max_size=12),
    st.sampled_from(("", "新华社北京6月5日电", "本报讯", "本台 消息", "甲县3月20日讯 ")),
    st.sampled_from(("", " ", "\n\n", " " * 90, " " * 150, " " * 210)),
    st.sampled_from(("", "(记者甲)", "（通讯员" + "乙" * 57 + "）", "(甲…乙)", "（甲")),
    st.text(alphabet="甲乙Ab1，。：…％（）～_ \u3000\n", max_size=90)
    | st.text(alphabet="甲乙Ａ①\u200b\x07℃", max_size=30)
    | st.just("甲，" * 120),
)
def test_what_a_text_says_is_the_same_by_the_short_and_the_long_way(
    free: str, before: str, line: str, gap: str, brackets: str, rest: str
) -> None:
    names = content_hash.__globals__
    for text in (free, f"{before}{line}{gap}{brackets}{rest}"):
        long = names["_DATELINE"].sub("", _folded(text), count=1)
        assert names["_said"](text) == names["_NOT_WORD"].sub("", long)


@given(st.text(max_size=60) | st.text(alphabet="甲 \t\n\u3000\u200b\u00a0a", max_size=30))
def test_a_printable_line_needs_no_patterns(text: str) -> None:
    names = one_line.__globals__
    assert one_line(text) == names["_SPACES"].sub(" ", names["_INVISIBLE"].sub("", text)).strip()


@settings(max_examples=300)
@given(st.text(alphabet="<>/\"'=&; abpdivbrtdulitablehref新闻\n", max_size=120))
def test_text_of_clean_html_is_the_text_of_that_html(source: str) -> None:
    clean = clean_html(source, "http://a.example/")
    assert "".join(text_of(clean).split()) == "".join(html_to_text(clean).split())


@given(
    st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.integers(-14 * 60, 14 * 60),
)
def test_a_common_date_is_read_like_the_standard_library_reads_it(
    when: datetime, zone: int
) -> None:
    there = when.astimezone(timezone(timedelta(minutes=zone)))
    text = there.strftime("%a, %d %b %Y %H:%M:%S %z")
    assert parse_when(text, local=CHINA) == there == _mail(text, CHINA)
    assert parse_when(there.isoformat(), local=CHINA) == there == _iso(there.isoformat(), CHINA)


def _feeds() -> list[bytes]:
    articles = needed_articles("dev")[:200]
    bulk = Bulk(articles, epoch=datetime(2024, 5, 1, tzinfo=UTC), fault_rate=0, fault_seed=1)
    return [bulk.reply(f"feed/{n}.xml", "http://a.example", 0).body for n in range(1, 5)]


@pytest.mark.parametrize("number", range(4))
def test_real_articles_read_the_same_by_tree_and_by_the_lenient_parser(number: int) -> None:
    url, body = "http://a.example/feed.xml", _feeds()[number]
    ours = parse(SourceSpec(kind="feed", url=url), Fetched(url, url, body, NOW)).items
    other = read_lenient(body.decode().split("?>", 1)[1], url)
    assert other is not None
    # The lenient parser sees the head of a long feed only, and the last entry in part.
    whole = other.entries[: min(len(other.entries) - 1, 50)]
    assert len(ours) == 50
    assert len(whole) >= 40
    for item, entry in zip(ours, whole, strict=False):
        entry.draft.language = "zh-cn"
        twin = finish(entry.draft, base=url, remarks=[])
        assert twin is not None
        assert item.published_at == parse_when(entry.published[0], local=CHINA)
        for name in ("entry_key", "url", "title", "body", "body_html", "content_hash", "summary"):
            assert getattr(item, name) == getattr(twin, name), name


def test_text_keeps_what_stands_in_attributes_out_and_entities_in() -> None:
    clean = clean_html('<p title="x">甲 &lt;乙&gt;</p><img alt="a>b<c" src="/i.jpg">丙&amp;amp;')
    assert text_of(clean) == "甲 <乙>\n\n丙&amp;"
    assert html.unescape("&amp;amp;") == "&amp;"
