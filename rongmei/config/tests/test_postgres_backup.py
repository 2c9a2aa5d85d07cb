"""Backup and restore of a node on PostgreSQL: a server of its own, written to all the while."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from rongmei.config.backups import without_password
from tools import with_postgres

PASSWORD = "p@ss/word"


def rongmei(home: Path, *words: str, code: int = 0, **more: str) -> str:
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RONGMEI_", "DJANGO_", "DATABASE_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "rongmei", *words],
        env={**environ, "RONGMEI_HOME": str(home), **more},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Path]:
    # Short: a Unix socket's path has at most 107 characters.
    folder = Path(tmp_path_factory.mktemp("pg", numbered=True))
    for parent in folder.parents[:2]:
        parent.chmod(0o755)
    process = with_postgres.start(folder)
    try:
        for _ in range(300):
            if with_postgres.sql(folder, "SELECT 1", check=False) == 0:
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield folder
    finally:
        process.terminate()
        process.wait(20)


def database(server: Path, name: str) -> str:
    """A new database; its address has a password that must be quoted, as real ones have."""
    with_postgres.sql(server, f"CREATE DATABASE {name}")
    return f"postgres://postgres:p%40ss%2Fword@{str(server).replace('/', '%2F')}/{name}"


@pytest.fixture(scope="module")
def node(server, tmp_path_factory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("node") / "home"
    url = database(server, "first")
    rongmei(home, "init", "--name", "示例节点", "--unit", "yunling", DATABASE_URL=url)
    return home, url


def write_until(stop: threading.Event, url: str, written: list[int]) -> None:
    """Events as fast as they go, each committed by itself, numbered in the payload."""
    with psycopg.connect(url, autocommit=True) as connection:
        while not stop.is_set():
            number = len(written) + 1
            connection.execute(
                "INSERT INTO kernel_event (id, name, at, subject_type, payload)"
                " VALUES (gen_random_uuid(), 'test.wrote', now(), '', %s)",
                [json.dumps({"number": number})],
            )
            written.append(number)


@pytest.mark.slow
def test_backup_while_the_server_is_written_to_and_restore_into_another_database(
    server, node, tmp_path
):
    home, url = node
    media = home / "data" / "media" / "示例.txt"
    media.parent.mkdir(parents=True, exist_ok=True)
    media.write_text("示例")
    stop, written = threading.Event(), []
    writer = threading.Thread(target=write_until, args=(stop, url, written))
    writer.start()
    try:
        while not written:
            time.sleep(0.01)
        before = len(written)
        rongmei(home, "backup", str(tmp_path / "b.tar"), DATABASE_URL=url)
        after = len(written)
    finally:
        stop.set()
        writer.join()
    assert after > before, "nothing was written while the backup ran"
    new, into = tmp_path / "new", database(server, "second")
    rongmei(new, "restore", str(tmp_path / "b.tar"), "--home", str(new), "--database", into)
    assert (new / "data" / "media" / "示例.txt").read_text() == "示例"
    with psycopg.connect(into) as restored:
        rows = restored.execute(
            "SELECT (payload->>'number')::int FROM kernel_event WHERE name = 'test.wrote' ORDER BY 1"
        ).fetchall()
    kept = [row[0] for row in rows]
    # One moment of the other database: everything up to it, nothing after.
    assert kept == list(range(1, len(kept) + 1))
    assert before <= len(kept) <= after
    # It works: its own settings lead to the new database, its chain holds, and it can be written.
    assert json.loads(rongmei(new, "audit", "verify", "--json"))["ok"]
    found = {one["name"]: one for one in json.loads(rongmei(new, "doctor", "--json"))}
    assert found["database"]["seen"] == "postgresql"
    assert found["postgresql"]["level"] == "ok"


@pytest.mark.slow
def test_a_database_that_holds_something_is_left_alone(server, node, tmp_path):
    home, url = node
    rongmei(home, "backup", str(tmp_path / "b.tar"), DATABASE_URL=url)
    into = database(server, "third")
    with psycopg.connect(into) as theirs:
        theirs.execute("CREATE TABLE theirs (id int)")
    new = tmp_path / "new"
    words = ("restore", str(tmp_path / "b.tar"), "--home", str(new))
    assert "已有 1 张表" in rongmei(new, *words, "--database", into, code=1)
    assert "给出一个空数据库" in rongmei(new, *words, code=1)
    assert not new.exists()
    with psycopg.connect(into) as theirs:
        tables = theirs.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchall() == [("theirs",)]


@pytest.mark.slow
def test_doctor_and_backup_say_that_the_client_programs_are_missing(node, tmp_path):
    home, url = node
    bare = {"DATABASE_URL": url, "PATH": str(tmp_path)}
    found = {
        one["name"]: one for one in json.loads(rongmei(home, "doctor", "--json", code=1, **bare))
    }
    assert "pg_dump" in found["postgresql"]["seen"]
    assert "客户端" in rongmei(home, "backup", str(tmp_path / "b.tar"), code=1, **bare)
    assert not (tmp_path / "b.tar").exists()


@pytest.mark.parametrize(
    ("url", "bare", "password"),
    [
        ("postgres://a:p%40ss@db/x?sslmode=require", "postgres://a@db/x?sslmode=require", "p@ss"),
        ("postgres://a@db/x", "postgres://a@db/x", ""),
        ("postgres://db/x", "postgres://db/x", ""),
        ("postgres://a:b@%2Ftmp%2Fpg/x", "postgres://a@%2Ftmp%2Fpg/x", "b"),
    ],
)
def test_the_password_is_taken_out_of_the_address(url, bare, password):
    assert without_password(url) == (bare, password)
