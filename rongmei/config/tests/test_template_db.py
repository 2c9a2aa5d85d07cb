"""The schema kept as SQL is the one that the migrations give, row for row."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rongmei.config import template_db

# Identifiers and times that a migration makes up anew each time it runs.
FRESH = re.compile(r"'[0-9a-f]{32}'|'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?'")
NEW = "run `python -m rongmei.config.template_db` and commit template.sql"


def lines(path: Path) -> list[str]:
    # Rows of many-to-many tables are written in the order of a set.
    return sorted(FRESH.sub("'…'", line) for line in template_db.dump(path))


def test_it_came_from_the_migrations_of_today() -> None:
    assert template_db.kept_fingerprint() == template_db.fingerprint(), NEW


def test_loading_keeps_the_audit_chain_append_only(tmp_path: Path) -> None:
    template_db.load(tmp_path / "loaded.sqlite3")
    with closing(sqlite3.connect(tmp_path / "loaded.sqlite3")) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert {"audit_no_update", "audit_no_delete"} <= {name for (name,) in found}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]


@pytest.mark.slow
def test_it_is_what_the_migrations_give(tmp_path: Path) -> None:
    kept, made = tmp_path / "kept.sqlite3", tmp_path / "made.sqlite3"
    template_db.load(kept)
    template_db.migrate(made)
    assert lines(kept) == lines(made), NEW
