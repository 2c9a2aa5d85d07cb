"""A day of a centre at the desk: a return with its reason, three reviews, the green channel, a correction
that reaches readers on another node, a withdrawal, and the printed review sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.demo_network import eventually
from tests.e2e.people import House, Person
from tests.pdf_text import text_of

pytestmark = pytest.mark.e2e

TITLE = "云岭站所换上新设备（示例）"
TEXT = "清晨，云岭的站所换上了新设备，值班员逐项核对，一切正常。"
LATER = "清晨，云岭的站所换上了新设备，值班员按票逐项核对，一切正常。"
URGENT = "云岭山路抢通（示例）"
REASON = "请写明核对的依据。"
NOTE = "值班员核对的依据应为操作票，特此更正。"
GONE = "示例稿件，演练撤稿。"


@dataclass
class Day:
    """Where the day has come to."""

    people: House
    seen: dict[str, Person] = field(default_factory=dict)
    story: str = ""
    article: str = ""

    def who(self, username: str) -> Person:
        if username not in self.seen:
            self.seen[username] = self.people.sign_in(username)
        return self.seen[username]

    def review(self) -> str:
        return self.story.replace("/desk/stories/", "/desk/stories/review/")

    # Writing

    def type_in(self, page: Page, words: str) -> None:
        text = page.locator(".public-DraftEditor-content").last
        text.click()
        page.keyboard.press("Control+A")
        # Key by key: text put in at once would never reach the field's own record of it.
        text.press_sequentially(words)
        page.wait_for_function(
            """(text) => [...document.querySelectorAll("input[name^='body-']")]
              .some((field) => field.value.includes(text))""",
            arg=words,
        )
        page.get_by_role("button", name="保存").click()
        expect(page.locator(".messages")).to_contain_text("已保存")
        page.get_by_role("link", name="回到稿件").click()

    def write(self, title: str, words: str) -> None:
        page = self.who("yl.reporter").go("/desk/stories/new/")
        page.fill("[name=title]", title)
        page.get_by_role("button", name="开始写").click()
        page.wait_for_url("**/cms/**")
        self.type_in(page, words)
        self.story = urlsplit(page.url).path

    def submit(self) -> None:
        page = self.who("yl.reporter").go(self.story)
        page.get_by_role("button", name="提交送审").click()
        expect(page.get_by_text("已送初审")).to_be_visible()

    def revise(self) -> None:
        """The reporter reads why it came back, where it says so, and writes it anew."""
        page = self.who("yl.reporter").go(self.story)
        expect(page.locator(".strip")).to_contain_text(REASON)
        page.get_by_role("link", name="写稿").first.click()
        page.wait_for_url("**/cms/**")
        self.type_in(page, LATER)

    # Reviewing

    def from_queue(self, username: str, title: str) -> Page:
        """The reviewer stands on the row and opens it with a key."""
        page = self.who(username).go("/desk/stories/review/")
        for _ in range(page.locator("#review tbody tr").count()):
            page.keyboard.press("j")
            if title in page.locator("#review tr.is-here").inner_text():
                break
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk/stories/review/*-*/")
        expect(page.locator("h1")).to_contain_text(title)
        return page

    def give_back(self) -> None:
        page = self.from_queue("yl.first", TITLE)
        page.keyboard.press("r")
        page.keyboard.type(REASON)
        page.get_by_role("button", name="退回作者").click()
        expect(page.get_by_text("已退回作者")).to_be_visible()

    def sign(self, username: str, title: str) -> None:
        page = self.from_queue(username, title)
        page.keyboard.press("p")
        page.keyboard.type("已核，同意。")
        for box in page.locator("[name=proof]").all():
            box.check()
        page.get_by_role("button", name="通过并签名").click()
        expect(page.get_by_text("已签名通过")).to_be_visible()

    def sign_off(self) -> None:
        """The final reviewer sees beforehand that the text is what the two others signed."""
        page = self.from_queue("yl.chief", TITLE)
        expect(page.get_by_text("签的就是现在这一版")).to_have_count(2)
        self.sign("yl.chief", TITLE)

    def urgent(self) -> None:
        """The green channel: the second reviewer need not wait for the first; it is read once more."""
        self.write(URGENT, TEXT)
        page = self.who("yl.reporter").page
        page.get_by_text("突发稿件走绿色通道").click()
        page.fill("#urgent", "道路抢通，须立即告知")
        page.get_by_role("button", name="走绿色通道送审").click()
        expect(page.get_by_text("已送初审")).to_be_visible()
        for username in ("yl.second", "yl.first", "yl.chief"):
            self.sign(username, URGENT)
        again = self.who("yl.first").go(self.story)
        expect(again.get_by_text("补审").first).to_be_visible()

    # With readers

    def publish(self) -> None:
        page = self.who("yl.chief").go(self.story)
        page.get_by_role("button", name="推送总部").first.click()
        expect(page.get_by_text("已推送上级单位")).to_be_visible()
        editor = self.who("editor")

        def came() -> bool:
            editor.go("/desk/channels/")
            return editor.page.locator("a.row-title", has_text=TITLE).count() > 0

        eventually(came)
        editor.page.locator("a.row-title", has_text=TITLE).first.click()
        editor.page.get_by_role("button", name="发布", exact=True).click()
        editor.page.wait_for_url("**/publications/**")

        def public() -> bool:
            editor.page.reload()
            return editor.page.get_by_role("link", name="看页面").count() > 0

        eventually(public)
        link = editor.page.get_by_role("link", name="看页面").get_attribute("href")
        self.article = str(link)

    def receipts(self, words: str) -> None:
        """The story's page comes to say so by itself: nobody loads it again."""
        expect(self.who("yl.chief").page.locator("#receipts")).to_contain_text(
            words, timeout=60_000
        )

    def shown_to_readers(self) -> tuple[int, str]:
        answer = self.who("editor").page.request.get(self.article)
        return answer.status, answer.text()

    def correct(self) -> None:
        page = self.who("yl.chief").go(f"{self.story}?panel=publish")
        self.receipts("已发布")
        page.select_option("#correct-cause", "fact")
        page.fill("#correct-note", NOTE)
        page.get_by_role("button", name="发布更正").click()
        expect(page.get_by_text("已更正，各渠道随即显示")).to_be_visible()
        eventually(lambda: NOTE in self.shown_to_readers()[1], 60)
        self.receipts(NOTE)

    def withdraw(self) -> None:
        page = self.who("yl.chief").go(f"{self.story}?panel=publish")
        page.select_option("#withdraw-cause", "other")
        page.fill("#withdraw-reason", GONE)
        page.get_by_role("button", name="撤稿", exact=True).click()
        expect(page.get_by_text("已撤稿，各渠道随即撤下")).to_be_visible()
        eventually(lambda: self.shown_to_readers()[0] == 410, 60)
        self.receipts("已撤下")

    def print(self, folder: Path) -> str:
        page = self.who("yl.chief").go(f"{self.story}sheet/")
        with page.expect_download() as asked:
            page.get_by_role("button", name="下载 PDF").click()
        file = folder / "sheet.pdf"
        asked.value.save_as(file)
        assert asked.value.suggested_filename.startswith("审稿单")
        return text_of(file.read_bytes())


def test_a_day_of_a_centre(people: House, tmp_path: Path) -> None:
    """From a returned draft to a withdrawn article, by the people of one centre."""
    day = Day(people)
    day.write(TITLE, TEXT)
    day.submit()
    day.give_back()
    day.revise()
    day.submit()
    for username in ("yl.first", "yl.second"):
        day.sign(username, TITLE)
    day.sign_off()
    day.publish()
    day.correct()
    day.withdraw()
    said = day.print(tmp_path)
    names = [people.accounts[one]["name"] for one in ("yl.first", "yl.second", "yl.chief")]
    for words in (
        *names,
        REASON,
        "初审一校",
        "复审二校",
        "终审三校",
        "已核，同意。",
        GONE,
        "第2轮",
    ):
        assert words in said, words
    day.urgent()
    assert people.odd() == []
