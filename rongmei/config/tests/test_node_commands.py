"""init, doctor, audit, backup, restore: as a person runs them, on a node of its own."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import openpyxl
import pytest

pytestmark = pytest.mark.slow


def rongmei(home: Path, *words: str, code: int = 0) -> str:
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RONGMEI_", "DJANGO_", "DATABASE_")) or name == "RONGMEI_CACHE"
    }
    done = subprocess.run(
        [sys.executable, "-m", "rongmei", *words],
        env={**environ, "RONGMEI_HOME": str(home)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr if code else done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("node") / "home"
    said = json.loads(rongmei(home, "init", "--name", "示例节点", "--unit", "yunling", "--json"))
    assert set(said["node"]["passwords"]) == {"sysadmin", "secadmin", "auditor"}
    return home


def test_a_new_node_keeps_its_secrets(home):
    for path in (home / "node.env", home / "keys" / "node.pem", home / "node.sqlite3"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "已有一个节点" in rongmei(home, "init", code=1)


def test_doctor_says_what_is_wrong_and_what_to_do(home):
    found = {one["name"]: one for one in json.loads(rongmei(home, "doctor", "--json"))}
    assert found["database"]["level"] == "ok"
    (home / "keys" / "node.pem").chmod(0o644)
    assert "chmod 600" in rongmei(home, "doctor", code=1)
    (home / "keys" / "node.pem").chmod(0o600)


def test_import_from_the_command_line(home, tmp_path):
    sheet = tmp_path / "a.xlsx"
    rongmei(home, "init", "--template", str(sheet))
    book = openpyxl.load_workbook(sheet)
    book["单位"].append(["st", "某站", "", "", "站", "yunling", ""])
    book["人员"].append(["a.b", "甲", "", "st", "", "", "记者"])
    book.save(sheet)
    dry = rongmei(home, "init", "--import", str(sheet), "--dry-run")
    assert "试运行" in dry
    said = json.loads(rongmei(home, "init", "--import", str(sheet), "--json"))["import"]
    assert [line["outcome"] for line in said["lines"]] == ["made", "made"]
    assert said["lines"][1]["password"]
    book["单位"].append(["st2", "某站", "", "", "站", "nowhere", ""])
    book.save(sheet)
    assert "被拒" in rongmei(home, "init", "--import", str(sheet), code=1)


def test_backup_while_another_process_writes_and_restore(home, tmp_path):
    media = home / "data" / "media" / "a"
    media.mkdir(parents=True, exist_ok=True)
    (media / "示例.txt").write_text("示例")
    stop = threading.Event()
    written = []

    def write() -> None:
        with sqlite3.connect(home / "node.sqlite3", timeout=30) as connection:
            while not stop.is_set():
                connection.execute(
                    "INSERT INTO kernel_event (id, name, at, subject_type, payload)"
                    " VALUES (hex(randomblob(16)), 'test.wrote', datetime('now'), '', '{}')"
                )
                connection.commit()
                written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        rongmei(home, "backup", str(tmp_path / "b.tar"))
    finally:
        stop.set()
        writer.join()
    assert written
    assert stat.S_IMODE((tmp_path / "b.tar").stat().st_mode) == 0o600
    new = tmp_path / "new"
    rongmei(home, "restore", str(tmp_path / "b.tar"), "--home", str(new))
    assert (new / "data" / "media" / "a" / "示例.txt").read_text() == "示例"
    assert stat.S_IMODE((new / "keys" / "node.pem").stat().st_mode) == 0o600
    with sqlite3.connect(new / "node.sqlite3") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM network_member").fetchone()[0] >= 3
    assert "不是空的" in rongmei(
        home, "restore", str(tmp_path / "b.tar"), "--home", str(new), code=1
    )
    assert "没有覆盖" in rongmei(home, "backup", str(tmp_path / "b.tar"), code=1)


def spoiled(source: Path, target: Path, name: str, change) -> Path:
    """The same tar with one member's bytes changed."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for info in old:
            body = old.extractfile(info).read()
            if info.name == name:
                body = change(body)
            info.size = len(body)
            new.addfile(info, io.BytesIO(body))
    return target


def test_a_spoiled_backup_is_refused_and_leaves_nothing(home, tmp_path):
    whole = tmp_path / "b.tar"
    rongmei(home, "backup", str(whole))
    bad = spoiled(whole, tmp_path / "bad.tar", "node.env", lambda body: body + b"X=1\n")
    assert "摘要不符" in rongmei(home, "restore", str(bad), "--home", str(tmp_path / "n1"), code=1)
    short = tmp_path / "short.tar"
    short.write_bytes(whole.read_bytes()[:5000])
    assert "不是完整的备份" in rongmei(
        home, "restore", str(short), "--home", str(tmp_path / "n2"), code=1
    )
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("n")]


def test_tampering_is_found_by_the_command_and_by_restore(home, tmp_path):
    with sqlite3.connect(home / "node.sqlite3") as connection:
        triggers = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'audit_no_update'"
        ).fetchone()[0]
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE kernel_auditentry SET actor = '别人' WHERE seq = 2")
        connection.execute(triggers)
    assert "第 2 条对不上" in rongmei(home, "audit", "verify", code=1)
    assert json.loads(rongmei(home, "audit", "verify", "--json", code=1))["broken"] == 2
    rongmei(home, "backup", str(tmp_path / "b.tar"))
    assert "第 2 条对不上" in rongmei(
        home, "restore", str(tmp_path / "b.tar"), "--home", str(tmp_path / "new"), code=1
    )
    assert not (tmp_path / "new").exists()
