"""`rongmei doctor`: is this node well, and what to do where it is not."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from rongmei.config.node import ENV_FILE, Node
from rongmei.kernel import audit, paper

Level = Literal["ok", "warn", "fail"]
_GB: Final = 1024**3
OLDEST_SERVER: Final = 15


@dataclass(frozen=True)
class Finding:
    """One check: how it stands, what was seen, and what to do (empty when all is well)."""

    name: str
    level: Level
    seen: str
    todo: str = ""


def _python(node: Node) -> Finding:
    seen = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info >= (3, 11)
    return Finding(
        "python",
        "ok" if fine else "fail",
        seen,
        "" if fine else "请安装 Python 3.11 或更新的版本。",
    )


def _sqlite(node: Node) -> Finding:
    if not node.database_url.startswith("sqlite"):
        return Finding("sqlite", "ok", "未使用")
    fine = sqlite3.sqlite_version_info >= (3, 37)
    todo = (
        ""
        if fine
        else "SQLite 过旧：请换用自带新版 SQLite 的 Python，或改用 PostgreSQL(DATABASE_URL)。"
    )
    return Finding("sqlite", "ok" if fine else "fail", sqlite3.sqlite_version, todo)


def _home(node: Node) -> Finding:
    path = node.home / ENV_FILE
    if not path.exists():
        return Finding("home", "fail", f"{node.home} 里没有 {ENV_FILE}", "先运行 rongmei init。")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("home", "fail", f"{ENV_FILE} 别人也能读", f"运行 chmod 600 {path}")
    return Finding("home", "ok", str(node.home))


def _key(node: Node) -> Finding:
    path = node.home / "keys" / "node.pem"
    if not path.exists():
        return Finding(
            "key",
            "warn",
            "没有节点密钥",
            "运行 rongmei init 会生成；恢复备份时请连 keys 一起恢复。",
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("key", "fail", "节点密钥别人也能读", f"运行 chmod 600 {path}")
    return Finding("key", "ok", "只有本用户可读")


def _database(node: Node) -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        return Finding(
            "database",
            "fail",
            str(error)[:200],
            "核对 DATABASE_URL、数据库是否启动、磁盘是否已满。",
        )
    if waiting:
        return Finding(
            "database",
            "fail",
            f"有 {len(waiting)} 个迁移没有做",
            "先备份，再运行 rongmei migrate。",
        )
    return Finding("database", "ok", connection.vendor)


def _chain(node: Node) -> Finding:
    try:
        verdict = audit.verify()
    except Error as error:
        return Finding("audit", "fail", str(error)[:200], "先解决数据库的问题。")
    if not verdict.ok:
        return Finding(
            "audit",
            "fail",
            f"第 {verdict.broken} 条对不上",
            "运行 rongmei audit verify,保留现场并核对备份。",
        )
    return Finding("audit", "ok", f"{verdict.entries} 条相符")


def _disk(node: Node) -> Finding:
    place = node.home if node.home.exists() else node.home.anchor
    free = shutil.disk_usage(place).free
    level: Level = "ok" if free > 10 * _GB else "warn" if free > 2 * _GB else "fail"
    todo = "" if level == "ok" else "腾出空间或换更大的磁盘；写满时收稿和采集都会停。"
    return Finding("disk", level, f"剩 {free / _GB:.1f} GB", todo)


def _fonts(node: Node) -> Finding:
    tool = shutil.which("fc-list")
    if tool is None:
        return Finding(
            "fonts",
            "warn",
            "没有 fc-list,查不了字体",
            "装上 fontconfig 和一套中文字体（如 fonts-noto-cjk）。",
        )
    try:
        listed = subprocess.run(  # noqa: S603 - fixed words
            [tool, ":lang=zh", "family"], capture_output=True, text=True, timeout=20, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding("fonts", "warn", "fc-list 没有应答", "运行 fc-cache 后再试。")
    families = {line.split(",")[0] for line in listed.stdout.splitlines() if line.strip()}
    if not families:
        return Finding(
            "fonts",
            "warn",
            "没有中文字体",
            "装一套中文字体（如 fonts-noto-cjk），否则服务器上生成的图片缺字。",
        )
    return Finding("fonts", "ok", "、".join(sorted(families)[:3]))


def _paper(node: Node) -> Finding:
    lacking = paper.missing()
    if lacking:
        todo = f"审稿单等只能用打印页打印。请装上 {' '.join(paper.PACKAGES)} 和一套中文字体。"
        return Finding("paper", "warn", "不能生成 PDF", todo)
    return Finding("paper", "ok", "能生成 PDF")


def _ports(node: Node) -> Finding:
    taken = []
    for port in (node.port, node.stream_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((node.host, port))
            except OSError:
                taken.append(str(port))
    if taken:
        todo = "如果本节点正在运行，这是正常的；否则请停掉占用的程序，或改 RONGMEI_PORT。"
        return Finding("ports", "warn", f"端口 {'、'.join(taken)} 已被占用", todo)
    return Finding("ports", "ok", f"{node.port}、{node.stream_port} 可用")


def _clock(node: Node) -> Finding:
    now = datetime.now(UTC)
    try:
        _seq, _hash, last = audit.head()
    except Error:
        last = None
    if now.year < 2025 or (last is not None and last > now):
        return Finding(
            "clock",
            "fail",
            now.isoformat(timespec="seconds"),
            "系统时间不对，请打开网络对时(NTP)。",
        )
    return Finding("clock", "ok", now.isoformat(timespec="seconds"))


def _index(node: Node) -> Finding:
    folder = node.data / "index"
    if not folder.exists():
        return Finding(
            "index",
            "warn",
            "还没有检索索引",
            "rongmei up 启动后会自动建立；恢复备份后也会自动重建。",
        )
    return Finding("index", "ok", str(folder))


def _tools(node: Node) -> Finding:
    """Backup and restore of a PostgreSQL node need its client programs, as new as the server."""
    if not node.database_url.startswith("postgres"):
        return Finding("postgresql", "ok", "未使用")
    install = "装上与服务器同版本的 PostgreSQL 客户端，否则不能备份和恢复。"
    missing = [name for name in ("pg_dump", "pg_restore") if shutil.which(name) is None]
    if missing:
        return Finding("postgresql", "fail", f"没有找到 {'、'.join(missing)}", install)
    try:
        said = subprocess.run(  # noqa: S603 - fixed words
            [str(shutil.which("pg_dump")), "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        ).stdout
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version_num")
            server = int(cursor.fetchone()[0]) // 10_000
    except (Error, OSError, subprocess.TimeoutExpired) as error:
        return Finding("postgresql", "fail", str(error)[:200], "核对 DATABASE_URL 和客户端程序。")
    ours = re.search(r"(\d+)", said)
    if ours is None or int(ours[1]) < server:
        seen = f"pg_dump {ours[1] if ours else '?'}，服务器 {server}"
        return Finding("postgresql", "fail", seen, install)
    if server < OLDEST_SERVER:
        return Finding("postgresql", "warn", f"服务器 {server}", f"请升级到 {OLDEST_SERVER} 以上。")
    return Finding("postgresql", "ok", f"服务器 {server}，pg_dump {ours[1]}")


CHECKS: Final[tuple[Callable[[Node], Finding], ...]] = (
    _python, _sqlite, _home, _key, _database, _chain, _disk, _fonts, _paper, _ports, _clock, _index,
    _tools,
)  # fmt: skip


def examine(node: Node) -> list[Finding]:
    """Run every check; none of them changes anything."""
    return [check(node) for check in CHECKS]
