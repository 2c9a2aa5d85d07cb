"""Every list page costs as many queries with three times as many rows: none asks row by row.

The rows are copies of those that the route table's rows lay out, with their children, in every
table of the rooms; a page is a list when its address has no arguments and is read with GET. The
pages of one's own account, which are not a room's, are left out.
"""

from __future__ import annotations

import itertools
import secrets
import uuid
from collections import Counter
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rongmei.kernel.errors import RongmeiError
from rongmei.network.testing import Cast
from tests.test_routes import BACKEND, GUARDED, ROWS

pytestmark = pytest.mark.slow
FEW = 5
# One of these a node, or a chain that must not be copied, or bookkeeping that no page lists.
SINGLE = {"kernel.Event", "kernel.Cursor", "kernel.AuditEntry", "kernel.AuditHead", "network.Node"}
COPIED = (
    "archive.Document", "assets.Picture", "channels.Channel", "channels.Publication",
    "exemplars.Exemplar", "monitoring.Topic", "network.Grant", "network.Member", "network.Notice",
    "network.NoticeRoute", "network.Unit", "planning.Pitch", "planning.Task", "sources.Source",
    "stories.Story",
)  # fmt: skip
_numbers = itertools.count()


def tables() -> list[type[models.Model]]:
    """The rooms' tables that can have many rows."""
    return [
        one
        for one in apps.get_models()
        if one.__module__.startswith("rongmei.") and one._meta.label not in SINGLE
    ]


def _afresh(field: Any, value: Any) -> Any:
    """A value of its own for a field that must differ."""
    if field.choices:
        return value
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.IntegerField):
        return 100_000 + next(_numbers)
    if isinstance(field, models.CharField | models.TextField | models.FileField):
        return f"{str(value)[: (field.max_length or 200) - 10]}{secrets.token_hex(4)}"
    return value


def _must_differ(table: type[models.Model]) -> set[str]:
    together = [set(one) for one in table._meta.unique_together]
    together += [
        set(one.fields)
        for one in table._meta.constraints
        if isinstance(one, models.UniqueConstraint)
    ]
    single = {field.name for field in table._meta.fields if field.unique}
    return single | {name for names in together for name in names}


def copy(row: models.Model, **parent: models.Model) -> None:
    """The row once more, with its children; `parent` replaces what it hangs on."""
    table = type(row)
    made = table.objects.get(pk=row.pk)
    differ = _must_differ(table)
    children = [
        relation
        for relation in table._meta.related_objects
        if relation.related_model in tables() and relation.related_model is not table
    ]
    for field in table._meta.concrete_fields:
        if field.name in parent:
            setattr(made, field.name, parent[field.name])
        elif field.primary_key and not field.remote_field:
            made.pk = None if isinstance(field, models.AutoField) else _afresh(field, made.pk)
        elif field.name in differ and not field.remote_field:
            setattr(made, field.attname, _afresh(field, getattr(made, field.attname)))
    made._state.adding = True
    made.save_base(raw=True, force_insert=True)
    for relation in children:
        for child in relation.related_model.objects.filter(**{relation.field.name: row})[:3]:
            _copied(child, **{relation.field.name: made})


def _copied(row: models.Model, **parent: models.Model) -> bool:
    try:
        with transaction.atomic():
            copy(row, **parent)
    except IntegrityError:
        return False
    return True


def lay_out(cast: Cast) -> None:
    """What all rows of the route table need, at once."""
    for given in GUARDED.values():
        for row in given:
            for make in (row.args, row.data):
                try:
                    with transaction.atomic():
                        _ = make and make(cast)
                except RongmeiError:
                    # It has gone another way already, for another row.
                    continue


def grow(times: int) -> Counter[str]:
    """Add `times` copies of some rows of every table; how many were added to each."""
    added: Counter[str] = Counter()
    originals = [(table, list(table.objects.order_by("pk")[:2])) for table in tables()]
    for table, rows in originals:
        for row in rows:
            added[table._meta.label] += sum(_copied(row) for _n in range(times))
    return added


LISTS = sorted(
    {
        (name, row.allowed[0][0] if row.allowed else "planner")
        for name, given in ROWS.items()
        for row in given
        if row.method == "GET" and row.args is None and not row.public and ":" in name
    }
)


def cost(name: str, username: str, cast: Cast) -> tuple[int, list[str]]:
    """Queries of the page once its caches are warm, and their words."""
    client = Client()
    client.force_login(cast.people[username], BACKEND)
    url = reverse(name)
    assert client.get(url).status_code < 400, name
    cache.clear()
    with CaptureQueriesContext(connection) as asked:
        client.get(url)
    return len(asked), [one["sql"] for one in asked.captured_queries]


def test_lists_cost_the_same_with_three_times_the_rows(cast: Cast):
    lay_out(cast)
    first = grow(FEW)
    before = {name: cost(name, username, cast) for name, username in LISTS}
    grow(2 * FEW)
    dearer = {}
    for name, username in LISTS:
        count, words = cost(name, username, cast)
        if count > before[name][0]:
            more = Counter(one[:150] for one in words) - Counter(
                one[:150] for one in before[name][1]
            )
            dearer[name] = (before[name][0], count, more.most_common(3))
    # Others hang on a parent, and come with its copies.
    assert all(first[label] for label in COPIED), first
    assert len(before) > 40
    assert not dearer, "\n".join(f"{name}: {what}" for name, what in dearer.items())
