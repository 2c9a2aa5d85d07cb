"""Some hundred spoilt documents a parser; `python -m rongmei.sources.tests.fuzz` runs as many as wanted."""

from __future__ import annotations

import os

import pytest

from rongmei.sources.tests import fuzz

COUNT = int(os.environ.get("RONGMEI_FUZZ", "200"))
# An article page costs some thirty times a feed.
DEAR = {"page": 10}


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_spoilt_documents_give_items_or_an_error_of_the_room(name: str) -> None:
    read = sum(
        fuzz.check(name, fuzz.spoilt_input(name, 1, number))
        for number in range(COUNT // DEAR.get(name, 1))
    )
    # Inputs so spoilt that nothing is read from any would test the refusal only.
    assert read or name in {"robots", "hot list"}


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_the_sound_documents_are_within_the_bounds(name: str) -> None:
    for seed in fuzz.TARGETS[name].seeds:
        fuzz.check(name, seed)


def test_an_input_can_be_made_again_by_its_number() -> None:
    assert fuzz.spoilt_input("feed", 1, 7) == fuzz.spoilt_input("feed", 1, 7)
    assert fuzz.spoilt_input("feed", 1, 7) != fuzz.spoilt_input("feed", 2, 7)


def test_work_without_end_is_stopped() -> None:
    with pytest.raises(fuzz.Overrun), fuzz._Calls(1000):
        while True:
            len(())
