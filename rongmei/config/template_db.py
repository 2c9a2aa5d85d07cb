"""A migrated, empty SQLite database to copy: migrating takes long, copying takes milliseconds.

Used by tests and by `rongmei init`/`demo`, so that a new node stands in a moment. The copy is named
by a hash of all migrations; a changed migration makes a new one.

Running a hundred migrations takes 20 s, most of it Django drawing its picture of the models again
and again. What they end in is therefore kept as SQL in `template.sql`, with the hash of the very
migrations it came from: when the hash is today's, the SQL is loaded; otherwise the migrations run.
`python -m rongmei.config.template_db` writes the file anew, and a test compares it with what the
migrations give.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import django

SQL = Path(__file__).resolve().parent / "template.sql"
_MARK = "-- migrations: "
_PACKAGES = ("rongmei", "wagtail", "allauth", "taggit", "django.contrib.auth")


def fingerprint() -> str:
    """Hash of the migration files of every package that has tables."""
    digest = hashlib.sha256(django.get_version().encode())
    for package in _PACKAGES:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for path in sorted(Path(spec.origin).parent.rglob("migrations/*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def path() -> Path:
    """Where the template for the present migrations is kept."""
    folder = Path(
        os.environ.get("RONGMEI_CACHE", Path(tempfile.gettempdir()) / f"rongmei-{os.getuid()}")
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"template-{fingerprint()}.sqlite3"


def ensure() -> Path:
    """Return the template, making it first if need be (several processes may ask at once)."""
    target = path()
    if target.exists():
        return target
    with open(target.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _build(target)
    return target


def _build(target: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        draft = Path(home) / "draft.sqlite3"
        if kept_fingerprint() == fingerprint():
            load(draft)
        else:
            migrate(draft)
        shutil.copyfile(draft, target.with_suffix(".draft"))
        target.with_suffix(".draft").replace(target)


def kept_fingerprint() -> str:
    """Hash of the migrations that `template.sql` came from; empty when there is none."""
    if not SQL.exists():
        return ""
    with SQL.open(encoding="utf-8") as lines:
        return lines.readline().removeprefix(_MARK).strip()


def load(draft: Path) -> None:
    """Make the database `draft` from `template.sql`."""
    with closing(sqlite3.connect(draft)) as connection:
        connection.executescript(SQL.read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode=WAL")


def migrate(draft: Path) -> None:
    """Make the database `draft` by running every migration."""
    environ = {
        **os.environ,
        "RONGMEI_HOME": str(draft.parent),
        "RONGMEI_SECRET_KEY": "template",
        "DATABASE_URL": f"sqlite:///{draft}",
        "DJANGO_SETTINGS_MODULE": "rongmei.config.settings",
    }
    subprocess.run(
        [sys.executable, "-m", "rongmei", "migrate", "--verbosity", "0"], env=environ, check=True
    )
    with closing(sqlite3.connect(draft)) as connection:
        # When they ran says nothing here, and would make every dump differ.
        with connection:
            connection.execute("UPDATE django_migrations SET applied = '2026-01-01 00:00:00'")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def dump(draft: Path) -> Iterator[str]:
    """The database `draft` as lines of SQL."""
    with closing(sqlite3.connect(draft)) as connection:
        yield from connection.iterdump()


def write_sql() -> None:
    """Write `template.sql` from the migrations as they are."""
    with tempfile.TemporaryDirectory() as home:
        draft = Path(home) / "draft.sqlite3"
        migrate(draft)
        lines = [f"{_MARK}{fingerprint()}", *dump(draft)]
    SQL.write_text("\n".join(lines) + "\n", encoding="utf-8")


def copy_to(destination: Path) -> None:
    """Put a fresh, migrated database at `destination`; refuse to overwrite one."""
    if destination.exists():
        raise FileExistsError(destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    draft = destination.with_suffix(".new")
    shutil.copyfile(ensure(), draft)
    draft.replace(destination)


if __name__ == "__main__":
    write_sql()
