"""People at their browsers: real Chromium, one context a person, everything odd written down."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WALL = {"width": 1920, "height": 1080}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)


@dataclass
class Person:
    """Somebody with a browser of their own."""

    context: BrowserContext
    page: Page
    node: str
    odd: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Write down console errors, script errors and answers that say the server failed."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.odd.append(f"{page.url}: {error}"))
        page.on("response", self._response)

    def _console(self, message: Any) -> None:
        # A refused page shows up here too; the tests that mean to be refused look at the answer.
        if message.type == "error" and "the server responded with a status of 4" not in (
            message.text
        ):
            self.odd.append(f"{self.page.url}: {message.text}")

    def _response(self, response: Any) -> None:
        if response.status >= 500 or (
            response.status in (400, 404) and response.request.resource_type != "document"
        ):
            self.odd.append(f"{response.request.method} {response.url}: {response.status}")

    def go(self, path: str) -> Page:
        """Open a page of this person's node (or any full address)."""
        address = path if path.startswith("http") else self.node + path
        answer = self.page.goto(address, wait_until="load")
        assert answer is not None and answer.ok, f"{address}: {answer and answer.status}"
        return self.page

    def sideways(self) -> int:
        """How many pixels the page scrolls sideways (0 is right)."""
        root = "document.documentElement"
        return int(self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))


@dataclass
class House:
    """A browser, and the accounts of the people who use it."""

    browser: Browser
    nodes: dict[str, str]
    accounts: dict[str, dict[str, str]]
    people: list[Person] = field(default_factory=list)
    patience: int = 20_000
    """How long, in milliseconds, a page or a click is waited for."""

    def visitor(
        self, node: str = "hq", *, size: dict[str, int] | None = None, language: str = "zh-CN"
    ) -> Person:
        """Somebody who has not signed in."""
        size = size or DESK
        context = self.browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            locale=language,
            timezone_id="Asia/Shanghai",
            # Readers that call themselves headless are taken for robots, and not counted.
            user_agent=AGENT,
            has_touch=size is PHONE,
            is_mobile=size is PHONE,
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.set_default_timeout(self.patience)
        page = context.new_page()
        person = Person(context, page, self.nodes[node])
        context.on("page", person.listen)
        person.listen(page)
        self.people.append(person)
        return person

    def sign_in(
        self, username: str, *, size: dict[str, int] | None = None, language: str = "zh-CN"
    ) -> Person:
        """One of the accounts, signed in through the form."""
        account = self.accounts[username]
        person = self.visitor(account["node"], size=size, language=language)
        page = person.go("/accounts/login/")
        page.fill("[name=login]", account["username"])
        page.fill("[name=password]", account["password"])
        page.click("main [type=submit]")
        page.wait_for_url("**/desk/**")
        return person

    def odd(self) -> list[str]:
        """Everything odd that anybody saw."""
        return [line for person in self.people for line in person.odd]


@contextmanager
def house(nodes: dict[str, str], accounts: dict[str, dict[str, str]]) -> Iterator[House]:
    """A real Chromium: the one installed here, or the one Playwright brought."""
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            yield House(browser, nodes, accounts)
        finally:
            browser.close()
