"""When to ask again, and how to behave towards hosts."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from rongmei.kernel import http
from rongmei.sources.errors import HostResting
from rongmei.sources.polite import DOWN_SECONDS, Politeness
from rongmei.sources.schedule import Bounds, PollState, after_failure, after_success, spread

NOW = datetime(2024, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("items", "known", "last_new", "change"),
    [
        (100, 67, None, 10 * MINUTE),  # new items in this very fetch make it lively
        (100, 100, None, HOUR),
        (100, 100, NOW - timedelta(days=30), 10 * MINUTE),
        (100, 100, NOW - timedelta(days=32), HOUR),
        (100, 66, None, timedelta()),
        (100, 33, None, timedelta()),
        (100, 32, None, -10 * MINUTE),
        (10, 0, None, -10 * MINUTE),
        (0, 0, None, HOUR),
    ],
)
def test_interval_follows_the_share_of_known_items(
    items: int, known: int, last_new: datetime | None, change: timedelta
) -> None:
    before = PollState(interval=6 * HOUR, last_new_at=last_new, failures=3)
    after = after_success(before, now=NOW, items=items, known=known)
    assert after.interval - before.interval == change
    assert after.next_at == NOW + after.interval
    assert after.failures == 0


def test_interval_stays_in_bounds() -> None:
    long = PollState(interval=24 * HOUR)
    assert after_success(long, now=NOW, items=9, known=9).interval == 24 * HOUR
    short = PollState(interval=10 * MINUTE)
    assert after_success(short, now=NOW, items=9, known=0).interval == 10 * MINUTE
    own = Bounds(minimum=MINUTE, maximum=5 * MINUTE)
    assert after_success(PollState(), now=NOW, items=9, known=9, bounds=own).interval == 5 * MINUTE


def test_failures_weigh_by_kind_and_success_clears_them() -> None:
    state = PollState()
    for kind, total in (("hard", 1.0), ("soft", 1.5), ("temporary", 1.75)):
        state = after_failure(state, now=NOW, kind=kind)
        assert state.failures == total
    assert after_success(state, now=NOW, items=0, known=0).failures == 0


def test_waits_grow_and_thirty_points_make_it_undead() -> None:
    state, waits = PollState(), []
    for _ in range(70):
        state = after_failure(state, now=NOW, kind="hard")
        waits.append(state.next_at - NOW)
    assert waits == sorted(waits)
    assert waits[28] == 24 * HOUR
    assert not PollState(failures=29.75).undead
    assert PollState(failures=30).undead
    assert waits[31] == timedelta(days=3)
    assert waits[-1] == timedelta(days=30)


def test_retry_after_is_honoured_when_longer() -> None:
    state = after_failure(PollState(), now=NOW, kind="temporary", retry_after=7200)
    assert state.next_at == NOW + 2 * HOUR
    state = after_failure(PollState(), now=NOW, kind="temporary", retry_after=1)
    assert state.next_at >= NOW + 10 * MINUTE


def test_spreading_moves_only_later_and_little() -> None:
    state = PollState(next_at=NOW)
    moved = spread(state, chance=random.Random(7))
    assert NOW < moved.next_at < NOW + state.interval * 0.1
    assert spread(PollState(), chance=random.Random(7)).next_at is None


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


URL = "http://news.example/a"


def polite(clock: Clock, **options: object) -> Politeness:
    return Politeness(clock=clock, sleep=clock.sleep, **options)


def test_requests_to_one_host_are_spaced_and_others_are_not() -> None:
    async def main() -> None:
        clock = Clock()
        politeness = polite(clock)
        started = []
        for url in (URL, "http://other.example/", "https://NEWS.example:8080/b", URL):
            async with politeness.turn(url):
                started.append(clock.now - 1000)
        assert started == [0, 0, 5, 10]

    asyncio.run(main())


def test_internal_hosts_are_not_spaced_and_crawl_delay_is_kept() -> None:
    async def main() -> None:
        clock = Clock()
        politeness = polite(clock)
        for _ in range(3):
            async with politeness.turn(URL, internal=True):
                pass
        assert clock.slept == []
        for _ in range(2):
            async with politeness.turn("http://slow.example/", crawl_delay=20):
                pass
        assert clock.slept == [20]

    asyncio.run(main())


def test_no_more_than_so_many_at_once() -> None:
    async def main() -> None:
        clock, most, inside = Clock(), 0, 0
        politeness = polite(clock, per_host=2)

        async def one() -> None:
            nonlocal most, inside
            async with politeness.turn(URL, internal=True):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.01)
                inside -= 1

        await asyncio.gather(*(one() for _ in range(6)))
        assert most == 2

    asyncio.run(main())


async def fail(politeness: Politeness, error: http.HttpError) -> None:
    with pytest.raises(type(error)):
        async with politeness.turn(URL):
            raise error


def test_a_host_that_is_down_rests_ten_minutes() -> None:
    async def main() -> None:
        clock = Clock()
        politeness = polite(clock)
        await fail(politeness, http.Timeout(url=URL, seconds="1"))
        assert politeness.resting(URL) == DOWN_SECONDS
        with pytest.raises(HostResting) as caught:
            async with politeness.turn(URL):
                pytest.fail("must not be asked")
        assert caught.value.retry_after == DOWN_SECONDS
        assert "news.example" in str(caught.value)
        clock.now += DOWN_SECONDS
        async with politeness.turn(URL):
            pass
        await fail(politeness, http.DnsFailure(url=URL, host="news.example"))
        politeness.wake(URL)
        async with politeness.turn(URL):
            pass

    asyncio.run(main())


@pytest.mark.parametrize(("asked", "waited"), [(None, 30.0), (12.0, 12.0), (2.0, 5.0)])
def test_429_pauses_as_asked(asked: float | None, waited: float) -> None:
    async def main() -> None:
        clock = Clock()
        politeness = polite(clock)
        await fail(politeness, http.BadStatus(url=URL, status_code=429, retry_after=asked))
        async with politeness.turn(URL):
            assert clock.now - 1000 == waited

    asyncio.run(main())


def test_a_long_pause_is_refused_rather_than_waited_out() -> None:
    async def main() -> None:
        politeness = polite(Clock())
        await fail(politeness, http.BadStatus(url=URL, status_code=503, retry_after=900))
        assert politeness.resting(URL) == 900

    asyncio.run(main())


def test_other_errors_do_not_rest_the_host() -> None:
    async def main() -> None:
        politeness = polite(Clock())
        await fail(politeness, http.BadStatus(url=URL, status_code=404))
        assert politeness.resting(URL) == 0

    asyncio.run(main())


def test_memory_of_hosts_is_bounded() -> None:
    async def main() -> None:
        clock = Clock()
        politeness = polite(clock)
        for number in range(3000):
            async with politeness.turn(f"http://h{number}.example/"):
                clock.now += 1
        assert len(politeness._hosts) <= 1000

    asyncio.run(main())
