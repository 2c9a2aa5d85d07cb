"""Release over time, by an injected clock, and across restarts."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from rongmei_wire import Wire
from rongmei_wire.library import default_library
from rongmei_wire.schedule import StateError, timetable

EPOCH = datetime(2025, 7, 18, 4, 0, tzinfo=UTC)
PIECES = default_library().pieces
EARLY = [piece.id for piece in PIECES if piece.offset <= 0]


class Clock:
    def __init__(self) -> None:
        self.now = EPOCH

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


def test_demo_starts_with_half_and_adds_one_each_twenty_to_forty_seconds(clock):
    due = timetable(PIECES, EPOCH, "demo")
    late = [due[piece.id] for piece in PIECES if piece.offset > 0]
    gaps = [(b - a).total_seconds() for a, b in zip([EPOCH, *late], late, strict=False)]
    assert all(20 <= gap <= 40 for gap in gaps)
    assert len(set(gaps)) > 10
    assert all(timedelta(0) < EPOCH - due[key] < timedelta(hours=31) for key in EARLY)
    with Wire(pace="demo", clock=clock) as wire:
        assert sorted(wire.released()) == sorted(EARLY)
        clock.forward(41)
        assert len(wire.released()) in (len(EARLY) + 1, len(EARLY) + 2)
        clock.forward(3600)
        assert len(wire.released()) == len(PIECES)


def test_a_number_is_the_gap_in_seconds(clock):
    with Wire(pace=5, clock=clock) as wire:
        for step in range(1, 4):
            clock.forward(5)
            assert len(wire.released()) == len(EARLY) + step


def test_releasing_by_hand_takes_the_next_ones_and_stays_in_order(clock):
    with Wire(pace=1000, clock=clock) as wire:
        waiting = [piece.id for piece in PIECES if piece.offset > 0]
        assert wire.release(2) == waiting[:2]
        assert wire.released()[:2] == [waiting[1], waiting[0]]
        assert len(wire.release(1000)) == len(waiting) - 2
        assert wire.release() == []


def test_a_restart_keeps_the_epoch_and_the_dates_and_repeats_no_release(clock, tmp_path):
    state, log = tmp_path / "state.json", tmp_path / "log.jsonl"
    with Wire(pace=10, clock=clock, state=state, log=log) as wire:
        clock.forward(25)
        by_hand = wire.release(1)
        before = wire.released()
    clock.forward(30)
    with Wire(pace=10, clock=clock, state=state, log=log) as wire:
        after = wire.released()
        assert set(before) < set(after)
        # 55 seconds make five, and the third one had already gone out by hand.
        assert len(after) == len(EARLY) + 5
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    starts = [line["epoch"] for line in lines if line["event"] == "start"]
    assert starts == [EPOCH.isoformat()] * 2
    released = [line["id"] for line in lines if line["event"] == "release"]
    assert len(released) == len(set(released)) == len(after)
    saved = json.loads(state.read_text("utf-8"))
    assert datetime.fromisoformat(saved["released"][by_hand[0]]) == EPOCH + timedelta(seconds=25)


def test_unusable_state_and_pace_are_refused(tmp_path):
    state = tmp_path / "state.json"
    state.write_text("[]", "utf-8")
    with pytest.raises(StateError, match="delete it"):
        Wire(state=state)
    for pace in ("slow", "0", "-1", "nan"):
        with pytest.raises(ValueError, match="pace"):
            Wire(pace=pace)


def test_the_command_prints_its_address_and_stops_on_a_signal(tmp_path):
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "rongmei_wire", "--pace", "all", "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
        process.stdout.close()
    assert json.loads(log.read_text("utf-8").splitlines()[0])["event"] == "start"


def test_the_command_names_a_wrong_option():
    command = [sys.executable, "-m", "rongmei_wire", "--pace", "never"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 2
    assert "pace is demo, all or a number" in result.stderr
