"""What each process of a node does. The supervisor forks one for each."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from granian import Granian
from granian.constants import Interfaces

from rongmei.config.stream import application as stream_application
from rongmei.config.supervisor import die_with_parent
from rongmei.config.wsgi import application as wsgi_application
from rongmei.kernel import db, events, plugins, sweeps
from rongmei.kernel.hooks import Process, Subscriber
from rongmei.kernel.sweeps import Sweep

log = logging.getLogger(__name__)
WEB_THREADS = 4


def _load(application: Any, *_target: Any) -> Any:
    # Runs in the server's worker: it must not outlive the server process.
    die_with_parent()
    return application


def _serve(application: Any, interface: Interfaces, port: int, threads: int | None) -> None:
    # The application is loaded already: a forked worker shares it.
    multiprocessing.set_start_method("fork", force=True)
    server = Granian(
        "rongmei",
        address=settings.RONGMEI_NODE.host,
        port=port,
        interface=interface,
        workers=1,
        blocking_threads=threads,
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=5,
    )
    server.serve(target_loader=partial(_load, application), wrap_loader=False)


def web() -> None:
    """Pages and the API."""
    _serve(wsgi_application, Interfaces.WSGI, settings.RONGMEI_NODE.port, WEB_THREADS)


def stream() -> None:
    """Server-sent events and long polls, on a port of their own."""
    _serve(stream_application, Interfaces.ASGI, settings.RONGMEI_NODE.stream_port, None)


def _all_subscribers() -> list[Subscriber]:
    return [one for some in plugins.manager.hook.register_subscribers() for one in some]


def _all_sweeps() -> list[Sweep]:
    return [one for some in plugins.manager.hook.register_sweeps() for one in some]


def work_once(subscribers: list[Subscriber], due: list[Sweep]) -> int:
    """Give every subscriber its next events, then run the sweeps that are due."""
    done = 0
    for subscriber in subscribers:
        try:
            done += events.follow(subscriber.name, subscriber.handle, names=subscriber.names)
        except DatabaseError:
            raise
        except Exception:
            log.exception("follower %s failed and will try again", subscriber.name)
    return done + sweeps.run_due(due)


def work(stop: threading.Event) -> None:
    """The worker: followers of events and sweeps, until told to stop."""
    subscribers, due = _all_subscribers(), _all_sweeps()
    taken_over = False
    while not stop.is_set():
        try:
            if not taken_over:
                sweeps.take_over()
                taken_over = True
            mark = db.data_version()
            if not work_once(subscribers, due):
                events.wait_for_change(1.0, since=mark)
        except DatabaseError:
            log.exception("the database did not answer; trying again")
            connections.close_all()
            stop.wait(1.0)
        close_old_connections()


def until_stopped(run: Callable[[threading.Event], None]) -> None:
    """Run until SIGTERM sets the event that `run` watches."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    run(stop)


def all_processes() -> list[tuple[str, Callable[[], None]]]:
    """Every process of a node: name and what to run in the fork."""
    found: list[Process] = [Process("worker", work)]
    for some in plugins.manager.hook.register_processes():
        found.extend(some)
    return [
        ("web", web),
        ("stream", stream),
        *((one.name, partial(until_stopped, one.run)) for one in found),
    ]
