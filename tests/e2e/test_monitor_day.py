"""A day at the archive in a real browser: four jobs of a duty monitor and an analyst, desk and phone.

Adding a source from a bare address, understanding why one fails, a saved search with its chart, an
export.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.demo_network import DemoNetwork, eventually
from tests.e2e.monitor import failing_source
from tests.e2e.people import DESK, PHONE, House, Person

pytestmark = pytest.mark.e2e
Size = dict[str, int]
WIDE, NARROW = pytest.param(DESK, id="desk"), pytest.param(PHONE, id="phone")


def query_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("q", [""])[0]


def fits(person: Person) -> None:
    assert person.sideways() == 0, person.page.url


@pytest.mark.parametrize(
    ("size", "medium"),
    [
        pytest.param(DESK, "industry-watch", id="desk"),
        pytest.param(PHONE, "jiangchuan-evening", id="phone"),
    ],
)
def test_from_a_bare_address_to_a_source_that_is_read(
    network: DemoNetwork, people: House, size: Size, medium: str
) -> None:
    """An address, a look at what it brings, one click; then its items are there."""
    person = people.sign_in("yl.sysadmin", size=size)
    page = person.go("/desk/sources/add/")
    page.get_by_label("网站地址").fill(f"{network.wire}/m/{medium}/")
    # The wire is on this machine: only an administrator may allow that.
    page.get_by_label("在内网").check()
    page.get_by_role("button", name="查找订阅源").click()
    offer = page.locator(".offers-found > li").first
    expect(offer.locator(".offers-titles li")).to_have_count(3)
    headline = offer.locator(".offers-titles li").first.inner_text()
    fits(person)
    offer.get_by_role("button", name="添加", exact=True).click()
    page.wait_for_url("**/desk/sources/0*/")
    address = urlsplit(page.url).path

    def read() -> bool:
        person.go(address)
        return page.locator(".page-title .badge--done").count() > 0

    eventually(read)
    fits(person)

    chief = people.sign_in("yl.chief", size=size)

    def found() -> bool:
        chief.go(f'/desk/archive/?q="{headline}"')
        return chief.page.locator("ol[data-list=archive] a.row-title").count() > 0

    eventually(found)


@pytest.fixture(scope="module")
def failing(network: DemoNetwork, people: House) -> str:
    """The page of a source whose address is gone."""
    return failing_source(people, network.wire)


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_why_a_source_fails_is_one_sentence_with_what_to_do(
    people: House, failing: str, size: Size
) -> None:
    """From the list of failing ones to the reason, the raw answer, a test, and another address."""
    duty = people.sign_in("duty", size=size)
    page = duty.go("/desk/sources/?state=failing")
    fits(duty)
    page.locator(f"a.row-title[href='{failing}']").click()
    trouble = page.locator(".trouble")
    expect(trouble.get_by_role("heading")).to_contain_text("没有这个地址（404）")
    expect(trouble).to_contain_text("始于")
    expect(trouble).to_contain_text("重新查找订阅源")
    expect(page.locator("#answer pre").last).to_be_visible()
    fits(duty)
    trouble.get_by_role("button", name="现在测试").click()
    expect(page.get_by_text("测试结果")).to_be_visible()
    page.get_by_role("button", name="重新查找订阅源").click()
    expect(page.get_by_role("button", name="换成这个").first).to_be_visible()
    fits(duty)


def drag(person: Person, size: Size, start: float, end: float) -> None:
    """Draw across the chart, from one share of its width to another, by mouse or by finger."""
    page = person.page
    plot = page.locator(".timechart-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    xs = [box["x"] + box["width"] * (start + (end - start) * step / 8) for step in range(9)]
    if size is DESK:
        page.mouse.move(xs[0], y)
        page.mouse.down()
        for x in xs[1:]:
            page.mouse.move(x, y)
        page.mouse.up()
        return
    touch = person.context.new_cdp_session(page)

    def send(kind: str, *points: float) -> None:
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y} for x in points]},
        )

    send("touchStart", xs[0])
    for x in xs[1:]:
        send("touchMove", x)
    send("touchEnd")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_days_are_chosen_on_the_chart_and_the_search_is_saved(people: House, size: Size) -> None:
    """The whole time, a stretch of it by hand, by keys or as a link; saved, and found again."""
    analyst = people.sign_in("analyst", size=size)
    page = analyst.go("/desk/archive/?q=台风&by=day")
    columns = page.locator(".timechart-plot a")
    expect(columns.first).to_be_attached()
    assert columns.count() >= 2
    fits(analyst)
    drag(analyst, size, 0.02, 0.98)
    page.wait_for_url("**after*")
    assert query_of(page).startswith("台风 after:")
    # The whole time is still to be seen, what was chosen is marked.
    assert page.locator(".timechart-plot a.is-chosen").count() == columns.count()
    page.get_by_role("link", name="看全部时间").click()
    page.wait_for_url(lambda url: "after" not in url)
    assert query_of(page) == "台风"
    if size is DESK:
        columns.last.focus()
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Enter")
        page.wait_for_url("**after*")
    else:
        columns.last.click()
        page.wait_for_url("**date*")
    name = f"台风动态 {size['width']}"
    page.fill("#save-name", name)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("已保存")
    page = analyst.go("/desk/archive/saved/")
    row = page.locator("li", has_text=name)
    row.scroll_into_view_if_needed()
    expect(row.locator("svg.spark")).to_be_visible()
    fits(analyst)
    row.get_by_role("link", name=name).click()
    expect(page.locator(".timechart-plot")).to_be_visible()
    expect(page.locator("mark").first).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_an_export_holds_the_chosen_columns_of_what_was_found(people: House, size: Size) -> None:
    """From a search to a file: format, columns, how many; progress; download."""
    analyst = people.sign_in("analyst", size=size)
    page = analyst.go("/desk/archive/?q=台风")
    page.get_by_role("link", name="导出结果…").click()
    page.get_by_label("正文").uncheck()
    page.get_by_label("最多多少篇").fill("7")
    fits(analyst)
    page.get_by_role("button", name="开始导出").click()
    row = page.locator("#exports tbody tr").first
    expect(row).to_contain_text("最新的 7 篇")
    expect(row.get_by_role("link", name="下载")).to_be_visible()
    fits(analyst)
    with page.expect_download() as awaited:
        row.get_by_role("link", name="下载").click()
    text = Path(awaited.value.path()).read_bytes().decode("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(text))
    assert "正文" not in heads
    assert "标题" in heads
    assert len(rows) == 7
    assert people.odd() == []
