"""A node's Django, loaded once, that does what a test asks: one JSON line in, one out.

Loading takes seconds; a test of two nodes that started a command for each step spent its time on
that. Servers are forked from here, as the supervisor does it, and can be killed one by one.

    ["start", "web" | "stream" | "dialer"]  ->  pid
    ["command", "peer", "invite", ...]      ->  what it printed
    ["seed"]                                ->  null; units and people of this node
    ["say", first, last]                    ->  null; sends a message for each number
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from rongmei.config import processes  # noqa: E402
from rongmei.config.supervisor import die_with_parent  # noqa: E402
from rongmei.kernel import db  # noqa: E402
from rongmei.network import dialer, exchange  # noqa: E402
from rongmei.network.testing import make_people, make_units  # noqa: E402

SERVERS = {
    "web": processes.web,
    "stream": processes.stream,
    "dialer": lambda: dialer.run(threading.Event()),
}


def start(name: str) -> int:
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent()
        log = os.open(
            settings.RONGMEI_NODE.home / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND
        )
        for handle in (0, 1, 2):
            os.dup2(log, handle)
        SERVERS[name]()
    finally:
        os._exit(1)


def command(*words: str) -> str:
    said = io.StringIO()
    call_command(*words, stdout=said)
    return said.getvalue().strip()


def seed() -> None:
    with db.write():
        make_people(make_units(self_slug=settings.RONGMEI_NODE.slug, all_here=False))


def say(first: int, last: int) -> None:
    # What the other side understands: a word about a subject is noted in the audit chain.
    (peer,) = exchange.active_peers()
    for number in range(first, last):
        with db.write():
            exchange.send(
                to=peer, type="audit.head", subject_id=None, unit_id=None,
                body={"seq": number, "hash": "a" * 64, "witness": {"seq": 0, "hash": ""}},
            )  # fmt: skip


VERBS = {"start": start, "command": command, "seed": seed, "say": say}

for line in sys.stdin:
    verb, *words = json.loads(line)
    print(json.dumps(VERBS[verb](*words)), flush=True)
