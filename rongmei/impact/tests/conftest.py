"""What tests of publishing start from."""

from __future__ import annotations

import pytest

from rongmei.channels.testing import Newsroom


@pytest.fixture
def newsroom(db, monkeypatch) -> Newsroom:
    return Newsroom().open(monkeypatch)
