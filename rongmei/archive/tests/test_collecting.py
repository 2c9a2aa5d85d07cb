"""Collecting: everything once, politely, with a clear state, whatever the other side does."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils import timezone

from rongmei.archive import collecting
from rongmei.archive.collecting import Harvest, _wanted, facts_of
from rongmei.archive.identity import entry_hash_of, identity_of
from rongmei.archive.models import Change, Document, DocumentVersion, HotSighting
from rongmei.archive.tests.collectors import fetch, watch
from rongmei.archive.types import PUBLIC
from rongmei.kernel.http import Limits
from rongmei.kernel.http_fake import FakeDoor
from rongmei.sources import actions as sources
from rongmei.sources.models import FetchLog, FetchState
from rongmei_wire.wire import Wire

pytestmark = pytest.mark.django_db

MEDIA = {
    "wire": "rss.xml", "yunling-daily": "rss.xml", "yunling-morning": "rss.xml",
    "yunling-online": "atom.xml", "jiangchuan-evening": "rss.xml",
    "jiangchuan-coast": "sitemap.xml", "jiangchuan-video": "feed.json",
    "industry-watch": "atom.xml", "energy-tech": "sitemap.xml", "yunshang-news": "feed.json",
    "shimenkan-voice": "rss.xml", "yunshang-english": "rss.xml",
}  # fmt: skip
FEED = "http://news.example.com/feed.xml"
PAGE = "http://news.example.com/{}.html"


@pytest.fixture(scope="module")
def wire():
    with Wire(pace="all") as running:
        yield running


def text(word: str) -> str:
    return f"{word}今天上午发布消息。" + "各单位按预案有序推进,现场一切平稳,相关工作仍在进行。" * 6


def rss(*entries: tuple[str, str]) -> str:
    items = "".join(
        f"<item><title>第{key}条示例新闻</title><link>{PAGE.format(key)}</link>"
        f"<description>{words}</description></item>"
        for key, words in entries
    )
    return f'<rss version="2.0"><channel><title>示例</title>{items}</channel></rss>'


def page(title: str, words: str) -> str:
    return (
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>"
        f"<p>{text(words)}</p><p>{text(words)}</p></article></body></html>"
    )


def door_with(*entries: tuple[str, str]) -> FakeDoor:
    door = FakeDoor().answer("http://news.example.com/robots.txt", "", status=404)
    return door.answer(FEED, rss(*entries))


def pages_asked(door: FakeDoor) -> Counter:
    return Counter(one.url for one in door.asked if one.url.endswith(".html"))


def test_every_medium_is_collected_exactly_once(cast, wire):
    begun = len(wire.requests())
    watched = [
        watch(
            cast, f"{wire.url}/m/{slug}/{path}", internal=True,
            kind="sitemap" if path.startswith("sitemap") else "feed",
        )
        for slug, path in MEDIA.items()
    ]  # fmt: skip
    for source in watched:
        assert fetch(source).outcome == "ok"
    released = {line["path"] for line in wire.releases()}
    kept = {url.removeprefix(wire.url) for url in Document.objects.values_list("url", flat=True)}
    assert kept == released
    assert Document.objects.count() == len(released)
    for source in watched:
        assert fetch(source).outcome == "not_modified"
    asked = Counter((line["path"], line["status"]) for line in wire.requests()[begun:])
    assert {asked[path, 200] for path in released} == {1}
    assert sum(n for (_path, status), n in asked.items() if status == 304) == len(MEDIA)
    assert not [path for path, _status in asked if path.startswith("/private")]
    assert Document.objects.count() == len(released)
    assert not DocumentVersion.objects.exists()
    gbk = Document.objects.filter(source_name="示例源", url__contains="jiangchuan-evening")
    assert all("�" not in one.title + one.body for one in gbk)
    assert not Document.objects.filter(body="").exists()


def test_robots_are_obeyed(cast, wire):
    begun = len(wire.requests())
    state = fetch(watch(cast, f"{wire.url}/private/feed.xml", internal=True))
    assert state.outcome == "robots"
    assert "robots.txt" in state.message
    assert not [r for r in wire.requests()[begun:] if r["path"].startswith("/private")]


def test_a_hot_list_is_kept_with_its_ranks(cast, wire):
    options = {"items": "items", "title": "title", "url": "url", "heat": "heat"}
    source = watch(
        cast, f"{wire.url}/hot.json", internal=True, kind="hotlist", options=options,
        full_text=False,
    )  # fmt: skip
    state = fetch(source)
    assert state.outcome == "ok"
    assert state.items_new == HotSighting.objects.count() > 0
    assert HotSighting.objects.order_by("rank").first().rank == 1


FAULTS = {
    "hang": {"timeout", "slow"}, "drip?delay=0.3": {"slow"}, "reset": {"broken"}, "500": {"status"},
    "503": {"status"}, "429": {"status"}, "404": {"status"}, "410": {"status"},
    "redirect-loop": {"redirects"}, "redirect-private": {"private"},
    "redirect-metadata": {"private"}, "redirect-file": {"address"}, "endless": {"too_large", "slow"},
    "huge?mb=20": {"too_large"}, "gzip-bomb?mb=64": {"too_large"}, "gzip-broken": {"broken"},
    "billion-laughs": {"bomb"}, "xxe": {"bomb"}, "short-body": {"broken"}, "empty": {"unreadable"},
    "html-as-feed": {"unreadable"}, "garbage": {"unreadable"}, "empty-feed": {"empty"},
}  # fmt: skip


@pytest.mark.parametrize(("path", "words"), FAULTS.items(), ids=list(FAULTS))
def test_a_fault_gives_a_clear_state_and_nothing_stored(cast, wire, path, words):
    state = fetch(watch(cast, f"{wire.url}/fault/{path}", internal=True))
    assert state.outcome in words
    assert state.leased_until is None
    assert state.due_at > timezone.now()
    assert not Document.objects.exists()
    if state.outcome != "empty":
        assert state.message
        assert state.failures > 0


SOUND = [
    "feed",
    "redirect-chain/5",
    "redirect-moved",
    "wrong-charset",
    "charset-conflict",
    "big5",
    "changing-ids",
    "missing-dates",
    "odd-dates",
    "wrong-type",
    "truncated",
    "script-feed",
    "flaky/x?times=0",
]


# Nothing here is slow by intent: on a busy machine an article must not be given up and come twice.
PATIENT = Limits(connect=10, read=20, total=40, max_bytes=2_000_000)


@pytest.mark.parametrize("path", SOUND)
def test_an_odd_feed_is_read_and_kept_once(cast, wire, path):
    source = watch(cast, f"{wire.url}/fault/{path}", internal=True)
    assert fetch(source, limits=PATIENT).outcome in {"ok", "partly"}
    first = Document.objects.count()
    assert first in {1, 2, 3}
    fetch(source, limits=PATIENT)
    assert Document.objects.count() == first
    assert not Document.objects.filter(published_at__gt=timezone.now()).exists()
    assert not DocumentVersion.objects.exists()


def test_a_moved_feed_says_where_it_went(cast, wire):
    state = fetch(watch(cast, f"{wire.url}/fault/redirect-moved", internal=True))
    assert state.moved_to == f"{wire.url}/fault/feed"


def test_script_in_a_feed_is_not_kept(cast, wire):
    fetch(watch(cast, f"{wire.url}/fault/script-feed", internal=True))
    document = Document.objects.get()
    assert "javascript:" not in document.url
    assert "<script" not in document.body.lower()


def test_pages_that_fail_come_again_and_the_others_do_not(cast):
    door = door_with(("a", "甲摘要。"), ("b", "乙摘要。"), ("c", "丙摘要。"))
    door.answer(PAGE.format("a"), page("第a条示例新闻", "甲"))
    door.answer(PAGE.format("b"), "", status=503).answer(PAGE.format("b"), page("第b条", "乙"))
    door.answer(PAGE.format("c"), "", status=404)
    source = watch(cast, FEED)
    state = fetch(source, door)
    assert (state.outcome, state.left, state.items_new) == ("partly", 1, 3)
    assert state.etag == state.body_hash == ""
    assert Document.objects.get(url=PAGE.format("b")).body == "乙摘要。"
    state = fetch(source, door)
    assert (state.outcome, state.left) == ("ok", 0)
    assert "乙今天上午" in Document.objects.get(url=PAGE.format("b")).body
    fetch(source, door)
    assert pages_asked(door) == {PAGE.format("a"): 1, PAGE.format("b"): 2, PAGE.format("c"): 1}
    assert Document.objects.count() == 3


def test_a_changed_article_is_a_new_version(cast):
    door = door_with(("a", "甲摘要。"))
    door.answer(FEED, rss(("a", "甲摘要(更正)。")))
    door.answer(PAGE.format("a"), page("第a条示例新闻", "甲"))
    door.answer(PAGE.format("a"), page("第a条示例新闻", "更正"))
    source = watch(cast, FEED)
    fetch(source, door)
    fetch(source, door)
    document = Document.objects.get()
    assert document.version == 2
    assert "更正今天" in document.body
    assert "甲今天" in document.versions.get().body
    assert list(Change.objects.values_list("document_id", flat=True)) == [document.pk] * 2


def test_items_that_all_name_the_front_page_are_all_kept_and_their_page_is_not_theirs(cast):
    def feed(*words: str) -> str:
        items = "".join(
            f"<item><guid isPermaLink='false'>{word}</guid><title>{word}讯息</title>"
            f"<link>http://news.example.com/</link><description>{text(word)}</description></item>"
            for word in words
        )
        return f'<rss version="2.0"><channel><title>示例</title>{items}</channel></rss>'

    door = door_with().answer("http://news.example.com/", page("首页", "首页"))
    door._answers[FEED].clear()
    for words in ("甲", "甲乙", "甲乙丙", "甲乙丙"):
        door.answer(FEED, feed(*words) + f"<!-- {words} -->")
    source = watch(cast, FEED, full_text=True)
    for _turn in range(4):
        fetch(source, door)
    kept = sorted(Document.objects.values_list("title", flat=True))
    assert kept == sorted(["甲讯息", "乙讯息", "丙讯息"])
    assert not DocumentVersion.objects.exists()
    assert sum("首页" in one.body for one in Document.objects.all()) <= 1


def test_a_document_follows_the_source_that_gave_it_first(cast):
    door = door_with(("a", text("甲")))
    other = "http://news.example.com/other.xml"
    for turn in range(3):
        door.answer(FEED, rss(("a", text("甲"))) + f"<!-- {turn} -->")
        door.answer(other, rss(("a", "导语：" + text("甲"))) + f"<!-- {turn} -->")
    first, second = (watch(cast, url, full_text=False) for url in (FEED, other))
    for _turn in range(3):
        fetch(first, door)
        fetch(second, door)
    document = Document.objects.get()
    assert (document.source_id, document.version) == (first.pk, 1)
    assert not DocumentVersion.objects.exists()


def test_other_words_in_the_feed_with_the_same_article_are_asked_for_once(cast):
    door = door_with(("a", "甲摘要。"))
    for turn in range(3):
        door.answer(FEED, rss(("a", "甲摘要,换了说法。")) + f"<!-- {turn} -->")
    door.answer(PAGE.format("a"), page("第a条示例新闻", "甲"))
    source = watch(cast, FEED)
    for _turn in range(4):
        fetch(source, door)
    assert pages_asked(door) == {PAGE.format("a"): 2}
    assert Document.objects.get().version == 1


def test_a_page_that_fails_does_not_shorten_what_is_there(cast):
    door = door_with(("a", "甲摘要。")).answer(FEED, rss(("a", "甲摘要(更正)。")))
    door.answer(PAGE.format("a"), page("第a条示例新闻", "甲")).answer(PAGE.format("a"), status=503)
    source = watch(cast, FEED)
    fetch(source, door)
    fetch(source, door)
    assert "甲今天上午" in Document.objects.get().body


def test_what_one_fetch_cannot_hold_the_next_goes_on_with(cast, monkeypatch):
    monkeypatch.setattr(collecting, "MAX_PAGES_A_FETCH", 8)
    links = [f"http://news.example.com/n/{n}.html" for n in range(18)]
    xml = "".join(f"<url><loc>{link}</loc></url>" for link in links)
    door = FakeDoor().answer("http://news.example.com/robots.txt", "", status=404)
    door.answer(
        "http://news.example.com/sitemap.xml",
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{xml}</urlset>',
        headers={"etag": '"same"'},
    )
    for n, link in enumerate(links):
        door.answer(link, page(f"第{n}号公告内容", f"第{n}号"))
    source = watch(cast, "http://news.example.com/sitemap.xml", kind="sitemap")
    left = [fetch(source, door).left for _turn in range(3)]
    assert left == [10, 2, 0]
    assert Document.objects.count() == 18
    assert fetch(source, door).outcome == "not_modified"
    assert set(pages_asked(door).values()) == {1}


def test_parts_of_a_sitemap_are_followed_though_the_index_stays_the_same(cast):
    def part(*numbers: int) -> str:
        urls = "".join(f"<url><loc>http://news.example.com/n/{n}.html</loc></url>" for n in numbers)
        return f"<urlset>{urls}</urlset>"

    base = "http://news.example.com"
    door = FakeDoor().answer(f"{base}/robots.txt", "", status=404)
    door.answer(
        f"{base}/sitemap.xml",
        f"<sitemapindex><sitemap><loc>{base}/s1.xml</loc></sitemap>"
        f"<sitemap><loc>{base}/s2.xml</loc></sitemap></sitemapindex>",
        headers={"etag": '"index"'},
    )
    door.answer(f"{base}/s1.xml", part(1), headers={"etag": '"1"'})
    door.answer(f"{base}/s1.xml", part(1, 2), headers={"etag": '"2"'})
    door.answer(f"{base}/s2.xml", status=500)
    for n in (1, 2):
        door.answer(f"{base}/n/{n}.html", page(f"第{n}号", f"第{n}号"))
    source = watch(cast, f"{base}/sitemap.xml", kind="sitemap")
    assert fetch(source, door).items_new == 1
    assert fetch(source, door).items_new == 2
    assert fetch(source, door).outcome == "not_modified"
    assert set(pages_asked(door).values()) == {1}


def test_dead_links_on_a_list_page_are_given_up(cast):
    base = "http://news.example.com"
    door = FakeDoor().answer(f"{base}/robots.txt", "", status=404)
    for turn in range(3):
        door.answer(f"{base}/list", f'<html><a href="/1.html">一</a><a href="/2.html">二</a>{turn}')
    door.answer(f"{base}/1.html", status=410).answer(f"{base}/2.html", page("第二条", "第二条"))
    source = watch(cast, f"{base}/list", kind="page", options={"links": "a"})
    for _turn in range(3):
        state = fetch(source, door)
    assert state.left == 0
    assert pages_asked(door) == {f"{base}/1.html": 1, f"{base}/2.html": 1}


def test_a_full_archive_costs_one_query(cast, django_assert_num_queries):
    door = door_with(*((str(n), f"{n}号" + text("甲")) for n in range(150)))
    source = watch(cast, FEED, full_text=False)
    fetch(source, door)
    assert Document.objects.count() == 150
    from rongmei.archive.collecting import Entry
    from rongmei.sources.collectors import parse
    from rongmei.sources.selectors import spec_of
    from rongmei.sources.types import Fetched

    facts = facts_of(source)
    feed = rss(*((str(n), f"{n}号" + text("甲")) for n in range(150)))
    items = parse(spec_of(source), Fetched(FEED, FEED, feed.encode(), timezone.now())).items
    entries = [
        Entry(one, identity_of(one, facts), entry_hash_of(one, trusts_lastmod=False))
        for one in items
    ]
    with django_assert_num_queries(1):
        assert _wanted(entries, Harvest(facts, timezone.now())) == []


def test_an_unexpected_error_is_recorded_for_people(cast, monkeypatch):
    def broken(*_args, **_more):
        raise ZeroDivisionError("示例")

    monkeypatch.setattr("rongmei.archive.collecting.parse", broken)
    state = fetch(watch(cast, FEED), door_with(("a", "甲")))
    assert state.outcome == "internal"
    assert "ZeroDivisionError" in state.message
    assert state.leased_until is None
    assert FetchLog.objects.get().outcome == "internal"


def test_only_the_sources_own_host_may_be_internal(cast):
    feed = "http://intranet.example.com/feed.xml"
    allowed = {}

    class Watched(FakeDoor):
        async def fetch(self, url, *, allow=(), **more):
            allowed[url] = set(allow)
            return await super().fetch(url, allow=allow, **more)

    door = Watched().answer("http://intranet.example.com/robots.txt", "", status=404)
    door.answer("http://news.example.com/robots.txt", "", status=404)
    door.answer(feed, rss(("a", "甲摘要。"))).answer(PAGE.format("a"), page("第a条", "甲"))
    fetch(watch(cast, feed, internal=True), door)
    assert "intranet.example.com:80" in allowed[feed]
    assert allowed[PAGE.format("a")] == set()


def test_the_same_words_under_another_address_are_not_kept_twice(cast):
    door = door_with(("a", text("甲")))
    door.answer(FEED, rss(("a", text("甲"))).replace("a.html", "a.html?visit=2"))
    source = watch(cast, FEED, full_text=False)
    fetch(source, door)
    fetch(source, door)
    assert Document.objects.count() == 1


def test_the_last_failures_answer_is_kept_for_people(cast):
    door = door_with().answer(FEED, "")
    door._answers[FEED].clear()
    door.answer(FEED, "<b>维护中</b>", status=500)
    source = watch(cast, FEED)
    state = fetch(source, door)
    assert state.http_status == 500
    assert bytes(FetchLog.objects.get().sample) == "<b>维护中</b>".encode()


def test_a_source_asked_for_while_it_is_fetched_stays_due(cast):
    source = watch(cast, FEED)
    held = sources.sources_claim(limit=5)
    assert [one.pk for one in held] == [source.pk]
    assert sources.sources_claim(limit=5) == []
    sources.source_fetch_now(by=cast["duty"], source_id=source.pk)
    sources.fetch_recorded(held[0], sources.Outcome("ok"))
    assert FetchState.objects.get().due_at <= timezone.now()
    assert [one.pk for one in sources.sources_claim(limit=5)] == [source.pk]


def test_what_is_given_back_can_be_claimed_at_once(cast):
    source = watch(cast, FEED)
    sources.sources_claim(limit=5)
    sources.sources_release([source.pk])
    assert len(sources.sources_claim(limit=5)) == 1


def test_unshared_documents_are_indexed_for_their_unit_only(cast):
    from rongmei.archive.indexing import as_indexed

    door = door_with(("a", text("甲")), ("b", text("乙")))
    fetch(watch(cast, FEED, full_text=False, shared=False), door)
    document = Document.objects.first()
    assert as_indexed(document, 1).visible_to == (str(cast.unit("hq").pk),)
    document.shared = True
    assert as_indexed(document, 1).visible_to == (PUBLIC,)
