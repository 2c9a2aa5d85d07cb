"""A small day of sources with invented servers: politeness and savings, from the servers' own logs."""

from __future__ import annotations

import pytest

from bench import sources_day
from rongmei.network.models import Member

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_hosts_are_asked_gently_and_what_is_known_is_asked_for_less(cast, monkeypatch):
    assert Member.objects.filter(username="duty").exists()
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    found = sources_day.run(60, 6.0)
    assert found["least_gap_s"] >= 5.0
    assert found["most_at_once"] <= 2
    assert found["polls"] < found["polls_at_fixed_pace"] / 2
    assert found["not_modified"] > 0
    assert found["items_new"] > 60
    assert found["statuses"].keys() >= {"200", "304"}
