"""`rongmei up`: all processes of this node, until Ctrl-C."""

from __future__ import annotations

import errno
import shutil
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import get_resolver
from typing_extensions import override

from rongmei.config.processes import all_processes
from rongmei.config.supervisor import AlreadyRunning, Child, Supervisor, die_with_parent, hold

LOW_DISK = 200 * 1024 * 1024


class Command(BaseCommand):
    """Start this node's processes and keep them running."""

    help = "启动本节点的全部进程 / start all processes of this node"
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--with-parent", action="store_true", help="end when the caller ends")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        node = settings.RONGMEI_NODE
        if options["with_parent"]:
            die_with_parent()
        if not (node.home / "node.env").exists():
            raise CommandError(f"{node.home} 里还没有节点。先运行 rongmei init 或 rongmei demo。")
        try:
            lock = hold(node.home / "run" / "up.lock")
        except AlreadyRunning as error:
            raise CommandError(f"节点“{node.name}”已经在运行，没有再启动一份。") from error
        _check_disk()
        for port in (node.port, node.stream_port):
            _check_port(node.host, port)
        # Load every address now: children share what is loaded.
        get_resolver().url_patterns  # noqa: B018
        children = [Child(name, run) for name, run in all_processes()]
        with lock:
            Supervisor(children, node.home / "logs", node.home / "run" / "status.json").run()


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise CommandError(
                f"端口 {port} 已被别的程序占用，节点没有启动。"
                f"可先停掉那个程序，或在 {settings.RONGMEI_NODE.home / 'node.env'} 里换一个端口。"
            ) from error


def _check_disk() -> None:
    free = shutil.disk_usage(settings.RONGMEI_NODE.home).free
    if free < LOW_DISK:
        raise CommandError(
            f"磁盘只剩 {free // 1_048_576} MB，节点没有启动，已有数据未动。清出至少 200 MB 后再启动。"
        )
