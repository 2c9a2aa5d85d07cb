"""Every feed case in the table, and what no table can hold."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongmei.kernel.errors import RongmeiError
from rongmei.sources.collectors import identify, parse
from rongmei.sources.errors import EntityRefused, Unreadable
from rongmei.sources.tests.cases import BASE, CASES, NOW, Case, item, rss
from rongmei.sources.types import Collected, Fetched, SourceSpec


def fetched(body: bytes, *, url: str = BASE, content_type: str = "", status: int = 200) -> Fetched:
    return Fetched(
        url=url, final_url=url, body=body, fetched_at=NOW, content_type=content_type, status=status
    )


def read(case: Case) -> Collected:
    spec = SourceSpec(kind="feed", url=BASE, **case.options)
    return parse(spec, fetched(case.body, content_type=case.content_type))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_feed(case: Case) -> None:
    if case.count < 0:
        with pytest.raises(EntityRefused if case.count == -2 else Unreadable) as caught:
            read(case)
        assert BASE in str(caught.value)
        return
    collected = read(case)
    assert len(collected.items) == case.count
    for name, wanted in case.first.items():
        assert getattr(collected.items[0], name) == wanted, name
    assert case.remarks <= {remark.code for remark in collected.warnings}
    assert all(str(remark) for remark in collected.warnings)
    if case.feed_title is not None:
        assert collected.feed_title == case.feed_title
    if case.next_links is not None:
        assert collected.next_links == case.next_links


def test_enough_cases_with_names_of_their_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


def test_not_modified_needs_no_parsing() -> None:
    assert parse(SourceSpec(kind="feed", url=BASE), fetched(b"", status=304)).not_modified


def test_identity_survives_edits_of_the_text_and_tells_items_apart() -> None:
    def one(body: str, link: str = "http://news.example/a/1.html", guid: str = "<guid>7</guid>"):
        spec = SourceSpec(kind="feed", url=BASE)
        extra = f"{guid}<description>{body}</description>"
        return identify(parse(spec, fetched(rss(item(extra, link=link)))).items[0])

    before, after = one("旧文"), one("新文", link="http://news.example/moved.html")
    assert before.entry_key == after.entry_key
    assert before.content_hash != after.content_hash
    assert before.title_key == after.title_key
    assert one("旧文", guid="").entry_key != before.entry_key
    assert (
        one("旧文", guid="").entry_key
        == one("旧文", guid="", link="https://www.news.example/a/1.html?utm_medium=x").entry_key
    )


def test_a_feed_of_nested_markup_takes_no_time_worth_naming() -> None:
    deep = "&lt;div&gt;" * 100_000
    collected = parse(
        SourceSpec(kind="feed", url=BASE),
        fetched(rss(item(f"<description>{deep}文</description>"))),
    )
    assert collected.items[0].body == "文"


@pytest.mark.parametrize(
    "piece", [b"<![CDATA[", b"<!DOCTYPE", b"<!--", b"&", b"<item>", b"<?xml ", b"\x1b$B", b"<a "]
)
def test_repeated_openings_stay_linear(piece: bytes) -> None:
    body = b'<rss version="2.0"><channel>' + piece * 60_000
    with contextlib.suppress(RongmeiError):
        parse(SourceSpec(kind="feed", url=BASE), fetched(body))


GRAINS = st.sampled_from(
    [b"<rss>", b"<channel>", b"<item>", b"</item>", b"<title>", b"</title>", b"<link>", b"]]>",
     b"<![CDATA[", b"&", b"&#0;", b"&#x110000;", b"<!--", b"-->", b"<feed xmlns='http://www.w3.org/2005/Atom'>",
     b"<entry>", b"<pubDate>", b"9999-99-99", b"<guid>", b"\xff", b"\x00", "新".encode(), b"<a href='//['>",
     b"<content type='html'>", b"<?xml version='1.0' encoding='utf-7'?>", b"<media:content url='x'/>",
     b'{"items":[', b'{"id":', b"1e999", b"]}", b"\xed\xa0\x80", b"http://[", b"<link href='http://x:y/'/>"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(GRAINS | st.binary(max_size=20), max_size=40).map(b"".join))
def test_fuzz_any_bytes_give_items_or_our_error(body: bytes) -> None:
    for kind in ("feed", "sitemap", "page", "hotlist"):
        spec = SourceSpec(
            kind=kind, url=BASE, options={"title": "title", "row": "a", "items": "items"}
        )
        try:
            collected = parse(spec, fetched(body))
        except RongmeiError as error:
            assert str(error)
        else:
            for one in collected.items:
                assert len(one.entry_key) == 64
                assert "<script" not in one.body_html


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.text(max_size=300), st.text(max_size=80))
def test_fuzz_any_text_survives_the_journey(title: str, body: str, link: str) -> None:
    def cdata(text: str) -> str:
        return f"<![CDATA[{text.replace(']]>', '')}]]>"

    source = rss(
        item(f"<description>{cdata(body)}</description>", title=cdata(title), link=cdata(link))
        .encode("utf-8", "replace")
        .decode()
    )
    for one in parse(SourceSpec(kind="feed", url=BASE), fetched(source)).items:
        assert identify(one).content_hash == one.content_hash
        assert "\n\n\n" not in one.body
        assert not one.canonical_url or one.canonical_url.startswith(("http://", "https://"))
