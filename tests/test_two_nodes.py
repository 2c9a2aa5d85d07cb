"""Two real nodes: processes, databases and keys of their own, a line that is cut and killed."""

from __future__ import annotations

import time

import orjson
import pytest

from tests.running_node import RunningNode, free_ports, wait

pytestmark = pytest.mark.slow


@pytest.fixture
def nodes(tmp_path):
    upper, lower = (
        RunningNode(tmp_path, slug, port)
        for slug, port in zip(("hq", "yunling"), free_ports(), strict=True)
    )
    upper.serve()
    upper.wait_ready()
    lower.command("peer", "join", upper.command("peer", "invite"))
    yield upper, lower
    for node in (upper, lower):
        node.stop()


def heads(node: RunningNode) -> list[int]:
    return [number for number in node.received("audit.head") if number >= 1000]


def test_nothing_is_lost_or_doubled_over_cuts_and_kills(nodes):
    upper, lower = nodes
    lower.start("dialer")
    # The lower node's units come under HQ; both know each other's units.
    wait(
        lambda: upper.rows(
            "SELECT 1 FROM network_unit WHERE code = 'yunling' AND parent_id IS NOT NULL"
        ),
        "units",
    )
    assert lower.rows("SELECT 1 FROM network_unit WHERE code = 'hq'")

    lower.ask("say", 1000, 1100)
    wait(lambda: len(heads(upper)) == 100, "the first hundred")

    # A cut line: both sides go on writing; nothing crosses.
    upper.command("peer", "cut", "yunling")
    lower.ask("say", 1100, 1300)
    upper.ask("say", 2000, 2200)
    time.sleep(1)
    assert len(heads(upper)) == 100
    assert not heads(lower)
    state = orjson.loads(upper.command("peer", "list", "--json"))[0]
    assert (state["cut"], state["unsent"] >= 200) == (True, True)

    # Mended while the dialling process is killed again and again in the middle of it.
    upper.command("peer", "mend", "yunling")
    for _ in range(3):
        before = len(heads(upper)) + len(heads(lower))
        wait(lambda before=before: len(heads(upper)) + len(heads(lower)) > before, "some progress")
        lower.kill("dialer")
        lower.start("dialer")
    wait(lambda: len(heads(upper)) >= 300 and len(heads(lower)) >= 200, "everything after the cut")
    assert heads(upper) == list(range(1000, 1300))
    assert heads(lower) == list(range(2000, 2200))
    for node in nodes:
        assert not node.rows("SELECT 1 FROM network_received WHERE state <> 'applied'")

    # The server is killed too, and comes back.
    upper.kill("web")
    lower.ask("say", 1300, 1310)
    upper.start("web")
    wait(lambda: len(heads(upper)) == 310, "messages after the server came back")
    assert heads(upper) == list(range(1000, 1310))


def signed_at(node: RunningNode, story: str) -> bool:
    found = node.ask("story", story)
    return bool(found) and found[0] == "signed" and len(found[1]) == 3


def test_a_centre_writes_and_headquarters_signs_over_a_line_that_is_cut(nodes):
    upper, lower = nodes
    lower.start("dialer")
    wait(lambda: lower.rows("SELECT 1 FROM network_unit WHERE code = 'hq'"), "units")
    wait(
        lambda: upper.rows(
            "SELECT 1 FROM network_unit WHERE code = 'yunling' AND parent_id IS NOT NULL"
        ),
        "units",
    )
    upper.ask("role", "analyst", "final_reviewer", "hq")
    lower.ask("signed_above", "yunling", "hq")
    for node in nodes:
        node.up("worker")

    # Asked while the line is cut: it waits at home, and nobody at home can sign instead.
    upper.command("peer", "cut", "yunling")
    story = lower.ask("submit", "yl.reporter", "云岭抢修队连夜恢复供电")
    lower.ask("pass", "yl.first", story, "first")
    assert lower.ask("pass", "yl.second", story, "second") == "final"
    asked = "SELECT 1 FROM network_envelope WHERE type = 'review.asked'"
    wait(lambda: lower.rows(asked), "the request in the outbox")
    time.sleep(1)
    assert upper.ask("story", story) is None
    upper.command("peer", "mend", "yunling")
    wait(lambda: upper.ask("story", story), "the story at headquarters")

    # Signed while the line is cut: the signer's node keeps it, home hears of it when the line is back.
    upper.command("peer", "cut", "yunling")
    assert upper.ask("pass", "analyst", story, "final") == "final"
    lower.kill("dialer")
    lower.start("dialer")
    time.sleep(1)
    assert lower.ask("story", story)[0] == "final"
    upper.command("peer", "mend", "yunling")
    wait(lambda: signed_at(lower, story), "the third signature at home")
    wait(lambda: signed_at(upper, story), "the signed story at headquarters")
    assert lower.ask("story", story) == upper.ask("story", story)
    for node in nodes:
        assert not node.rows("SELECT 1 FROM network_received WHERE state <> 'applied'")
        node.command("audit", "verify")
