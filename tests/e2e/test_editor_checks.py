"""The machine's findings beside the text: jumped to, replaced, let stand, and the cursor stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import House, Person

pytestmark = [pytest.mark.slow, pytest.mark.e2e]
TITLE = "示例：打造最佳服务方案"
BEFORE = "抢修队联系电话13800138000，请保存。"
AFTER = "第二天一早，线路恢复送电。"


def begin(person: Person) -> Page:
    page = person.go("/desk/stories/new/")
    page.fill("[name=title]", TITLE)
    page.get_by_role("button", name="开始写").click()
    page.wait_for_url("**/cms/**")
    text = page.locator(".public-DraftEditor-content").last
    text.click()
    text.press_sequentially(BEFORE)
    text.press("Enter")
    text.press_sequentially(AFTER)
    return page


def finding(page: Page, words: str):
    return page.locator(f'.rm-finding[data-found="{words}"]')


def test_findings_beside_the_text(people: House) -> None:
    person = people.sign_in("yl.reporter")
    page = begin(person)
    text = page.locator(".public-DraftEditor-content").last
    toggle = page.locator('[data-side-panel-toggle="checks"]')
    expect(toggle.locator("[data-side-panel-toggle-counter]")).to_have_text("2")
    if toggle.get_attribute("aria-expanded") == "false":
        toggle.click()

    # Writing goes on at the end of the text while a replacement is made at its beginning.
    text.click()
    text.press("Control+End")
    finding(page, "13800138000").get_by_role("button", name="隐去", exact=True).click()
    expect(text).to_contain_text("138****8000")
    text.press_sequentially("众人点赞。")
    expect(text).to_contain_text(AFTER + "众人点赞。")
    expect(finding(page, "13800138000")).to_have_count(0)
    # The editor's own undo takes it back.
    text.press("Control+z")
    text.press("Control+z")
    expect(text).to_contain_text("13800138000")
    expect(finding(page, "13800138000")).to_have_count(1)

    # By keyboard: to the next place, whose words are then chosen.
    page.keyboard.press("F8")
    chosen = "window.getSelection().toString() || document.activeElement.value?.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)"
    seen = set()
    for _press in range(2):
        page.wait_for_timeout(150)
        seen.add(page.evaluate(chosen))
        page.keyboard.press("F8")
    assert seen == {"13800138000", "最佳"}

    # Let stand, with a reason; the note is there after the page is opened anew.
    row = finding(page, "13800138000")
    row.get_by_text("保留并说明理由").click()
    row.get_by_label("理由").fill("值班公开电话")
    row.get_by_label("理由").press("Enter")
    expect(row).to_contain_text("值班公开电话")
    finding(page, "最佳").get_by_role("button", name="替换", exact=True).click()
    expect(page.locator("#id_title")).to_have_value(TITLE.replace("最佳", "较好"))
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".messages")).to_contain_text("已保存")
    page.get_by_role("link", name="回到稿件").click()
    expect(page.locator(".panel-body")).to_contain_text("值班公开电话")
    assert person.odd == []
