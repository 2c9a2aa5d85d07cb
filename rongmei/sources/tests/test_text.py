"""Addresses, headlines, dates, encodings: the small pure parts, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from rongmei.sources.collectors import tables
from rongmei.sources.collectors.clean import (
    clean_html,
    content_hash,
    html_to_text,
    normal_title,
    one_line,
    paragraphs,
    summary_of,
)
from rongmei.sources.collectors.dates import believable, parse_when
from rongmei.sources.collectors.encoding import decode
from rongmei.sources.collectors.identify import language_of
from rongmei.sources.collectors.urls import absolute, canonical, url_key

CHINA = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("http://Example.COM", "http://example.com/"),
        ("HTTP://example.com:80/a", "http://example.com/a"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("http://example.com./a", "http://example.com/a"),
        ("http://user:pw@example.com/a", "http://example.com/a"),
        ("http://example.com/a#part", "http://example.com/a"),
        ("http://example.com/a#/route", "http://example.com/a#/route"),
        ("http://example.com/a?b=2&a=1", "http://example.com/a?a=1&b=2"),
        ("http://example.com/a?utm_source=x&id=1&spm=2", "http://example.com/a?id=1"),
        ("http://example.com/a?UTM_Source=x", "http://example.com/a"),
        ("http://example.com/a?from=rss", "http://example.com/a?from=rss"),
        ("http://example.com/a?x=&y", "http://example.com/a?x=&y"),
        ("http://example.com/a/../b/./c", "http://example.com/b/c"),
        ("http://example.com/../../a", "http://example.com/a"),
        ("http://example.com/%7euser/%e4%b8%ad", "http://example.com/~user/%E4%B8%AD"),
        ("http://example.com/中文", "http://example.com/%E4%B8%AD%E6%96%87"),
        ("http://例子.测试/a", "http://xn--fsqu00a.xn--0zwm56d/a"),
        ("http://[2001:DB8::1]/a", "http://[2001:db8::1]/a"),
        ("  http://example.com/a \n", "http://example.com/a"),
        ("ftp://example.com/", ""),
        ("javascript:alert(1)", ""),
        ("http://", ""),
        ("http://[bad/", ""),
        ("http://example.com:x/", ""),
        ("/relative", ""),
        ("", ""),
        ("http://example.com/" + "a" * 5000, ""),
    ],
)
def test_canonical(link: str, wanted: str) -> None:
    assert canonical(link) == wanted


@pytest.mark.parametrize(
    "other",
    ["https://example.com/a", "http://www.example.com/a", "http://example.com/a/", "http://example.com/a#x",
     "http://example.com/a?utm_campaign=1"],
)  # fmt: skip
def test_same_page_same_key(other: str) -> None:
    assert url_key(other) == url_key("http://example.com/a")


@pytest.mark.parametrize(
    "other", ["http://example.com/b", "http://m.example.com/a", "http://example.com/a?id=1"]
)
def test_other_page_other_key(other: str) -> None:
    assert url_key(other) != url_key("http://example.com/a")


@given(st.text(max_size=60))
def test_canonical_is_settled(text: str) -> None:
    for link in (text, f"http://example.com/{text}", f"http://{text}/a?b={text}"):
        once = canonical(link)
        assert canonical(once) == once


def test_absolute() -> None:
    assert absolute("b.html", "http://a.example/x/y.html") == "http://a.example/x/b.html"
    assert absolute("data:text/html,x", "http://a.example/") == ""


HEADLINE = "某县三条乡村公路全线贯通群众出行时间缩短"


@pytest.mark.parametrize(
    "title",
    [
        HEADLINE,
        f"{HEADLINE}_示例网",
        f"{HEADLINE} - 示例日报",
        f"{HEADLINE}｜乡村",
        f"{HEADLINE}--时政--示例网",
        f"【独家】{HEADLINE}",
        f"快讯：{HEADLINE}",
        f"新华社快讯:{HEADLINE}",
        f"视频丨{HEADLINE}",
        f"组图 | {HEADLINE}",
        f"权威发布·{HEADLINE}",
        f"　{HEADLINE}！",
        "某县三条“乡村公路”全线贯通,群众出行时间缩短",
        "某县三条乡村公路全线贯通\u200b 群众出行时间缩短",
    ],
)
def test_headlines_that_are_the_same(title: str) -> None:
    assert normal_title(title) == HEADLINE


def test_headlines_that_are_not() -> None:
    assert normal_title("外交部：坚决反对") != normal_title("外交部：表示欢迎")
    assert normal_title("关注高考") != ""
    assert normal_title("视频") != ""
    assert normal_title("ＡＢＣ１２３") == "abc123"
    assert normal_title("短标题 - 示例网", site="示例网") == "短标题"
    assert normal_title("!!!") == ""


def test_content_hash_ignores_setting_but_not_saying() -> None:
    base = content_hash(HEADLINE, "道路今天通车。\n\n群众很高兴。")
    assert content_hash(f"{HEADLINE}_示例网", "道路今天通车，群众很高兴") == base
    assert content_hash(HEADLINE, "新华社某市5月1日电（记者 甲）道路今天通车。群众很高兴。") == base
    assert content_hash(HEADLINE, "本报讯(记者甲 通讯员乙)道路今天通车。群众很高兴。") == base
    assert content_hash(HEADLINE, "道路明天通车。群众很高兴。") != base


def test_tables_are_in_order_without_repeats() -> None:
    for table in (
        tables.TITLE_LABELS,
        tables.TITLE_SEPARATORS,
        tables.FEED_GUESSES,
        tables.TRACKING_PREFIXES,
    ):
        assert len(set(table)) == len(table)
    assert list(tables.FEED_GUESSES) == sorted(tables.FEED_GUESSES)
    assert list(tables.TRACKING_PREFIXES) == sorted(tables.TRACKING_PREFIXES)
    hosts = [rule.host for rule in tables.SITE_RULES]
    assert hosts == sorted(set(hosts))
    assert all(rule.seen for rule in tables.SITE_RULES)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("<p>一</p><p>二</p>", "一\n\n二"),
        ("<div>一<div>二</div>三</div>", "一\n\n二\n\n三"),
        ("一<br>二<br/><br />三", "一\n\n二\n\n三"),
        ("<p>甲<b>乙</b><a href=x>丙</a></p>", "甲乙丙"),
        ("<ul><li>一<li>二</ul>", "一\n\n二"),
        ("<style>p{}</style><script>x</script>甲<!-- 注 -->", "甲"),
        ("1 &lt; 2 &amp;&nbsp;3", "1 < 2 & 3"),
        ("&lt;p&gt;不是标签&lt;/p&gt;", "<p>不是标签</p>"),
        ("", ""),
        ("　　纯文本\n\n第二段", "纯文本\n\n第二段"),
    ],
)
def test_html_to_text(source: str, wanted: str) -> None:
    assert html_to_text(source) == wanted


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href='java\nscript:alert(1)'>x</a>",
        "<svg onload=alert(1)>", "<iframe srcdoc='<script>alert(1)</script>'>", "<p style='x:expression(alert(1))'>",
        "<a href='data:text/html,<script>alert(1)</script>'>", "<math><mtext><script>alert(1)</script></mtext></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<form action=javascript:alert(1)><input>",
        "<<script>alert(1)//<</script>", "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    ],
)  # fmt: skip
def test_attacks_leave_nothing_alive(attack: str) -> None:
    for source in (attack, attack * 600):
        tree = LexborHTMLParser(clean_html(source, "http://a.example/"))
        for node in tree.body.css("*"):
            assert node.tag in {"body", "p", "a", "img"}
            for name, value in node.attributes.items():
                assert name in {"href", "src", "rel", "title", "alt"}
                if name in {"href", "src"}:
                    assert value.startswith("http://a.example/")


@given(st.text(alphabet="<>/\"'=&; abpdivscriptonclickhref新\n", max_size=200))
def test_cleaning_twice_changes_nothing(source: str) -> None:
    once = clean_html(source, "http://a.example/")
    assert clean_html(once, "http://a.example/") == once


def test_lines_and_summaries() -> None:
    assert one_line("甲\u200b\n\t乙\ufeff  丙\u3000丁") == "甲 乙 丙 丁"
    assert one_line("ＡＢＣ，１２３") == "ＡＢＣ，１２３"
    assert paragraphs("一\r\n\r\n\r\n二\n三") == "一\n\n二\n\n三"
    assert summary_of("短。") == "短。"
    assert summary_of("一" * 150 + "。" + "二" * 300) == "一" * 150 + "。"
    assert len(summary_of("一" * 500)) == 200


EAST = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2024-05-01T08:00:00+08:00", datetime(2024, 5, 1, 8, tzinfo=EAST)),
        ("2024-05-01T08:00:00.123Z", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("2024-05-01T08:00:00-0330", datetime(2024, 5, 1, 11, 30, tzinfo=UTC)),
        ("2024-05-01 08:00", datetime(2024, 5, 1, 8, tzinfo=EAST)),
        ("2024-5-1", datetime(2024, 5, 1, tzinfo=EAST)),
        ("2024.05.01 08:00:09", datetime(2024, 5, 1, 8, 0, 9, tzinfo=EAST)),
        ("2024年05月01日08:00", datetime(2024, 5, 1, 8, tzinfo=EAST)),
        ("2024年5月1日 8时05分", datetime(2024, 5, 1, 8, 5, tzinfo=EAST)),
        ("发布时间：2024-05-01 08:00 来源", datetime(2024, 5, 1, 8, tzinfo=EAST)),
        ("20240501", datetime(2024, 5, 1, tzinfo=EAST)),
        ("20240501080000Z", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("1714550400", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("1714550400000", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("Wed, 01 May 2024 08:00:00 GMT", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("01 May 2024 08:00 EST", datetime(2024, 5, 1, 13, tzinfo=UTC)),
        ("Wed, 01 May 2024 08:00:00 CST", datetime(2024, 5, 1, 8, tzinfo=EAST)),
        ("Wed May 01 08:00:00 UTC 2024", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("Wed, 1 May 24 08:00:00 GMT", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("2024-05-01T08:00:60Z", datetime(2024, 5, 1, 8, 0, 59, tzinfo=UTC)),
        ("", None),
        ("2024-13-01", None),
        ("2024-02-30", None),
        ("2024-05-01T25:00:00Z", None),
        ("0000-00-00 00:00:00", None),
        ("刚刚", None),
        ("99999999999999999999", None),
        ("2024-05-01T08:00:00+99:99", None),
    ],
)
def test_dates(text: str, wanted: datetime | None) -> None:
    assert parse_when(text, local=CHINA) == wanted


@given(st.text(max_size=60) | st.from_regex(r"\d{1,6}[-/年]\d{1,4}[-/月]\d{1,4}.{0,20}"))
def test_any_text_is_a_date_or_not(text: str) -> None:
    when = parse_when(text, local=CHINA)
    if when is not None:
        believable(when, datetime(2024, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        ("新闻报道".encode(), "text/html; charset=gbk", "utf-8"),
        ("这是一条新闻报道的正文内容".encode("gbk"), "", "gb18030"),
        ("這是一條新聞報導的內容,學生們來學校".encode("big5"), "", "big5hkscs"),
        ("Café déjà vu".encode("latin-1"), "text/html; charset=iso-8859-1", "iso8859-1"),
        (b'<meta charset="gb2312">' + "新闻".encode("gbk"), "", "gb18030"),
        (b"plain ascii", "text/html; charset=gb2312", "utf-8"),
        ("テスト".encode("iso-2022-jp"), "text/html; charset=iso-2022-jp", "iso2022_jp"),
        ("нов".encode("koi8-r"), "text/html; charset=koi8-r", "koi8-r"),
    ],
)
def test_encodings(body: bytes, content_type: str, encoding: str) -> None:
    assert decode(body, content_type=content_type).encoding == encoding


@given(
    st.binary(max_size=300),
    st.sampled_from(
        ["", "utf-7", "zlib", "rot13", "undefined", "gbk", "idna", "unicode_escape", "a\0b"]
    ),
)
def test_any_bytes_are_some_text(body: bytes, name: str) -> None:
    assert isinstance(
        decode(body, content_type=f"text/xml; charset={name}", override=name).text, str
    )


@pytest.mark.parametrize(
    ("declared", "sample", "wanted"),
    [("zh-CN", "", "zh-cn"), ("", "新闻报道", "zh"), ("", "ニュース報道です", "ja"), ("", "뉴스 보도", "ko"),
     ("", "news", ""), ("not a language!", "新闻", "zh"), ("en_US", "新闻", "en-us")],
)  # fmt: skip
def test_languages(declared: str, sample: str, wanted: str) -> None:
    assert language_of(declared, sample) == wanted
