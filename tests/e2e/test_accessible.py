"""Key pages for people who see badly or use no mouse: names, headings, contrast, focus."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import House, Person

pytestmark = pytest.mark.e2e

CHECK = (Path(__file__).parent / "accessible.js").read_text(encoding="utf-8")
# Whose page it is, and where; "" is a reader of the site.
PAGES = {
    "": ("/", "/accounts/login/", "/search/?q=示例"),
    "planner": (
        "/desk/", "/desk/archive/?q=台风", "/desk/monitoring/", "/desk/planning/",
        "/desk/planning/pitches/new/", "/desk/planning/tasks/?list=all", "/desk/exemplars/",
        "/desk/stories/", "/desk/assets/", "/desk/sources/", "/desk/impact/", "/screen/",
        "/desk/network/notices/?show=all", "/desk/network/settings/",
    ),
    "editor": ("/desk/channels/", "/desk/channels/publications/"),
    "yl.first": ("/desk/stories/review/",),
    "yl.reporter": ("/desk/stories/new/", "/desk/assets/upload/"),
    "sysadmin": ("/desk/network/units/", "/desk/network/members/", "/desk/sources/add/"),
    "secadmin": ("/desk/network/matrix/",),
    "auditor": ("/desk/network/audit/",),
}  # fmt: skip
# Opened from the first row of a list, with what hangs on it.
DETAILS = {"planner": ("/desk/archive/?q=台风", "/desk/monitoring/")}
TABS = 12


def open_as(people: House, username: str) -> Person:
    return people.sign_in(username) if username else people.visitor()


@pytest.mark.parametrize("username", PAGES, ids=lambda name: name or "reader")
def test_names_headings_and_contrast(people: House, username: str) -> None:
    """Each control has a name, each page one h1, and text stands out, by day and by night."""
    person = open_as(people, username)
    page, wrong = person.page, {}
    for path in PAGES[username]:
        person.go(path)
        wrong |= looked_at(page, path)
    for path in DETAILS.get(username, ()):
        person.go(path)
        page.locator("a.row-title").first.click()
        page.wait_for_load_state("load")
        wrong |= looked_at(page, path + " → first row")
    assert wrong == {}


def looked_at(page: Page, name: str) -> dict[str, list[str]]:
    """What is wrong with the page, in light and in dark."""
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if said := page.evaluate(CHECK):
            found[f"{name} ({scheme})"] = said
    page.emulate_media(color_scheme="light")
    return found


def test_the_check_finds_what_it_looks_for(people: House) -> None:
    """Each fault is seen once; what is right is passed over."""
    page = people.visitor().page
    page.set_content(
        """<html><head><title>t</title></head><body><h1>a</h1><h1>b</h1><img src="data:,">
        <input id="x"><button><svg width="9" height="9"></svg></button><p style="color:#999">grey</p>
        <label>named <input></label><p id="x">black</p></body></html>"""
    )
    said = sorted(line.split(":")[0] for line in page.evaluate(CHECK))
    assert said == [
        "2 h1 on the page", "a control without a name", "a control without a name",
        "a picture without alt", "an id twice", "contrast 2.85", "the page has no language",
    ]  # fmt: skip


def test_the_keyboard_shows_where_it_is(people: House) -> None:
    """Tab goes through the page, and each stop can be seen."""
    page = people.sign_in("planner").go("/desk/planning/")
    stops = []
    for _stop in range(TABS):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                """() => {
                  const style = getComputedStyle(document.activeElement);
                  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                  return [document.activeElement.outerHTML.slice(0, 90), ring];
                }"""
            )
        )
    assert len({where for where, _ring in stops}) == TABS, "the keyboard is caught"
    assert [where for where, ring in stops if not ring] == []


def test_words_typed_just_before_saving_are_saved(people: House) -> None:
    """The text editor reports a quarter of a second late; saving waits for it."""
    page = people.sign_in("yl.reporter").go("/desk/stories/new/")
    page.fill("[name=title]", "打完就存（示例）")
    page.get_by_role("button", name="开始写").click()
    page.wait_for_url("**/cms/**")
    text = page.locator(".public-DraftEditor-content").last
    text.click()
    text.press_sequentially("末尾这几个字刚刚打完")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("已保存")
    expect(page.locator(".public-DraftEditor-content").last).to_contain_text("刚刚打完")
