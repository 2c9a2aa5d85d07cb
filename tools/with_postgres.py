"""Run a command with a PostgreSQL server of its own, started for it and thrown away after.

The server listens on a Unix socket in a temporary folder only. A migrated template is made once and
copied for each test process, as on SQLite.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

WORKERS = ("", "_gw0", "_gw1", "_gw2", "_gw3")
DATABASE = "rongmei"


def binary(name: str) -> str:
    """The newest installed PostgreSQL's program of this name."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    path = str(found[0]) if found else shutil.which(name)
    if not path:
        raise SystemExit("没有 PostgreSQL 服务器程序。先运行: sudo apt-get install -y postgresql")
    return path


def as_server_user() -> list[str]:
    """PostgreSQL refuses to run as root: become the user its package made."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise SystemExit("没有 postgres 用户。先运行: sudo apt-get install -y postgresql") from None
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Make and start a server in `folder`."""
    become = as_server_user()
    if become:
        shutil.chown(folder, "postgres", "postgres")
    folder.chmod(0o755)
    data = folder / "data"
    subprocess.run(
        [*become, binary("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
         "--locale=C.UTF-8", "--no-sync"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    settings = {
        "listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off",
        "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60",
    }  # fmt: skip
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    return subprocess.Popen(
        [*become, binary("postgres"), "-D", str(data), *words],
        stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"), cwd=folder,
    )  # fmt: skip


def sql(folder: Path, statement: str, *, check: bool = True) -> int:
    """Run one statement as the server's own user."""
    done = subprocess.run(
        [binary("psql"), "-h", str(folder), "-U", "postgres", "-qAt", "-c", statement],
        check=check, capture_output=not check,
    )  # fmt: skip
    return done.returncode


def main(command: list[str]) -> int:
    """Start the server, make the databases, run the command, stop the server."""
    # Asked to end, stop the server too: without this SIGTERM would skip the clean-up below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="rongmei-pg-") as name:
        folder = Path(name)
        server = start(folder)
        try:
            for _ in range(300):
                if sql(folder, "SELECT 1", check=False) == 0:
                    break
                if server.poll() is not None:
                    raise SystemExit((folder / "log").read_text())
                subprocess.run(["sleep", "0.1"], check=True)
            sql(folder, f"CREATE DATABASE {DATABASE}")
            url = f"postgres://postgres@{str(folder).replace('/', '%2F')}/{DATABASE}"
            environ = {**os.environ, "DATABASE_URL": url, "RONGMEI_HOME": str(folder / "home")}
            subprocess.run(
                [sys.executable, "-m", "rongmei", "migrate", "--verbosity", "0"], check=True,
                env={**environ, "DJANGO_SETTINGS_MODULE": "rongmei.config.settings"},
            )  # fmt: skip
            for worker in WORKERS:
                sql(folder, f"CREATE DATABASE test_{DATABASE}{worker} TEMPLATE {DATABASE}")
            environ["RONGMEI_TEST_TEMPLATED"] = "1"
            return subprocess.run(command, env=environ, check=False).returncode
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
