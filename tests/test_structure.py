"""Directions that the import linter cannot see: string foreign keys, migrations, plugins."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

# Upper first. A relation may point down or stay in its room.
ORDER = [
    {"config"},
    {"desk"},
    {"screen"},
    {"portal"},
    {"impact"},
    {"channels"},
    {"stories"},
    {"exemplars", "planning"},
    {"monitoring"},
    {"archive"},
    {"sources", "assets"},
    {"network"},
    {"kernel"},
]
HEIGHT = {room: -level for level, rooms in enumerate(ORDER) for room in rooms}


def _room(model: type) -> str:
    return model._meta.app_label


@pytest.mark.parametrize(
    "model", [m for m in apps.get_models() if m._meta.app_label in HEIGHT], ids=str
)
def test_relations_point_down(model):
    wrong = []
    for field in model._meta.get_fields():
        target = getattr(field, "related_model", None)
        if (
            field.auto_created
            or not getattr(field, "concrete", False)
            or not isinstance(target, type)
        ):
            continue
        other = _room(target)
        if other in HEIGHT and other != _room(model) and HEIGHT[other] >= HEIGHT[_room(model)]:
            wrong.append(f"{model._meta.label}.{field.name} → {target._meta.label}")
    assert not wrong


def test_migrations_depend_downward():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    wrong = []
    for (room, name), migration in loader.disk_migrations.items():
        for other, other_name in migration.dependencies:
            if (
                room in HEIGHT
                and other in HEIGHT
                and other != room
                and HEIGHT[other] >= HEIGHT[room]
            ):
                wrong.append(f"{room}.{name} → {other}.{other_name}")
    assert not wrong
