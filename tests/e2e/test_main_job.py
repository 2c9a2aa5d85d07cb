"""The whole main job: seven people, two nodes, one real browser, one thread through every room."""

from __future__ import annotations

import pytest

from tests.e2e.journey import Journey
from tests.e2e.people import PHONE, House

pytestmark = pytest.mark.e2e

PHONE_PAGES = (
    "/desk/", "/desk/archive/", "/desk/monitoring/", "/desk/planning/", "/desk/planning/tasks/",
    "/desk/stories/", "/desk/stories/review/", "/desk/assets/",
    "/desk/network/notices/",
)  # fmt: skip


def test_the_main_job(people: House) -> None:
    """From what the media said to the number on the big screen."""
    job = Journey(people)
    job.watch()
    job.propose()
    job.dispatch()
    job.accept()
    job.write()
    job.submit()
    for reviewer in ("yl.first", "yl.second", "yl.chief"):
        job.sign(reviewer)
    job.publish()
    job.post_by_hand()
    job.read()
    job.keep()
    job.count()
    job.big_screen()
    job.come_back()
    assert people.odd() == []


def test_phones_do_not_scroll_sideways(people: House) -> None:
    """A correspondent's pages fit a phone."""
    reporter = people.sign_in("yl.reporter", size=PHONE)
    wide = {}
    for path in PHONE_PAGES:
        reporter.go(path)
        if reporter.sideways() > 0:
            wide[path] = reporter.sideways()
    assert wide == {}
    assert people.odd() == []
