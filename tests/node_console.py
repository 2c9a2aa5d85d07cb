"""A node's Django, loaded once, that does what a test asks: one JSON line in, one out.

Loading takes seconds; a test of two nodes that started a command for each step spent its time on
that. Servers are forked from here, as the supervisor does it, and can be killed one by one.

    ["start", "web" | "stream" | "dialer"]  ->  pid
    ["command", "peer", "invite", ...]      ->  what it printed
    ["seed"]                                ->  null; units and people of this node
    ["say", first, last]                    ->  null; sends a message for each number
    ["watch", [url, {...}], ...]            ->  null; internal sources, asked every five seconds
    ["wake"]                                ->  null; every source is due
    ["hurry"]                               ->  null; waits of minutes become waits of seconds
    ["find", words, limit]                  ->  [[address, title], ...] of what is found
    ["answers", query, ...]                 ->  {query: all that the search page would tell the analyst}
    ["export", query, form]                 ->  id of an export that the analyst asked for
    ["verify"]                              ->  how every row and the index agree
    ["up", "collect", "index", ...]         ->  pid of a supervisor that runs these
    ["role", username, role, unit code]     ->  null; the person holds the role
    ["signed_above", unit, upper unit]      ->  null; the unit's stories are signed by the upper unit
    ["submit", username, title]             ->  id of a story that was written and sent to review
    ["pass", username, story, step]         ->  state of the story after the person signed it
    ["story", story]                        ->  [state, [signer, ...]], or null when it is not here
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
import threading
from functools import partial
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from rongmei.archive import collecting, exports, selectors, verifying  # noqa: E402
from rongmei.config import processes, supervisor  # noqa: E402
from rongmei.config.supervisor import Child, Supervisor, die_with_parent  # noqa: E402
from rongmei.kernel import db, http  # noqa: E402
from rongmei.network import dialer, exchange  # noqa: E402
from rongmei.network.models import Member, RoleHolding, Unit  # noqa: E402
from rongmei.network.testing import make_people, make_units  # noqa: E402
from rongmei.sources import actions as sources  # noqa: E402
from rongmei.sources import polite  # noqa: E402
from rongmei.sources.models import FetchState  # noqa: E402
from rongmei.stories import actions as stories  # noqa: E402
from rongmei.stories import selectors as story_selectors  # noqa: E402
from rongmei.stories.models import Story  # noqa: E402

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


def watch(*wanted: tuple[str, dict[str, Any]]) -> None:
    duty, admin = (Member.objects.get(username=name) for name in ("duty", "sysadmin"))
    for url, fields in wanted:
        source = sources.source_add(
            by=duty, unit_id=duty.unit_id, url=url, min_interval=5, max_interval=5,
            **{"name": url[-40:], **fields},
        )  # fmt: skip
        sources.source_mark_internal(by=admin, source_id=source.pk, internal=True)


def wake() -> None:
    with db.write():
        FetchState.objects.update(due_at=timezone.now())


def hurry() -> None:
    """What the collect process waits for, in the clock of a test; forked processes have it so."""
    polite.DOWN_SECONDS = 2.0
    brisk = dataclasses.replace(http.DEFAULT_LIMITS, read=4.0)
    collecting.AsyncDoor = partial(http.AsyncDoor, limits=brisk)
    collecting.PAGE_LIMITS = dataclasses.replace(collecting.PAGE_LIMITS, read=4.0)


def find(words: str, limit: int) -> list[tuple[str, str]]:
    page = selectors.find_everything(words, sort="relevant", limit=limit)
    return [(one.document.url, one.document.title) for one in page.hits]


def answers(*queries: str) -> dict[str, Any]:
    """Counts, charts and, where a page holds them all, addresses; two of one second in either order."""
    analyst, told = Member.objects.get(username="analyst"), {}
    for query in queries:
        page = selectors.find(analyst, query, limit=200)
        told[query] = {
            "total": page.total, "facets": dict(page.facets), "days": page.histogram,
            "found": sorted(one.document.url for one in page.hits) if page.total <= 200 else None,
        }  # fmt: skip
    return told


def export(query: str, form: str) -> str:
    analyst = Member.objects.get(username="analyst")
    return str(exports.export_ask(by=analyst, query=query, form=form).pk)


def verify() -> dict[str, Any]:
    return verifying.verify(full=True).facts()


def up(*names: str) -> int:
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent()
        # A test that kills fifty times a minute is no crash loop to be slowed down.
        supervisor.QUICK_DEATH = 0.0
        home = settings.RONGMEI_NODE.home
        children = [Child(name, run) for name, run in processes.all_processes() if name in names]
        Supervisor(children, home / "logs", home / "run" / "status.json").run()
    finally:
        os._exit(1)


def role(username: str, role_: str, unit: str) -> None:
    with db.write():
        RoleHolding.objects.create(
            member=Member.objects.get(username=username), unit=Unit.objects.get(code=unit),
            role=role_, starts_at=timezone.now(),
        )  # fmt: skip


def signed_above(unit: str, upper: str) -> None:
    by = Member.objects.get(username="yl.chief")
    steps = [
        {"key": "first", "name": "初审", "stage": "first"},
        {"key": "second", "name": "复审", "stage": "second"},
        {"key": "final", "name": "总部终审", "stage": "final", "unit": str(Unit.objects.get(code=upper).pk)},
    ]  # fmt: skip
    made = stories.flow_draft(
        by=by, unit_id=Unit.objects.get(code=unit).pk, name="示例流程", content={"steps": steps}
    )
    stories.flow_publish(by=by, flow_id=made.pk)


def submit(username: str, title: str) -> str:
    by = Member.objects.get(username=username)
    story = stories.story_create(by=by, unit_id=by.unit_id, title=title)
    body = [{"type": "paragraph", "value": "<p>清晨六点，抢修队抵达现场，分成三组排查线路。</p>"}]
    story = stories.story_save(
        by=by, story_id=story.pk, fields={"body": body}, base_revision=story.latest_revision_id
    )
    return str(stories.story_submit(by=by, story_id=story.pk).pk)


def pass_(username: str, story: str, step: str) -> str:
    by = Member.objects.get(username=username)
    seen = Story.objects.get(pk=story)
    return stories.review_pass(
        by=by, story_id=seen.pk, step=step, content_hash=seen.content_hash, opinion="同意"
    ).state


def story_(story: str) -> Any:
    seen = Story.objects.filter(pk=story).first()
    if seen is None:
        return None
    standing = story_selectors.standing_signatures(seen)
    if seen.state == "signed":
        story_selectors.require_signed(seen)
    return seen.state, [one.person_name for one in standing]


VERBS = {
    "start": start, "command": command, "seed": seed, "say": say, "watch": watch, "wake": wake,
    "hurry": hurry, "find": find, "answers": answers, "export": export, "verify": verify, "up": up,
    "role": role, "signed_above": signed_above, "submit": submit, "pass": pass_, "story": story_,
}  # fmt: skip

for line in sys.stdin:
    verb, *words = json.loads(line)
    print(json.dumps(VERBS[verb](*words)), flush=True)
