"""A correspondent's day in real browsers: no line, a lost answer, a killed server, a session that ended,
two phones; sent once, given back with a reason, sent again, followed until it is published."""

from __future__ import annotations

import io
import os
import random
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.demo_network import DemoNetwork, eventually
from tests.e2e.journey import Journey
from tests.e2e.people import PHONE, House, Person

pytestmark = pytest.mark.e2e
TITLE = "示例：强降雨后三小时 石门坎126户恢复供电"
TEXT = (
    "11月24日清晨，因强降雨，示例供电所6名队员赶到示例村排查线路。",
    "“灯亮了就放心了。”村民说。10时20分，126户恢复供电。",
)
BUDGET = 72 * 1024


@pytest.fixture(autouse=True)
def cut_on_purpose(people: House) -> Iterator[None]:
    """Lines are cut and servers killed here on purpose: what browsers say of it is no surprise."""
    before = len(people.people)
    yield
    for person in people.people[before:]:
        person.odd.clear()


def photo() -> dict[str, Any]:
    """A picture of some hundred kilobytes, with a place of exposure in it."""
    noise = Image.frombytes("RGB", (640, 480), random.Random(7).randbytes(640 * 480 * 3))
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (25.0, 1.0, 2.0), 3: "E", 4: (103.0, 1.0, 2.0)}
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=70, exif=exif)
    return {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def writing(people: House, username: str = "smk.reporter") -> Person:
    """A phone with the writing page open, able to open it again without a line."""
    person = people.sign_in(username, size=PHONE)
    page = person.go("/desk/phone/")
    page.wait_for_selector("[data-ready]")
    page.wait_for_function(
        "async () => (await navigator.serviceWorker.ready) && Boolean(await caches.match('/desk/phone/'))"
    )
    expect(page.locator("#line")).to_have_text("有网络")
    return person


def write(page: Page, title: str, text: str) -> str:
    """A new piece; its id."""
    page.click("#new")
    page.fill("#f-title", title)
    page.fill("#f-text", text)
    expect(page.locator("#where")).to_contain_text("存在本机")
    return page.url.split("#")[1]


def numbers(network: DemoNetwork, title: str) -> list[Any]:
    rows = network.rows(
        "yunling", "SELECT number, state FROM stories_submission WHERE title = ?", title
    )
    return [row for row in rows if row[0]]


def once(network: DemoNetwork, title: str) -> bool:
    return len(numbers(network, title)) == 1


def test_the_writing_page_is_light_enough_for_a_thin_line(people: House):
    person = people.sign_in("smk.reporter", size=PHONE)
    weights: dict[str, int] = {}
    person.page.on(
        "response",
        lambda answer: (
            weights.update({answer.url: len(answer.body())})
            if answer.request.resource_type in {"document", "stylesheet", "script"}
            else None
        ),
    )
    person.go("/desk/phone/").wait_for_selector("[data-ready]")
    assert len(weights) >= 6
    assert sum(weights.values()) < BUDGET, weights


def test_from_a_hillside_to_the_front_page(network: DemoNetwork, people: House):
    phone = writing(people)
    page = phone.page
    phone.context.set_offline(True)
    write(page, TITLE, "\n\n".join(TEXT))
    page.set_input_files("#f-photo", [photo()])
    page.locator(".photo textarea").fill("示例供电所队员在示例村排查线路")
    page.select_option("#f-faces", "none")
    expect(page.locator("#where")).to_contain_text("还没存到服务器")
    # The phone is put away and taken out again, on the hillside.
    # Each pause in typing is kept: this is one.
    page.wait_for_timeout(1500)
    page.reload()
    expect(page.locator("#f-title")).to_have_value(TITLE)
    expect(page.locator(".photo")).to_have_count(1)
    expect(page.locator("#f-faces")).to_have_value("none")
    page.click("#send")
    expect(page.locator("#where")).to_contain_text("等待送出")
    assert numbers(network, TITLE) == []
    phone.context.set_offline(False)
    eventually(lambda: once(network, TITLE))
    page.click("#back")
    expect(page.locator("#pieces")).to_contain_text("YUNLING-TG-")
    assert phone.sideways() == 0

    editor = people.sign_in("yl.reporter")
    desk = editor.go("/desk/stories/submissions/?box=inbox")
    desk.locator("a.row-title", has_text=TITLE).click()
    expect(desk.locator("figure img")).to_have_count(1)
    desk.get_by_role("button", name="我来看").click()
    desk.select_option("#picked", index=1)
    desk.get_by_role("button", name="退改").click()
    expect(desk.get_by_text("已请作者修改")).to_be_visible()
    where = desk.url

    phone.go("/desk/phone/")
    row = page.locator("#pieces a", has_text=TITLE)
    expect(row).to_contain_text("退改")
    row.click()
    expect(page.locator("#asked")).to_contain_text("这样写更好")
    page.fill("#f-text", TEXT[0] + "\n\n现场记者补充了时间。\n\n" + TEXT[1])
    page.click("#send")
    expect(page.locator("#toast")).to_contain_text("已送出")
    assert once(network, TITLE)

    editor.go(where)
    expect(desk.get_by_text("现场记者补充了时间").first).to_be_visible()
    desk.get_by_role("button", name="采用并建稿").click()
    expect(desk.get_by_text("已采用并建稿")).to_be_visible()
    _to_the_front_page(people, editor, phone, where)


def _to_the_front_page(people: House, editor: Person, phone: Person, where: str) -> None:
    """Three reviews, offered to headquarters, published; the correspondent sees where."""
    story = editor.page.url.split("?")[0].replace(editor.node, "")
    journey = Journey(people, title=TITLE, text=TEXT, story=story)
    editor.page.get_by_role("button", name="提交送审").click()
    expect(editor.page.get_by_text("已送初审")).to_be_visible()
    for username in ("yl.first", "yl.second", "yl.chief"):
        journey.sign(username)
    chief = journey.who("yl.chief")
    chief.go(story)
    chief.page.get_by_role("button", name="推送总部").click()
    journey.publish()

    def told() -> bool:
        phone.go(where)
        return phone.page.locator(".step--done", has_text="发布").count() > 0

    eventually(told)
    course = phone.page.locator(".strip")
    for stop in ("收到", "采用", "初审一校", "复审二校", "终审三校", "签发", "发布"):
        expect(course.locator(".step--done", has_text=stop)).to_be_visible()
    assert phone.sideways() == 0


def test_a_lost_answer_does_not_send_twice(network: DemoNetwork, people: House):
    phone = writing(people)
    page, title = phone.page, "示例：回执在路上丢了"
    lost: list[str] = []

    def lose_first(route: Any) -> None:
        if lost:
            route.continue_()
            return
        # The server takes it; the phone never hears so.
        lost.append(route.fetch().text())
        route.abort("connectionreset")

    page.route("**/send", lose_first)
    write(page, title, TEXT[0])
    page.click("#send")
    # The hand that takes the answer away only moves while the browser is waited for.
    eventually(lambda: page.wait_for_timeout(50) or (bool(lost) and once(network, title)))
    expect(page.locator("#where")).to_contain_text("等待送出")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#where")).to_contain_text("已送出")
    steps = network.rows(
        "yunling",
        "SELECT count(*) FROM stories_submissionentry e JOIN stories_submission s ON s.id = e.submission_id"
        " WHERE s.title = ?",
        title,
    )
    assert once(network, title) and steps == [(1,)]


def test_a_server_that_is_killed_while_it_takes_a_piece_takes_it_once(
    network: DemoNetwork, people: House
):
    phone = writing(people)
    page, title = phone.page, "示例：送出时服务器断了"
    write(page, title, TEXT[0])
    for pid in _web(network):
        os.kill(pid, signal.SIGKILL)
    page.click("#send")

    def taken() -> bool:
        page.evaluate("dispatchEvent(new Event('online'))")
        return once(network, title)

    eventually(taken, every=1)
    expect(page.locator("#where")).to_contain_text("已送出")
    assert once(network, title)
    phone.odd.clear()


def _web(network: DemoNetwork) -> list[int]:
    return [pid for name, pid in network.pids("yunling").items() if name.startswith("web")]


def sign_in_again(person: Person, people: House, username: str) -> None:
    """In a tab of its own, as the bar says."""
    account = people.accounts[username]
    tab = person.context.new_page()
    tab.goto(person.node + "/accounts/login/")
    tab.fill("[name=login]", account["username"])
    tab.fill("[name=password]", account["password"])
    tab.click("main [type=submit]")
    tab.wait_for_url("**/desk/**")
    tab.close()


def test_a_session_that_ended_costs_no_draft(network: DemoNetwork, people: House):
    phone = writing(people)
    page, title = phone.page, "示例：登录过期以后"
    phone.context.clear_cookies()
    write(page, title, TEXT[0])
    expect(page.locator("#signed-out")).to_be_visible()
    sign_in_again(phone, people, "smk.reporter")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#signed-out")).to_be_hidden()
    expect(page.locator("#where")).to_contain_text("已存服务器")
    page.click("#send")
    eventually(lambda: once(network, title))


def test_two_phones_keep_both_texts(people: House):
    title = "示例：两台手机"
    one = writing(people)
    pk = write(one.page, title, "第一台写的。")
    expect(one.page.locator("#where")).to_contain_text("已存服务器")
    two = writing(people)
    two.page.locator("#pieces a", has_text=title).click()
    expect(two.page.locator("#f-text")).to_have_value("第一台写的。")
    one.context.set_offline(True)
    one.page.fill("#f-text", "第一台后来写的。")
    expect(one.page.locator("#where")).to_contain_text("还没存到服务器")
    two.page.fill("#f-text", "第二台改的。")
    expect(two.page.locator("#where")).to_contain_text("还没存到服务器")
    expect(two.page.locator("#where")).to_contain_text("已存服务器")
    one.context.set_offline(False)
    expect(one.page.locator("#toast")).to_contain_text("两份都在")
    one.page.click("#back")
    expect(one.page.locator("#pieces a", has_text=title)).to_have_count(2)
    one.page.goto(f"{one.node}/desk/phone/#{pk}")
    expect(one.page.locator("#f-text")).to_have_value("第二台改的。")


def test_the_editor_keeps_a_text_whose_session_ended(people: House):
    person = people.sign_in("yl.reporter")
    page = person.go("/desk/stories/new/")
    page.fill("[name=title]", "示例：编辑器里登录过期")
    page.get_by_role("button", name="开始写").click()
    page.wait_for_url("**/cms/**")
    person.context.clear_cookies()
    page.fill("#id_summary", "过期以后写的摘要")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#rm-keep")).to_contain_text("登录已过期")
    expect(page.locator("#id_summary")).to_have_value("过期以后写的摘要")
    sign_in_again(person, people, "yl.reporter")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".messages")).to_contain_text("已保存")
    expect(page.locator("#id_summary")).to_have_value("过期以后写的摘要")
    expect(page.locator("#rm-keep")).to_be_hidden()
