"""Fixtures every test may use: the named cast, and browsers signed in as its people."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from rongmei.config import template_db
from rongmei.network.testing import Cast, make_cast


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The test database is a copy of a migrated template; Django must not make it anew."""
    return bool(settings.IS_SQLITE or os.environ.get("RONGMEI_TEST_TEMPLATED"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy the template to where this test process expects its database."""
    if settings.IS_SQLITE:
        target = Path(settings.DATABASES["default"]["TEST"]["NAME"])
        target.unlink(missing_ok=True)
        shutil.copyfile(template_db.ensure(), target)


@pytest.fixture
def cast(db: None) -> Cast:
    """Units and people of the example organisation, all on one node."""
    return make_cast()


@pytest.fixture
def signed_in(cast: Cast) -> Callable[[str], Client]:
    """A test browser signed in as the person with this username."""

    def sign_in(username: str) -> Client:
        client = Client()
        client.force_login(cast.people[username], "rongmei.network.backends.MatrixBackend")
        return client

    return sign_in
