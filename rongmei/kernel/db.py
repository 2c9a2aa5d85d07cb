"""The gate through which every write goes.

SQLite takes one writer at a time. Processes that queue on a file lock before BEGIN IMMEDIATE wait
far less, and never fail, where processes that fight for SQLite's own lock do
(docs/decisions/0003-sqlite.md). So `write()` is short: no network, no file, no rendering inside.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from django.db import connection, transaction

_ORDER_LOCK = 7_001
_local = threading.local()
_thread_gate = threading.RLock()


def is_postgresql() -> bool:
    """Whether this node keeps its rows in PostgreSQL."""
    return connection.vendor == "postgresql"


def _gate_path() -> Path | None:
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or ":memory:" in name or "mode=memory" in name:
        return None
    return Path(name + ".gate")


@contextmanager
def _file_gate(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def write() -> Iterator[None]:
    """Open one short write transaction; inside another one, join it."""
    if connection.in_atomic_block or getattr(_local, "inside", False):
        with transaction.atomic():
            yield
        return
    path = _gate_path()
    if path is None:
        with transaction.atomic():
            yield
        return
    _local.inside = True
    try:
        with _thread_gate, _file_gate(path), transaction.atomic():
            yield
    finally:
        _local.inside = False


def in_write() -> bool:
    """Whether the caller is inside a transaction (rows locked, events atomic)."""
    return bool(connection.in_atomic_block)


def serialise() -> None:
    """Be the only one from here until commit, so that the order of numbers is the order of commits.

    On SQLite the gate already does that. On PostgreSQL a follower that trusts plain sequence
    numbers would skip a row that committed late. There is one lock for everything that is numbered:
    with one each, two writes that take them in different orders would wait for one another.
    """
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ORDER_LOCK])


def after_commit(call: Callable[..., object], *args: object) -> None:
    """Run `call(*args)` once the surrounding transaction has committed."""
    transaction.on_commit(partial(call, *args))


def data_version() -> int | str:
    """A mark that changes when another connection commits: look at it before reading, then wait.

    Followers ask several times a second: it costs microseconds and no lock. PostgreSQL has no such
    number; its snapshot names the transactions that are running and the next one, and no
    transaction that wrote can end without changing it. Those of our own change it too there.
    """
    statement = "SELECT pg_current_snapshot()" if is_postgresql() else "PRAGMA data_version"
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    found: int | str = row[0]
    return found
