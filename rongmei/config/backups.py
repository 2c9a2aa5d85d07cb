"""Backup and restore of a node: database, media, snapshots, keys, settings, with the hash of every file.

The database is copied first, then the files: a row never points to a file that the backup lacks,
because files are written before their rows. The search index is left out; it is rebuilt from the
archive when the restored node starts.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg

from rongmei import __version__
from rongmei.archive.vault import OPEN, Folder
from rongmei.config.node import ENV_FILE, Node, read_env_file, write_env_file
from rongmei.kernel.errors import RongmeiError

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_SQLITE: Final = "node.sqlite3"
_DUMP: Final = "database.dump"
_CHUNK: Final = 1024 * 1024
_TOOL_SECONDS: Final = 6 * 3600


class BackupRefused(RongmeiError):
    """The backup cannot be made or used."""

    status = 409


@dataclass(frozen=True)
class Kept:
    """A file in the backup."""

    path: str
    size: int
    sha256: str


def _digest(stream: BinaryIO) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()


def _postgres(words: list[str], database_url: str) -> None:
    """Run a PostgreSQL tool on a database; the password goes by the environment, not by `ps`."""
    if shutil.which(words[0]) is None:
        raise BackupRefused(f"没有找到 {words[0]}。请安装与服务器同版本的 PostgreSQL 客户端。")
    url, password = without_password(database_url)
    environ = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run(  # noqa: S603 - our own words; no shell
        [*words, f"--dbname={url}"], env=environ, capture_output=True, text=True,
        timeout=_TOOL_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BackupRefused(f"{words[0]} 没有成功：{done.stderr.strip()[-400:]}")


def without_password(database_url: str) -> tuple[str, str]:
    """The address of a PostgreSQL database without its password, and the password."""
    parts = urlsplit(database_url)
    account, at, place = parts.netloc.rpartition("@")
    name, _colon, password = account.partition(":")
    return urlunsplit(parts._replace(netloc=f"{name}{at}{place}")), unquote(password)


def _require_empty(database_url: str) -> None:
    """Refuse a database that holds tables: what is there is not overwritten, and not mixed into."""
    try:
        with psycopg.connect(database_url, connect_timeout=10) as server:
            row = server.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
            ).fetchone()
    except psycopg.Error as error:
        raise BackupRefused(f"数据库连不上：{str(error).strip()[-300:]}。没有恢复。") from error
    if row and row[0]:
        raise BackupRefused(f"数据库里已有 {row[0]} 张表，没有恢复。请建一个空数据库再试。")


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy while others read and write.

    One step: the copy is one read transaction, and in WAL mode that stops nobody. In small steps
    every commit of another process would start it over.
    """
    with (
        closing(sqlite3.connect(source, timeout=60)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new, pages=-1)
        new.execute("PRAGMA journal_mode=DELETE")


def _copy_database(node: Node, folder: Path) -> Path:
    if node.database_url.startswith("sqlite:///"):
        target = folder / _SQLITE
        source = Path(node.database_url.removeprefix("sqlite:///"))
        if not source.exists():
            raise BackupRefused(f"没有数据库 {source}，没有备份。先运行 rongmei init。")
        copy_sqlite(source, target)
        return target
    target = folder / _DUMP
    words = ["pg_dump", "--format=custom", "--no-owner", f"--file={target}"]
    _postgres(words, node.database_url)
    return target


def _snapshots(node: Node) -> Iterator[tuple[Path, str]]:
    """Every segment; the one being written is longer than the copied rows reach, never shorter."""
    folder = Folder(node.data / "snapshots")
    for segment in folder.segments():
        # It may be closed, and so renamed, while the others are copied.
        path = folder.path_of(segment)
        yield path, f"data/snapshots/{path.relative_to(folder.root).as_posix()}"


def _files(node: Node) -> Iterator[tuple[Path, str]]:
    for folder, name in ((node.data / "media", "data/media"), (node.home / "keys", "keys")):
        if folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    yield path, f"{name}/{path.relative_to(folder).as_posix()}"
    env = node.home / ENV_FILE
    if env.exists():
        yield env, ENV_FILE
    yield from _snapshots(node)


def backup(node: Node, target: Path, *, audit_head: tuple[int, str]) -> dict[str, Any]:
    """Write the whole node into one tar file, readable by its owner only; return the manifest."""
    if target.exists():
        raise BackupRefused(f"{target} 已存在，没有覆盖。请换一个文件名。")
    draft = target.with_name(target.name + ".new")
    kept: list[Kept] = []
    try:
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(handle, "wb") as stream,
            tarfile.open(fileobj=stream, mode="w") as tar,
            tempfile.TemporaryDirectory(dir=target.parent) as work,
            # What the copied rows point to is not moved while the files are copied.
            Folder(node.data / "snapshots").standing(),
        ):
            copied = _copy_database(node, Path(work))
            for path, name in [(copied, copied.name), *_files(node)]:
                kept.append(_add(tar, path, name))
            manifest = {
                "format": FORMAT,
                "version": __version__,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "slug": node.slug,
                "audit_seq": audit_head[0],
                "audit_head": audit_head[1],
                "files": [asdict(one) for one in kept],
            }
            body = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
            info = tarfile.TarInfo(_MANIFEST)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _opened(path: Path) -> BinaryIO:
    """A file to read; a segment of snapshots may have been closed, and so renamed, just now."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        return path.with_name(path.name.removesuffix(OPEN)).open("rb")


def _add(tar: tarfile.TarFile, path: Path, name: str) -> Kept:
    with _opened(path) as stream:
        size, digest = _digest(stream)
        stream.seek(0)
        info = tar.gettarinfo(arcname=name, fileobj=stream)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        # What was hashed is what is stored, even if somebody appends meanwhile.
        info.size = size
        tar.addfile(info, stream)
    return Kept(name, size, digest)


def restore(source: Path, home: Path, *, database_url: str = "") -> dict[str, Any]:
    """Put a backup into the new folder `home`; check every hash and the audit chain first.

    Nothing is overwritten: `home` must not exist or be empty, and a PostgreSQL database must be
    empty. What fails half-way is removed again.
    """
    if home.exists() and any(home.iterdir()):
        raise BackupRefused(f"{home} 不是空的，没有恢复。请换一个新文件夹。")
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = home.with_name(home.name + ".restoring")
    if draft.exists():
        raise BackupRefused(f"{draft} 是上次没有做完的恢复。请看过后删除，再试一次。")
    draft.mkdir(mode=0o700)
    try:
        manifest = _unpack(source, draft)
        _fit(draft, database_url)
        try:
            _check_chain(draft, manifest)
        except BackupRefused as error:
            if database_url:
                left = "恢复出来的表还在给出的数据库里，请删掉那个数据库。"
                raise BackupRefused(f"{error.message}{left}") from error
            raise
        if home.exists():
            home.rmdir()
        draft.replace(home)
    finally:
        if draft.exists():
            shutil.rmtree(draft)
    return manifest


def _unpack(source: Path, draft: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source) as tar:
            tar.extractall(draft, filter="data")
        manifest: dict[str, Any] = json.loads((draft / _MANIFEST).read_bytes())
        expected = {one["path"]: one for one in manifest["files"]}
    except (tarfile.TarError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise BackupRefused(f"{source} 不是完整的备份：{error}。没有恢复。") from error
    if manifest.get("format") != FORMAT:
        raise BackupRefused(
            f"备份的格式是 {manifest.get('format')}，这个版本只认 {FORMAT}。没有恢复。"
        )
    (draft / _MANIFEST).unlink()
    found = {path.relative_to(draft).as_posix() for path in draft.rglob("*") if path.is_file()}
    strange = found.symmetric_difference(expected)
    if strange:
        raise BackupRefused(f"备份里的文件与清单不符：{'、'.join(sorted(strange)[:5])}。没有恢复。")
    for name, one in expected.items():
        with (draft / name).open("rb") as stream:
            if _digest(stream) != (one["size"], one["sha256"]):
                raise BackupRefused(f"{name} 与备份时的摘要不符，备份已损坏。没有恢复。")
    return manifest


def _fit(draft: Path, database_url: str) -> None:
    """Make the settings fit the new place."""
    pairs = read_env_file(draft / ENV_FILE)
    pairs.pop("DATABASE_URL", None)
    if (draft / _DUMP).exists():
        if not database_url:
            raise BackupRefused(
                "这是 PostgreSQL 节点的备份：请用 --database 给出一个空数据库的地址。没有恢复。"
            )
        _require_empty(database_url)
        pairs["DATABASE_URL"] = database_url
        words = ["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction"]
        _postgres([*words, str(draft / _DUMP)], database_url)
        (draft / _DUMP).unlink()
    elif database_url:
        raise BackupRefused("这是 SQLite 节点的备份，不用给 --database。没有恢复。")
    write_env_file(draft / ENV_FILE, pairs)
    for path in (draft / "keys").glob("*"):
        path.chmod(0o600)


def _check_chain(draft: Path, manifest: dict[str, Any]) -> None:
    """Let the restored node itself check its chain, and compare with what the backup noted."""
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environ["RONGMEI_HOME"] = str(draft)
    environ["DJANGO_SETTINGS_MODULE"] = "rongmei.config.settings"
    environ.pop("RONGMEI_SECRET_KEY", None)
    done = subprocess.run(
        [sys.executable, "-m", "rongmei", "audit", "verify", "--json"],
        env=environ, capture_output=True, text=True, timeout=3600, check=False,
    )  # fmt: skip
    try:
        said = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise BackupRefused(
            f"恢复后的数据库打不开：{done.stderr.strip()[-400:]}。没有恢复。"
        ) from error
    if not said["ok"]:
        raise BackupRefused(f"备份里的审计链第 {said['broken']} 条对不上，备份不可信。没有恢复。")
    # Lines written while the backup ran are in the copy and not in the note, never the reverse.
    if said["entries"] < manifest["audit_seq"]:
        raise BackupRefused("备份里的审计链比备份时记下的短，备份不可信。没有恢复。")
