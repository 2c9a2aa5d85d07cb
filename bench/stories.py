"""What stories cost when there are many: opening the editor, saving, the reviewer's queue, lists; beside
plain Wagtail's own rows doing the same.

    python -m bench.stories [--quick] [--stories N] [--requests N] [--keep FOLDER]

100,000 stories with 1,000,000 revisions on SQLite; with `--quick` 2,000 with 20,000. A few thousand
are made as `bench.newsroom` makes them, the rest are copies put in by SQL; `--keep` keeps the node,
and goes on with one already there. Requests run in this process, without a server: the milliseconds
are processor time, which is true on a busy machine too, with the wall clock beside it. The peer is a
model of this bench alone with Wagtail's `RevisionMixin`, the same body and as many rows, in the same
database.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import machine

MADE, MADE_QUICK = 4_000, 400
TARGETS = {"editor": 500, "save": 150, "queue": 200}
PASSWORD = "bench-示例-2026"


def start(home: Path) -> None:
    """A node of its own in `home`, and Django on it."""
    from rongmei.config import template_db
    from rongmei.config.node import ENV_FILE, write_env_file

    if not (home / "node.sqlite3").exists():
        write_env_file(
            home / ENV_FILE,
            {"RONGMEI_SLUG": "hq", "RONGMEI_NAME": "示例节点", "RONGMEI_SECRET_KEY": "bench" * 10},
        )
        template_db.copy_to(home / "node.sqlite3")
    os.environ["RONGMEI_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "rongmei.config.settings"
    import django

    django.setup()


def peer_model() -> Any:
    """A plain model with Wagtail's revisions; its table is made when it is not there."""
    from django.contrib.contenttypes.fields import GenericRelation
    from django.db import connection, models
    from typing_extensions import override
    from wagtail.fields import StreamField
    from wagtail.models import RevisionMixin

    from rongmei.stories.blocks import BODY_BLOCKS

    class Plain(RevisionMixin, models.Model):
        title = models.CharField(max_length=80)
        body = StreamField(BODY_BLOCKS, blank=True)
        state = models.CharField(max_length=10, default="draft", db_index=True)
        _revisions = GenericRelation(
            "wagtailcore.Revision", content_type_field="base_content_type",
            object_id_field="object_id", for_concrete_model=False,
        )  # fmt: skip

        class Meta:
            app_label = "bench"

        @override
        def __str__(self) -> str:
            return self.title

        @property
        def revisions(self) -> Any:
            return self._revisions

    if Plain._meta.db_table not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Plain)
    return Plain


def fill(stories: int, revisions: int, made: int) -> None:
    """Stories and revisions up to these numbers; goes on where an earlier run was ended."""
    from django.db import connection

    from bench.newsroom import Words, _stories
    from rongmei.kernel import db
    from rongmei.network.testing import Cast, make_people, make_units
    from rongmei.stories.models import Story

    if not Story.objects.exists():
        with db.write():
            units = make_units()
            people = make_people(units, password=PASSWORD)
        _stories(Words(20260601), Cast(units, people), made)
    columns = [one.column for one in Story._meta.fields if one.column not in {"id", "number"}]
    names = ", ".join(f'"{one}"' for one in columns)
    table = Story._meta.db_table
    while (there := Story.objects.count()) < stories:
        wanted = min(20_000, stories - there)
        with db.write(), connection.cursor() as cursor:
            # Copies are signed: what waits stays as much as was made.
            cursor.execute(
                f"INSERT INTO {table} (id, number, {names}) "
                f"SELECT lower(hex(randomblob(16))), 'C' || lower(hex(randomblob(8))), {names} "
                f"FROM {table} WHERE state = 'signed' LIMIT %s",
                [wanted],
            )
    _revisions("stories.story", _dashed("s.id"), table, revisions)


def _dashed(column: str) -> str:
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return " || '-' || ".join(f"substr({column}, {at}, {size})" for at, size in parts)


