"""Set up everything `make run` or `make test` needs, on a fresh Debian or Ubuntu.

Standard library only: it runs before anything is installed. It makes the virtual environment,
installs the locked, hashed dependencies when the lock changed, compiles message catalogues, and
installs the system's parts or names what to install. Exit status 1 when something is missing that
the goal cannot do without.
"""

from __future__ import annotations

import argparse
import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / os.environ.get("RONGMEI_VENV", ".venv")
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": "requirements/run.txt", "test": "requirements/dev.txt"}
OLDEST = (3, 11)


def say(text: str) -> None:
    """A line of progress."""
    sys.stdout.write(f"· {text}\n")
    sys.stdout.flush()


def give_up(text: str) -> None:
    """Say what is wrong and what to do, and stop."""
    sys.stderr.write(f"✗ {text}\n")
    raise SystemExit(1)


def check_python() -> None:
    """Python 3.11 or newer, with the venv module."""
    if sys.version_info < OLDEST:
        give_up(
            f"需要 Python 3.11 以上，这里是 {sys.version.split()[0]}。"
            " 可用 PYTHON=python3.12 make run 指定解释器。"
            f" / Python 3.11+ is needed, this is {sys.version.split()[0]}; try PYTHON=python3.12 make run."
        )


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Chinese."""
    if not shutil.which("fc-list"):
        return False
    found = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip())


def has_postgresql() -> bool:
    """Whether a PostgreSQL server can be started here."""
    return bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def has_chromium() -> bool:
    """Whether a Chromium is installed."""
    return bool(shutil.which("chromium") or shutil.which("chromium-browser"))


def has_typesetter() -> bool:
    """Whether the libraries that make PDFs are there."""
    names = ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
    return all(ctypes.util.find_library(name) for name in names)


TYPESETTER = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
NEEDS = {
    "run": [],
    "test": [
        *((name, has_typesetter, "审稿单 PDF review sheets as PDF") for name in TYPESETTER),
        ("chromium", has_chromium, "浏览器测试 browser tests"),
        ("fonts-noto-cjk", has_chinese_font, "截图里的中文 Chinese in screenshots"),
        ("postgresql", has_postgresql, "PostgreSQL 测试 PostgreSQL tests"),
    ],
}


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages if we may; return whether it went well."""
    if not shutil.which("apt-get"):
        return False
    prefix: list[str] = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            return False
        if subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode:
            return False
        prefix = ["sudo", "-n"]
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, "apt-get", "update", "-qq"], env=environ, check=False)
    done = subprocess.run(
        [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        env=environ, check=False, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode == 0


def wish_system() -> None:
    """Say what running would be better with; nothing stops without it."""
    if not has_typesetter():
        say(
            "没有生成 PDF 的组件，审稿单只能用打印页 / no PDFs without: sudo apt-get install -y "
            + " ".join(TYPESETTER)
        )
    if not has_chinese_font():
        say(
            "没有中文字体，PDF 里缺字 / PDFs lack Chinese without: sudo apt-get install -y fonts-noto-cjk"
        )


def check_system(goal: str) -> None:
    """Install what the goal needs from the system, or say how."""
    if goal == "run":
        wish_system()
    missing = [(package, why) for package, there, why in NEEDS[goal] if not there()]
    if not missing:
        return
    packages = [package for package, _why in missing]
    say("安装系统组件 installing system parts: " + " ".join(packages))
    apt_install(packages)
    still = [package for package, there, _why in NEEDS[goal] if not there()]
    if still:
        command = "sudo apt-get install -y " + " ".join(still)
        give_up(f"缺少系统组件，请先运行 / system parts are missing, please run: {command}")


def make_venv() -> None:
    """Make the virtual environment unless it is there and whole."""
    if PYTHON.exists():
        return
    say(f"创建虚拟环境 making {VENV.name}")
    try:
        venv.EnvBuilder(with_pip=True, clear=VENV.exists()).create(VENV)
    except (subprocess.CalledProcessError, ImportError):
        shutil.rmtree(VENV, ignore_errors=True)
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not apt_install([package, "python3-venv"]):
            give_up(f"缺少 venv 模块，请先运行 / please run: sudo apt-get install -y {package}")
        venv.EnvBuilder(with_pip=True).create(VENV)


def install(goal: str) -> None:
    """Install the locked dependencies when the lock is not the one installed last."""
    lock = ROOT / LOCKS[goal]
    digest = hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = VENV / f"rongmei-{goal}.stamp"
    # The lock for tests holds everything that running needs.
    if any(
        path.exists() and path.read_text() == _digest_of(other)
        for other, path in ((goal, stamp), ("test", VENV / "rongmei-test.stamp"))
    ):
        return
    say(f"安装依赖（按锁定版本与哈希）installing {lock.relative_to(ROOT)}")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    done = subprocess.run([*pip, "install", "--require-hashes", "-r", str(lock)], check=False)
    if done.returncode:
        give_up(
            "依赖没有装成，已装的保留；检查网络后再运行一次即可。/ Installing failed; run again."
        )
    (VENV / "lib").mkdir(exist_ok=True)
    _link_project()
    stamp.write_text(digest)


def _digest_of(goal: str) -> str:
    lock = ROOT / LOCKS[goal]
    return hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _link_project() -> None:
    """Make the checkout importable and give it its command, without a build backend."""
    site = next((VENV / "lib").glob("python3*/site-packages"))
    (site / "rongmei-checkout.pth").write_text(f"{ROOT}\n")
    script = VENV / "bin" / "rongmei"
    script.write_text(
        f"#!{PYTHON}\nimport sys\n\nfrom rongmei.config.cli import main\n\nsys.exit(main())\n"
    )
    script.chmod(0o755)


def compile_messages() -> None:
    """Compile message catalogues that are newer than what was compiled from them."""
    stale = [
        path
        for path in ROOT.glob("rongmei/*/locale/*/LC_MESSAGES/*.po")
        if not path.with_suffix(".mo").exists()
        or path.with_suffix(".mo").stat().st_mtime < path.stat().st_mtime
    ]
    if stale:
        say("编译界面文字 compiling messages")
        subprocess.run(
            [str(PYTHON), str(ROOT / "tools" / "messages.py"), *map(str, stale)], check=True
        )


def main() -> None:
    """Set up for the goal named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("goal", choices=sorted(LOCKS))
    goal = parser.parse_args().goal
    check_python()
    check_system(goal)
    make_venv()
    install(goal)
    compile_messages()


if __name__ == "__main__":
    main()
