"""/api/v1/subjects: what stories may be filed under."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate

from rongmei.network.tokens import member_of
from rongmei.stories import subjects

router = Router(tags=["stories"])


class SubjectOut(Schema):
    """A subject; `broader` is the code of the wider one."""

    qcode: str
    name_zh: str
    name_en: str
    broader: str


@router.get("", response=list[SubjectOut], url_name="subjects")
@paginate(LimitOffsetPagination)
def listed(request: HttpRequest, q: str = "") -> Any:
    """Shared subjects and those of units in reach; `q` looks in names and codes."""
    return subjects.found(q.strip(), subjects.visible_to(member_of(request)))