def _revisions(model: str, key: str, table: str, wanted: int) -> None:
    """Revisions of the rows of a table, copied from the first one, up to `wanted` in all."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection
    from wagtail.models import Revision

    from rongmei.kernel import db

    app, name = model.split(".")
    kind = ContentType.objects.get_or_create(app_label=app, model=name)[0].pk
    rows = Revision.objects.filter(content_type=kind)
    template = rows.first()
    assert template is not None, f"no revision of {model} to copy"
    columns = [one.column for one in Revision._meta.fields if one.column not in {"id", "object_id"}]
    names = ", ".join(f'"{one}"' for one in columns)
    picked = ", ".join(f'r."{one}"' for one in columns)
    while (there := rows.count()) < wanted:
        with db.write(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO wagtailcore_revision (object_id, {names}) "
                f"SELECT {key}, {picked} FROM {table} s, wagtailcore_revision r "
                f"WHERE r.id = %s ORDER BY s.id LIMIT %s",
                [template.pk, min(50_000, wanted - there)],
            )


def fill_peer(plain: Any, stories: int, revisions: int) -> None:
    """As many plain rows and revisions."""
    from django.db import connection

    from rongmei.kernel import db
    from rongmei.stories.models import Story

    if not plain.objects.exists():
        sample = Story.objects.exclude(body="").first()
        assert sample is not None
        first = plain.objects.create(title=sample.title, body=sample.body.raw_data)
        first.save_revision()
    table = plain._meta.db_table
    while (there := plain.objects.count()) < stories:
        with db.write(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (title, body, state, latest_revision_id) "
                f"SELECT title, body, 'signed', NULL FROM {table} LIMIT %s",
                [min(there, stories - there)],
            )
    _revisions("bench.plain", "CAST(s.id AS TEXT)", table, revisions)


def timed(act: Callable[[int], Any], times: int) -> dict[str, float]:
    """Milliseconds of processor time, and of the wall clock, over so many calls."""
    cpu, wall = [], []
    for n in range(times + 2):
        began, clock = time.process_time(), time.perf_counter()
        act(n)
        # The first two calls load what every later one has.
        if n > 1:
            cpu.append((time.process_time() - began) * 1000)
            wall.append((time.perf_counter() - clock) * 1000)
    late = min(int(len(cpu) * 0.95), len(cpu) - 1)
    return {
        "cpu_median_ms": round(statistics.median(cpu), 1),
        "cpu_p95_ms": round(sorted(cpu)[late], 1),
        "p95_ms": round(sorted(wall)[late], 1),
    }


def ours(times: int) -> dict[str, dict[str, float]]:
    """The pages and verbs of the newsroom."""
    from django.test import Client
    from django.urls import reverse

    from rongmei.network.models import Member
    from rongmei.stories import actions, selectors
    from rongmei.stories.models import Story

    def client(username: str) -> Client:
        found = Client(headers={"host": "127.0.0.1"})
        found.force_login(
            Member.objects.get(username=username), "rongmei.network.backends.MatrixBackend"
        )
        return found

    def page(who: Client, address: str) -> None:
        answer = who.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"

    writer, by = client("yl.reporter"), Member.objects.get(username="yl.reporter")
    drafts = list(Story.objects.filter(state="draft", author_id=by.pk)[: times + 2])
    waiting = list(selectors.review_queue(Member.objects.get(username="yl.second")))
    second = Member.objects.get(username="yl.second")
    editor = [reverse("wagtailsnippets_stories_story:edit", args=[one.pk]) for one in drafts]

    def save(n: int) -> None:
        row = Story.objects.get(pk=drafts[n % len(drafts)].pk)
        actions.story_save(
            by=by, story_id=row.pk, fields={"summary": f"示例 {n}"},
            base_revision=row.latest_revision_id,
        )  # fmt: skip

    def sign(n: int) -> None:
        row = Story.objects.get(pk=waiting[n].pk)
        actions.story_pass(by=second, story_id=row.pk, step="second", content_hash=row.content_hash)

    reviewer, chief = client("yl.second"), client("yl.chief")
    return {
        "editor": timed(lambda n: page(writer, editor[n % len(editor)]), times),
        "save": timed(save, times),
        "queue": timed(lambda _n: page(reviewer, reverse("review:queue")), times),
        "list": timed(lambda _n: page(chief, reverse("stories:list")), times),
        "list_rows": timed(
            lambda _n: list(selectors.stories_listed_to(second).order_by("-id")[:50]), times
        ),
        "sign": timed(sign, min(times, len(waiting) - 2)),
    }


def peers(plain: Any, times: int) -> dict[str, dict[str, float]]:
    """The same rows as plain Wagtail keeps them: a revision saved, fifty rows listed."""
    from rongmei.kernel import db
    from rongmei.network.models import Member

    by = Member.objects.get(username="yl.reporter")
    keys = list(plain.objects.values_list("pk", flat=True)[: times + 2])

    def save(n: int) -> None:
        row = plain.objects.get(pk=keys[n % len(keys)])
        row.title = f"示例 {n}"
        with db.write():
            row.save()
            row.save_revision(user=by, log_action=True)

    return {
        "save": timed(save, times),
        "list_rows": timed(lambda _n: list(plain.objects.order_by("-pk")[:50]), times),
    }


def main() -> None:
    """Fill, measure, keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.stories", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--stories", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    os.nice(10)
    stories, made = (2_000, MADE_QUICK) if asked.quick else (asked.stories, MADE)
    home = asked.keep or Path(tempfile.mkdtemp(prefix="bench-stories-"))
    home.mkdir(parents=True, exist_ok=True)
    before = machine.facts()
    try:
        start(home)
        began = time.monotonic()
        fill(stories, stories * 10, made)
        plain = peer_model()
        fill_peer(plain, stories, stories * 10)
        filled = round(time.monotonic() - began, 1)
        held, peer = ours(asked.requests), peers(plain, asked.requests)
    finally:
        if asked.keep is None:
            shutil.rmtree(home, ignore_errors=True)
    result = {
        **before, "load_after": machine.facts()["load_average"], "stories": stories,
        "revisions": stories * 10, "filled_s": filled, "ours": held, "wagtail": peer,
        "targets_ms": TARGETS,
    }  # fmt: skip
    machine.keep("stories-quick" if asked.quick else "stories", result)
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
