"""What the day at the archive needs, for its tests and its pictures alike."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from tests.demo_network import eventually
from tests.e2e.people import House

SAVED = "台风动态（示例）"


def failing_source(people: House, wire: str) -> str:
    """A source whose address is gone, and has been found to be; returns the path of its page."""
    admin = people.sign_in("sysadmin")
    name = quote("改了版的栏目（示例）")
    page = admin.go(
        f"/desk/sources/add/?url={wire}/m/yunling-daily/old.xml&kind=feed&name={name}&internal=1"
    )
    page.get_by_role("button", name="添加", exact=True).click()
    page.wait_for_url("**/desk/sources/0*/")
    address = urlsplit(page.url).path

    def failed() -> bool:
        admin.go(address)
        return page.locator(".trouble").count() > 0

    eventually(failed)
    return address
