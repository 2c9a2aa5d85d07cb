"""Subjects that stories are filed under: looking them up, and taking lists in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from rongmei.kernel.errors import BadInput
from rongmei.network import policy
from rongmei.stories.models import Subject


def visible_to(member: Any) -> QuerySet[Subject]:
    """Subjects that a member may file stories under: shared lists, and those of units one may read."""
    own = policy.units_for(member, "stories.view")
    return Subject.objects.filter(Q(unit=None) | Q(unit__in=own), retired=False)


def found(words: str, rows: QuerySet[Subject]) -> QuerySet[Subject]:
    """Those whose code or name in either language holds these words."""
    match = Q(name_zh__icontains=words) | Q(name_en__icontains=words) | Q(qcode=words)
    return rows.filter(match) if words else rows


def by_code(qcodes: Sequence[str]) -> dict[str, Subject]:
    """Subjects by their codes (no query for none, else one)."""
    if not qcodes:
        return {}
    return {one.qcode: one for one in Subject.objects.filter(qcode__in=qcodes)}


def names(qcodes: Sequence[str]) -> list[str]:
    """Names in the language of the interface, in this order; a code nobody knows is itself."""
    known = by_code(qcodes)
    return [str(known.get(code, code)) for code in qcodes]


def codes(words: Sequence[str]) -> list[str]:
    """Codes of subjects by code or name in either language. Raises BadInput for what is not listed."""
    if not words:
        return []
    match = Q(qcode__in=words) | Q(name_zh__in=words) | Q(name_en__in=words)
    known: dict[str, str] = {}
    for one in Subject.objects.filter(match, retired=False).order_by("-qcode"):
        known |= dict.fromkeys((one.qcode, one.name_zh, one.name_en), one.qcode)
    unknown = [word for word in words if word not in known]
    if unknown:
        raise BadInput(
            _("主题分类表里没有：%(names)s，没有保存。请用表内名称，或写在“标签”里。")
            % {"names": "、".join(unknown)}
        )
    return list(dict.fromkeys(known[word] for word in words))
