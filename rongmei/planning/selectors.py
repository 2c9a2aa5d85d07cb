"""Reads of the planning room."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q

from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.planning.models import Task


def task_for(member: Any, task_id: uuid.UUID) -> Task:
    """A task the member's units dispatched or received."""
    units = policy.units_for(member, "planning.view")
    found = Task.objects.filter(Q(unit__in=units) | Q(to_unit__in=units), pk=task_id).first()
    if found is None:
        raise NotFound
    return found
