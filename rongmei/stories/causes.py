"""Why a published story is corrected or withdrawn: codes that stay, with words for people.

The codes are what statistics count by, so none is ever given another meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fact": gettext_noop("事实有误"),
        "person": gettext_noop("人名、职务有误"),
        "number": gettext_noop("数字、日期有误"),
        "picture": gettext_noop("图片或图说有误"),
        "wording": gettext_noop("错别字或用语不当"),
        "rights": gettext_noop("版权、来源问题"),
        "consent": gettext_noop("当事人要求或个人信息"),
        "exemplar": gettext_noop("典型情况有变"),
        "update": gettext_noop("情况有新进展"),
        "other": gettext_noop("其他"),
    }
)
# What says nothing against the people who wrote and reviewed the story.
NOBODYS_ERROR: Final = frozenset({"consent", "exemplar", "update", "other"})


def words_of(code: str) -> str:
    """A cause in the reader's language."""
    return _(CAUSES.get(code, CAUSES["other"]))


def choices() -> Iterator[tuple[str, str]]:
    """Codes with their words, for a form."""
    return ((code, _(words)) for code, words in CAUSES.items())
