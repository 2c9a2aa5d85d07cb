"""A node's own settings: one folder, one `node.env`, and the environment on top.

A node is one deployment: one database, one archive, one address. Everything that differs between
nodes lives in its home folder (`RONGMEI_HOME`); the environment always wins over the file, so that
a container needs no file at all.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

ENV_FILE = "node.env"


def read_env_file(path: Path) -> dict[str, str]:
    """Return the KEY=VALUE lines of `path`; blank lines and lines starting with # are passed over."""
    if not path.exists():
        return {}
    pairs: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text and not text.startswith("#") and "=" in text:
            key, _, value = text.partition("=")
            pairs[key.strip()] = value.strip().strip('"')
    return pairs


def write_env_file(path: Path, pairs: dict[str, str]) -> None:
    """Write `pairs` to `path` in one step, readable by the owner only: it holds the secret key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{key}={value}" for key, value in pairs.items()]
    draft = path.with_suffix(".new")
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(path)


@dataclass(frozen=True)
class Node:
    """What this process knows of the node it belongs to.

    `url` is the address people and peers use, without a slash at the end; `port` and
    `stream_port` are what the servers bind on `host`.
    """

    home: Path
    slug: str
    name: str
    secret_key: str
    url: str
    host: str
    port: int
    stream_port: int
    stream_url: str
    database_url: str
    debug: bool
    demo: bool
    internal_hosts: frozenset[str]
    snapshots: str
    export_rows: int = 100_000
    export_mb: int = 1_000
    export_days: int = 7

    @property
    def data(self) -> Path:
        """Where the archive index, files and sockets of this node live."""
        return self.home / "data"


def environment(environ: dict[str, str] | None = None) -> dict[str, str]:
    """All settings of the node: `RONGMEI_HOME/node.env`, and the environment on top."""
    outer = dict(os.environ if environ is None else environ)
    home = Path(outer.get("RONGMEI_HOME", "var/node")).resolve()
    return {**read_env_file(home / ENV_FILE), **outer}


def load(environ: dict[str, str] | None = None) -> Node:
    """Read the node from its environment."""
    env = environment(environ)
    home = Path(env.get("RONGMEI_HOME", "var/node")).resolve()
    port = int(env.get("RONGMEI_PORT", "8000"))
    stream_port = int(env.get("RONGMEI_STREAM_PORT", str(port + 1)))
    host = env.get("RONGMEI_HOST", "127.0.0.1")
    url = env.get("RONGMEI_URL", f"http://{host}:{port}").rstrip("/")
    return Node(
        home=home,
        slug=env.get("RONGMEI_SLUG", "node"),
        name=env.get("RONGMEI_NAME", "融媒节点"),
        secret_key=env.get("RONGMEI_SECRET_KEY") or secrets.token_urlsafe(48),
        url=url,
        host=host,
        port=port,
        stream_port=stream_port,
        stream_url=env.get("RONGMEI_STREAM_URL", f"http://{host}:{stream_port}").rstrip("/"),
        database_url=env.get("DATABASE_URL", f"sqlite:///{home / 'node.sqlite3'}"),
        debug=env.get("RONGMEI_DEBUG", "") == "1",
        demo=env.get("RONGMEI_DEMO", "") == "1",
        internal_hosts=frozenset(filter(None, env.get("RONGMEI_INTERNAL_HOSTS", "").split(","))),
        snapshots=env.get("RONGMEI_SNAPSHOTS", "all").strip() or "all",
        export_rows=int(env.get("RONGMEI_EXPORT_ROWS", "100000")),
        export_mb=int(env.get("RONGMEI_EXPORT_MB", "1000")),
        export_days=int(env.get("RONGMEI_EXPORT_DAYS", "7")),
    )
