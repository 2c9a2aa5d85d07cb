"""The main job, step by step: what each of seven people does in the browser, and must see.

The end-to-end test walks it to prove it; the screenshots walk it to have something to show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.demo_network import eventually
from tests.e2e.people import PHONE, House, Person

TITLE = "云岭抢修队连夜驰援江川（示例）"
SUMMARY = "台风登陆后，云岭抢修队连夜赶往江川支援抢修。示例稿件，人和事均为虚构。"
TEXT = (
    "入夜，云岭抢修队的车队驶出山门，连夜奔赴江川沿海支援抢修。",
    "天亮以前，第一处断点接通，渔港的灯先亮了起来。队员们说，灯亮了再吃早饭。",
)
LINK = "https://example.org/s/shili-e2e"


def _path(page: Page) -> str:
    return urlsplit(page.url).path


def _row(page: Page, title: str) -> None:
    page.locator("a.row-title", has_text=title).first.click()


def _number(text: str) -> int:
    return int(re.sub(r"\D", "", text) or -1)


def _counted(page: Page, way: str) -> tuple[int, int]:
    """What a page that a number led to says itself, and how many rows of it can be seen."""
    rows = page.locator("a.row-title:visible").count()
    if "/monitoring/topics/" in way or way == "/desk/impact/":
        # These numbers are sums: the page says the sum, and beneath it what it was made of.
        place = 0 if "/topics/" in way else 1
        return _number(page.locator(".main .keyfigure b").nth(place).inner_text()), rows
    # "17 条 · 13 毫秒": the time it took is no count.
    return _number(page.locator(".hits").inner_text().split("·")[0].split("条")[0]), rows


@dataclass
class Journey:
    """Where the main job has come to."""

    people: House
    title: str = TITLE
    summary: str = SUMMARY
    text: tuple[str, ...] = TEXT
    seen: dict[str, Person] = field(default_factory=dict)
    topic: str = ""
    topic_path: str = ""
    pitch: str = ""
    task: str = ""
    editor: str = ""
    story: str = ""
    publication: str = ""
    article: str = ""

    def who(self, username: str, *, phone: bool = False) -> Person:
        """Somebody's browser, opened once."""
        key = username + ("@phone" if phone else "")
        if key not in self.seen:
            self.seen[key] = self.people.sign_in(username, size=PHONE if phone else None)
        return self.seen[key]

    def watch(self) -> None:
        """值班: what was collected can be read, and something is hot."""
        duty = self.who("duty")
        duty.go("/desk/archive/?q=台风")
        expect(duty.page.locator("mark").first).to_be_visible()

        def hot() -> bool:
            duty.go("/desk/monitoring/")
            return duty.page.locator("a.row-title", has_text="苇莺").count() > 0

        eventually(hot)
        first = duty.page.locator("a.row-title", has_text="苇莺").first
        self.topic = first.inner_text()
        first.click()
        expect(duty.page.get_by_text("为什么是这个热度")).to_be_visible()
        self.topic_path = _path(duty.page)

    def propose(self) -> None:
        """策划: a pitch out of the topic, with what is known about it filled in."""
        planner = self.who("planner")
        page = planner.go(self.topic_path)
        page.get_by_role("link", name="报选题").first.click()
        expect(page.locator("[name=title]")).to_have_value(re.compile("苇莺"))
        page.fill("[name=title]", "驰援江川：云岭抢修队的一夜")
        page.fill("[name=news_point]", "云岭抢修队连夜跨省支援")
        page.fill("[name=angle]", "写人：谁先报名，第一处断点怎样接通。")
        page.get_by_role("button", name="提交选题").click()
        # A second walk on the same network proposes the same thing again, and is asked about it.
        still = page.get_by_role("button", name="不是同一选题，仍然报")
        decide = page.get_by_role("button", name="同意")
        expect(still.or_(decide)).to_be_visible()
        if still.count():
            still.click()
        expect(decide).to_be_visible()
        self.pitch = _path(page)

    def dispatch(self) -> None:
        """策划: approve, and give the task to the centre on the other node."""
        page = self.who("planner").page
        page.get_by_role("button", name="同意").click()
        expect(page.locator("[name=to_unit_ids]:checked")).to_have_count(0)
        page.get_by_label("云岭融媒体中心").check()
        page.fill("form [name=brief]", "三百字以内，今晚交。示例任务。")
        page.get_by_role("button", name="下达任务").click()
        expect(page.get_by_text("已下达给云岭融媒体中心")).to_be_visible()
        self.task = str(page.locator("a[href*='/planning/tasks/0']").first.get_attribute("href"))

    def accept(self) -> None:
        """云岭, on a phone: the task waits in Today; it is accepted for the reporter."""
        chief = self.who("yl.chief", phone=True)

        def arrived() -> bool:
            chief.go("/desk/")
            return chief.page.locator(f"a.row-title[href='{self.task}']").count() > 0

        eventually(arrived)
        assert chief.sideways() == 0
        chief.page.locator(f"a.row-title[href='{self.task}']").first.click()
        expect(chief.page.get_by_text("三百字以内")).to_be_visible()
        assert chief.sideways() == 0
        chief.page.select_option("#answer-who", label=self._name("yl.reporter"))
        chief.page.get_by_role("button", name="接受").click()
        expect(chief.page.get_by_role("button", name="接受")).to_have_count(0)

    def _name(self, username: str) -> str:
        return self.people.accounts[username]["name"]

    def write(self) -> None:
        """记者: from the task into the editor; written, saved, checked."""
        page = self.who("yl.reporter").go(self.task)
        page.get_by_role("link", name="写稿").first.click()
        page.fill("[name=title]", self.title)
        page.get_by_role("button", name="开始写").click()
        page.wait_for_url("**/cms/**")
        self.editor = _path(page)
        page.fill("#id_summary", self.summary)
        text = page.locator(".public-DraftEditor-content").last

        text.click()
        for number, one in enumerate(self.text):
            if number:
                text.press("Enter")
            # Key by key: text put in at once would never reach the field's own record of it.
            text.press_sequentially(one)
        expect(text).to_contain_text(self.text[1])
        # The editor hands its text to the form a quarter of a second after the last key.
        page.wait_for_function(
            """(text) => [...document.querySelectorAll("input[name^='body-']")]
              .some((field) => field.value.includes(text))""",
            arg=self.text[1],
        )
        for heading in ("署名与归类", "权利与发布条件"):
            page.locator("[data-panel-heading]", has_text=heading).click()
        page.fill("#id_byline", self._name("yl.reporter"))
        page.fill("#id_category", "要闻")
        page.fill("#id_rights_basis", "自采")
        page.get_by_role("button", name="保存").click()
        expect(page.locator(".messages")).to_contain_text("已保存")
        page.get_by_role("link", name="回到稿件").click()
        self.story = _path(page)
        expect(page.get_by_text(self.text[1])).to_be_visible()
        # "第一" is read as a ranking: the machine asks, it does not refuse.
        expect(page.locator(".panel-body")).to_contain_text("排名")

    def submit(self) -> None:
        """记者: off to review, which is not the author's to do."""
        author = self.who("yl.reporter")
        author.page.get_by_role("button", name="提交送审").click()
        expect(author.page.get_by_text("已送初审")).to_be_visible()
        review = self.story.replace("/desk/stories/", "/desk/stories/review/")
        author.go(review)
        assert _path(author.page) == self.story, "the author was let into review"
        expect(author.page.get_by_role("button", name="通过并签名")).to_have_count(0)
        # Nor by hand, past the page that does not offer it.
        status = author.page.evaluate(
            """async (path) => {
              const body = new FormData();
              const token = document.querySelector("[name=csrfmiddlewaretoken]");
              body.set("csrfmiddlewaretoken", token.value);
              body.set("step", "first");
              body.set("content_hash", "0");
              return (await fetch(path, {method: "POST", body})).status;
            }""",
            review + "pass/",
        )
        assert status == 403, f"the author's signature got {status}"

    def sign(self, username: str) -> None:
        """One of three different people reads and signs."""
        page = self.who(username).go("/desk/")
        page.locator(f"a.row-title[href*='{self.story.split('/')[-2]}']").first.click()
        expect(page.get_by_text(self.text[0])).to_be_visible()
        page.fill("#opinion", "事实与文字已核，同意。")
        for box in page.locator("[name=proof]").all():
            box.check()
        page.get_by_role("button", name="通过并签名").click()
        expect(page.get_by_text("已签名通过")).to_be_visible()

    def publish(self) -> None:
        """平台编辑: the signed story has come over by itself; out through both channels."""
        editor = self.who("editor")

        def shared() -> bool:
            editor.go("/desk/channels/")
            return editor.page.locator("a.row-title", has_text=self.title).count() > 0

        eventually(shared)
        page = editor.page
        _row(page, self.title)
        for box in page.locator("[name=channels]").all():
            box.check()
        page.get_by_role("button", name="发布", exact=True).click()
        page.wait_for_url("**/publications/**")
        self.publication = _path(page)

        def public() -> bool:
            editor.go(self.publication)
            return page.get_by_role("link", name="看页面").count() > 0

        eventually(public)
        self.article = str(page.get_by_role("link", name="看页面").get_attribute("href"))

    def post_by_hand(self) -> None:
        """平台编辑: copy for the other platform, post there, and put the link on record."""
        page = self.who("editor").page

        def waits() -> bool:
            self.who("editor").go(self.publication)
            return page.get_by_role("link", name="复制发布").count() > 0

        eventually(waits)
        page.get_by_role("link", name="复制发布").first.click()
        expect(page.locator("#copy-body")).to_contain_text(self.text[0])
        page.get_by_role("button", name="复制标题").click()
        eventually(lambda: page.evaluate("navigator.clipboard.readText()") == self.title, 10)
        page.get_by_role("link", name="发好了").click()
        page.fill("[name=url]", LINK)
        page.get_by_role("button", name="登记").click()
        expect(page.get_by_text("回执已登记")).to_be_visible()
        expect(page.locator(f"a[href='{LINK}']")).to_be_visible()

    def read(self) -> None:
        """A reader: found on the site's first page, read for a while, counted."""
        reader = self.people.visitor(size=PHONE)
        page = reader.go("/")
        assert reader.sideways() == 0
        page.get_by_role("link", name=self.title).first.click()
        with page.expect_response(lambda answer: "/r/" in answer.url) as counted:
            expect(page.locator("[data-article-text]")).to_contain_text(self.text[1])
        assert counted.value.status == 204
        assert reader.sideways() == 0
        for feed in ("feeds/rss.xml", "feeds/atom.xml", "feeds/feed.json", "sitemap.xml"):
            answer = page.request.get(f"{reader.node}/{feed}")
            assert answer.ok, feed
            assert self.article in answer.text(), feed

    def keep(self) -> None:
        """值班: what was published is in the big database too."""
        duty = self.who("duty")

        def found() -> bool:
            duty.go(f"/desk/archive/?q={self.title[:10]}")
            return duty.page.locator("a.row-title", has_text=self.title[:10]).count() > 0

        eventually(found)
        _row(duty.page, self.title[:10])
        expect(duty.page.get_by_text(self.text[0]).first).to_be_visible()

    def count(self) -> None:
        """分析师: the read is counted, and the number opens its rows."""
        analyst = self.who("analyst")
        path = f"/desk/impact/publications/{self.publication.split('/')[-2]}/"

        def counted() -> bool:
            analyst.go("/desk/impact/")
            link = analyst.page.locator(f"a[href='{path}#reads']").first
            return link.count() > 0 and link.inner_text() != "0"

        eventually(counted, 90)
        analyst.page.locator(f"a[href='{path}#reads']").first.click()
        expect(analyst.page).to_have_url(re.compile(r"#reads$"))
        expect(analyst.page.locator("#reads")).to_be_visible()

    def big_screen(self) -> None:
        """分析师: each number on each tile opens its rows, and there are as many as it says."""
        analyst = self.who("analyst")
        page = analyst.go("/screen/")
        expect(page.locator("#tile-published")).to_contain_text(re.compile(r"发布\s*[1-9]"))
        tiles = page.locator(".tile-slot")
        assert tiles.count() == 5
        ways: list[tuple[str, str, int]] = []
        for tile in tiles.all():
            expect(tile).to_contain_text("数据时间")
            name = str(tile.get_attribute("id"))
            for figure in tile.locator(".keyfigure:visible, .wall-list > li:visible").all():
                way = figure.locator("a")
                assert way.count() == 1, f"{name}: a number leads nowhere: {figure.inner_text()}"
                number = figure.locator("b").inner_text()
                ways.append((name, str(way.get_attribute("href")), _number(number)))
        assert {name for name, _way, _number in ways} == {
            "tile-collected", "tile-topics", "tile-tasks", "tile-published", "tile-reviews"
        }  # fmt: skip
        wrong = []
        for name, way, number in ways:
            analyst.go(way)
            said, rows = _counted(page, way)
            # Something may have come in since the wall was drawn, and nothing goes away.
            if not number <= said <= number + 5 or (said > 0) != (rows > 0):
                wrong.append(f"{name} {way}: {number} on the wall, {said} said, {rows} rows")
        assert wrong == []
        analyst.go("/screen/")
        analyst.go(str(page.locator("#tile-published .keyfigure a").first.get_attribute("href")))
        expect(page.get_by_text(self.title).first).to_be_visible()

    def come_back(self) -> None:
        """Both nodes: the task shows that it was published, and where."""
        for username in ("planner", "yl.reporter"):
            person = self.who(username)

            def told(person: Person = person) -> bool:
                person.go(self.task)
                return person.page.locator(f"a[href='{self.article}']").count() > 0

            eventually(told)
            expect(person.page.locator(".strip")).to_contain_text("发布")
