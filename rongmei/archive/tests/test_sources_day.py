"""A small day of sources with invented servers: politeness and savings, from the servers' own logs."""

from __future__ import annotations

import pytest

from bench import sources_day
from rongmei.network.models import Member

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_hosts_are_asked_gently_and_what_is_known_is_asked_for_less(cast, monkeypatch):
    # The rows of a test are in its transaction, which must stay open.
    monkeypatch.setattr("rongmei.archive.collecting.close_old_connections", lambda: None)
    assert Member.objects.filter(username="duty").exists()
    found = sources_day.run(60, 6.0)
    assert found["least_gap_s"] >= 5.0
    assert found["most_at_once"] <= 2
    assert found["polls_over_http"] > 0
    assert found["polls"] < found["polls_at_fixed_pace"] / 2
    assert found["not_modified"] > found["polls"] / 10
    assert found["bytes_saved_by_conditions"] > 0
    assert found["items_new"] > 60
    assert found["statuses"].keys() >= {"200", "304"}
