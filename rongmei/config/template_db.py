"""A migrated, empty SQLite database to copy: migrating takes long, copying takes milliseconds.

Used by tests and by `rongmei init`/`demo`, so that a new node stands in a moment. The copy is named
by a hash of all migrations; a changed migration makes a new one.
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
from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("rongmei", "wagtail", "allauth", "taggit", "django.contrib.auth")


def fingerprint() -> str:
    """Hash of the migration files of every package that has tables."""
    digest = hashlib.sha256()
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
        environ = {
            **os.environ,
            "RONGMEI_HOME": home,
            "RONGMEI_SECRET_KEY": "template",
            "DATABASE_URL": f"sqlite:///{draft}",
            "DJANGO_SETTINGS_MODULE": "rongmei.config.settings",
        }
        subprocess.run(
            [sys.executable, "-m", "rongmei", "migrate", "--verbosity", "0"],
            env=environ,
            check=True,
        )
        with sqlite3.connect(draft) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(draft, target.with_suffix(".draft"))
        target.with_suffix(".draft").replace(target)


def copy_to(destination: Path) -> None:
    """Put a fresh, migrated database at `destination`; refuse to overwrite one."""
    if destination.exists():
        raise FileExistsError(destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    draft = destination.with_suffix(".new")
    shutil.copyfile(ensure(), draft)
    draft.replace(destination)
