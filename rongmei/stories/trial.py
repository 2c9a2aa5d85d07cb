"""Trying a flow before it is in force: who could sign each step of a story, and where it would get stuck."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories.flows import Flow, FlowStep


@dataclass(frozen=True)
class Tried:
    """One step: who could sign it, and why the story would stop there, if it would.

    `elsewhere` names the unit on another node whose people sign it; who they are is known there.
    """

    step: FlowStep
    people: tuple[Any, ...]
    stuck: str = ""
    elsewhere: str = ""


def dry_run(flow: Flow, unit_id: uuid.UUID, author_id: uuid.UUID | None = None) -> list[Tried]:
    """Each step with the people who could sign it for a story of this unit by this author.

    People are dealt out to the steps in order, each to one; the first step that nobody is left for is
    where the story would wait for ever.
    """
    seats_at = {(one.permission, one.unit_id or unit_id) for one in flow.steps}
    held = {(name, place): policy.members_with(name, place, lent=True) for name, place in seats_at}
    away = network.unit_labels(
        one.unit_id for one in flow.steps if one.unit_id and not network.is_local(one.unit_id)
    )
    able: dict[str, list[Any]] = {}
    for step in flow.steps:
        able[step.key] = [
            one
            for one in held[step.permission, step.unit_id or unit_id]
            if one.pk != author_id and (not step.people or str(one.pk) in step.people)
        ]
    seats: dict[uuid.UUID, str] = {}

    def seat(key: str, asked: set[uuid.UUID]) -> bool:
        for one in able[key]:
            if one.pk in asked:
                continue
            asked.add(one.pk)
            if one.pk not in seats or seat(seats[one.pk], asked):
                seats[one.pk] = key
                return True
        return False

    found = []
    for step in flow.steps:
        if step.unit_id in away:
            found.append(Tried(step, (), elsewhere=away[step.unit_id]))
            continue
        people = tuple(able[step.key])
        if seat(step.key, set()):
            found.append(Tried(step, people))
        elif people:
            found.append(Tried(step, people, _("能签的人都要签别的环节，还缺一人。")))
        else:
            found.append(
                Tried(step, people, _("没有人能签。请授予角色、委托代审或由上级单位借人。"))
            )
    return found
