"""Every place that asks whether somebody may, by itself, refuses somebody or hides something.

Rows of the route table, verbs called directly and what a member sees who holds every role at another
unit are tried again with places opened (`tests.guards`): one alone, or all but one. A refusal that
only one place upholds shows that this place is needed; where two stand one behind the other (a
page's door, and the action on the locked row), each is shown with the others open.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rongmei.kernel.errors import NotAllowed, RongmeiError
from rongmei.network.testing import Cast, Route
from tests import guards, routes
from tests.guard_cases import ANSWERS, DIRECT, outsider
from tests.guards import Site, switched
from tests.test_methods import as_stored, laid_out
from tests.test_query_budget import lay_out
from tests.test_routes import BACKEND, GUARDED, call, holds, undone

pytestmark = pytest.mark.slow
# A place is tried with so many refused cases of a room that come to it, then given up for that room.
TRIES = 4


def direct_is_refused(cast: Cast, what: str) -> bool:
    """Whether the verb refuses for want of leave; anything else it may say came after."""
    with undone():
        try:
            DIRECT[what](cast)
        except NotAllowed:
            return True
        except RongmeiError:
            return False
        return False


def answers_no(cast: Cast, what: str) -> bool:
    """Whether the question is answered with no, or nothing."""
    with undone():
        return not ANSWERS[what](cast)


@pytest.mark.parametrize("what", DIRECT)
def test_verbs_refuse_by_themselves(what: str, cast: Cast):
    assert direct_is_refused(cast, what)


@pytest.mark.parametrize("what", ANSWERS)
def test_questions_are_answered_with_no(what: str, cast: Cast):
    assert answers_no(cast, what)


@dataclass
class Tried:
    """What is known of the places so far."""

    left: set[Site] = field(default_factory=lambda: set(guards.sites()))
    outright: set[Site] = field(default_factory=set)
    tries: Counter[tuple[Site, str, str]] = field(default_factory=Counter)

    def wants(self, site: Site, how: str, room: str) -> bool:
        """Whether one more case may show something of it."""
        if site in self.outright or (how == "alone" and site not in self.left):
            return False
        self.tries[site, how, room] += 1
        return self.tries[site, how, room] <= TRIES

    def needed(self, site: Site, *, outright: bool) -> None:
        """Note that a refusal hangs on this place: alone, or with the others open."""
        self.left.discard(site)
        if outright:
            self.outright.add(site)


def answered(name: str, row: Route, cast: Cast, username: str, status: int) -> int:
    """The status the case gets; 0 when it is refused as its row says, 500 when it breaks."""
    try:
        with undone():
            answer = call(name, row, cast, username)
    except (RongmeiError, AssertionError, LookupError, TypeError, ValueError, AttributeError):
        # Past the places that are open, with something that it was never meant to get.
        return 500
    return 0 if holds(answer, status) else int(answer.status_code)


def try_case(tried: Tried, room: str, *case: Any) -> None:
    """Open what the refused case comes to: one place, then all but one."""
    status = case[-1]
    with switched(lambda site: False) as reached:
        assert answered(*case) == 0, case
    for site in reached:
        if tried.wants(site, "outright", room):
            with switched(site.__eq__):
                if answered(*case):
                    tried.needed(site, outright=True)
    with switched(lambda site: True) as reached:
        open_ = answered(*case) or status
    for site in reached & tried.left:
        if tried.wants(site, "alone", room):
            with switched(lambda one, site=site: one != site):
                alone = answered(*case) or status
            if alone in {403, 404} and alone != open_:
                tried.needed(site, outright=False)


def try_rows(tried: Tried, cast: Cast) -> None:
    """Every refused case of every row."""
    for room, table in routes.tables().items():
        for name in table.ROUTES:
            for row in GUARDED.get(name, ()):
                with laid_out(row, cast):
                    for username, status in row.refused:
                        try_case(tried, room, name, row, cast, username, status)


def try_directly(tried: Tried, cast: Cast) -> None:
    """Every verb and every question that is put directly."""
    asked = [(direct_is_refused, what) for what in DIRECT] + [
        (answers_no, what) for what in ANSWERS
    ]
    for refuses, what in asked:
        with switched(lambda site: False) as reached:
            assert refuses(cast, what), what
        for site in reached:
            with switched(site.__eq__):
                if not refuses(cast, what):
                    tried.needed(site, outright=True)


HAN = re.compile(r"[\u4e00-\u9fff]+|\b\d+\b")


def seen(client: Client, name: str) -> Counter[str]:
    """Words and figures of a page."""
    with undone():
        answer = client.get(reverse(name))
        return Counter(HAN.findall(b"".join(answer).decode(errors="replace")))


def try_lists(tried: Tried, cast: Cast) -> None:
    """What the outsider sees of lists: with a scope open it is more, or other."""
    client = Client()
    client.force_login(outsider(cast), BACKEND)
    lists = [
        name
        for name, given in GUARDED.items()
        if ":" in name and any(row.method == "GET" and row.args is None for row in given)
    ]
    for name in lists:
        with switched(lambda site: False) as reached:
            shut = seen(client, name)
        for site in reached & tried.left:
            if shows_more(client, name, site, shut):
                tried.needed(site, outright=True)


def shows_more(client: Client, name: str, site: Site, shut: Counter[str]) -> bool:
    """Whether a list says more with this place open, time after time.

    A clock that moves on and a number that is different at each look are no more to see: what
    counts must stand there each time it is open, and never while it is shut.
    """
    more: Counter[str] | None = None
    for _turn in range(3):
        with switched(site.__eq__):
            try:
                now = seen(client, name)
            except (RongmeiError, LookupError, TypeError, ValueError, AttributeError):
                return False
        extra = now - (shut | seen(client, name))
        more = extra if more is None else more & extra
        if not more:
            return False
    return True


# Needed by nothing today, with the reason why they stand there all the same.
STAND_BY = {
    "rongmei/sources/views_files.py:add: require('sources.mark_internal', unit_id)":
        "asks before the source is added; the verb that marks it asks again, when it is",
    "rongmei/network/actions/routes.py:_save: require('sources.mark_internal', route.unit_id)":
        "no role has notices without leave for the inside; a matrix that changes may have",
    "rongmei/monitoring/selectors.py:families_visible_to: anywhere('monitoring.view')":
        "every role that searches the archive sees what is hot; a matrix that changes may part them",
    "rongmei/channels/selectors.py:stories_to_publish: units_for('channels.publish')":
        "takes out what the own units have published; who sees a story is asked before",
}  # fmt: skip


def test_every_guard_is_needed(cast: Cast, capsys: pytest.CaptureFixture[str]):
    tried = Tried()
    try_directly(tried, cast)
    with undone():
        lay_out(cast)
        try_lists(tried, cast)
    as_stored(cast)
    try_rows(tried, cast)
    found = guards.sites()
    stand_by = {str(one) for one in tried.left}
    with capsys.disabled():
        print(
            f"\n{len(found)} places ask whether somebody may: {len(tried.outright)} hold a refusal"
            f" by themselves, {len(found) - len(tried.outright) - len(tried.left)} behind another,"
            f" {len(tried.left)} stand by"
        )
        for one in sorted(stand_by ^ set(STAND_BY)):
            print(f"  {'not shown to be needed' if one in stand_by else 'needed now'}: {one}")
    assert stand_by == set(STAND_BY)
