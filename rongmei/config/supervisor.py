"""Starts a node's processes, restarts those that die, and stops them together.

The supervisor loads Django once and forks: children share its memory, and a killed one is back in
milliseconds instead of seconds. It opens no connection and no thread itself, so that forking is
safe. Every child asks the kernel to be killed when its parent dies: `kill -9` of the supervisor
leaves nothing behind that holds a port or a lock.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

import orjson

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
STOP_SECONDS = 10.0
QUICK_DEATH = 2.0
LOG_BYTES = 5_000_000


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class AlreadyRunning(Exception):
    """Another supervisor holds this node."""


def hold(path: Path) -> IO[str]:
    """Take the lock file or raise AlreadyRunning; the lock ends with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise AlreadyRunning(str(path)) from error
    return handle


@dataclass
class Child:
    """One supervised process."""

    name: str
    run: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    restarts: int = 0
    not_before: float = 0.0


@dataclass
class Supervisor:
    """Runs `children` until told to stop; writes pids to `status` for people and tests."""

    children: list[Child]
    logs: Path
    status: Path
    stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Start everything and stay until SIGTERM or SIGINT."""
        self.logs.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        gc.collect()
        gc.freeze()
        try:
            while not self.stopping:
                self._start_due()
                self._reap()
                time.sleep(0.1)
        finally:
            self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _start_due(self) -> None:
        changed = False
        for child in self.children:
            if not child.pid and time.monotonic() >= child.not_before:
                child.pid, child.started = self._fork(child), time.monotonic()
                changed = True
        if changed:
            self._write_status()

    def _fork(self, child: Child) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            die_with_parent()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._redirect(child.name)
            child.run()
            code = 0
        except BaseException:
            log.exception("process %s ended with an error", child.name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _redirect(self, name: str) -> None:
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        os.dup2(handle, 1)
        os.dup2(handle, 2)

    def _reap(self) -> None:
        while True:
            try:
                pid, code = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for child in self.children:
                if child.pid == pid:
                    self._ended(child, code)

    def _ended(self, child: Child, code: int) -> None:
        lived = time.monotonic() - child.started
        child.restarts = child.restarts + 1 if lived < QUICK_DEATH else 1
        # At once the first time; a process that keeps dying gets longer and longer pauses.
        pause = 0.0 if child.restarts == 1 else min(2.0 ** (child.restarts - 2), 15.0)
        child.pid, child.not_before = 0, time.monotonic() + pause
        if not self.stopping:
            log.warning("process %s ended (%s); again in %.0f s", child.name, code, pause)

    def _write_status(self) -> None:
        self.status.parent.mkdir(parents=True, exist_ok=True)
        draft = self.status.with_suffix(".new")
        draft.write_bytes(
            orjson.dumps(
                {
                    "supervisor": os.getpid(),
                    "processes": {one.name: one.pid for one in self.children},
                }
            )
        )
        draft.replace(self.status)

    def _end(self) -> None:
        for child in self.children:
            if child.pid:
                _signal(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.pid for child in self.children) and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.05)
        for child in self.children:
            if child.pid:
                _signal(child.pid, signal.SIGKILL)
        self.status.unlink(missing_ok=True)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
