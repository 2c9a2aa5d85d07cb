"""Words of the sources room for templates."""

from __future__ import annotations

from django import template

from rongmei.sources import explaining
from rongmei.sources.models import FetchLog
from rongmei.sources.types import FetchOutcome

register = template.Library()


@register.simple_tag
def outcome_words(outcome: str) -> str:
    """How a fetch ended, in a few words; a dash before the first."""
    try:
        return str(FetchOutcome(outcome).words)
    except ValueError:
        return "—"


@register.simple_tag
def attempt_words(attempt: FetchLog, url: str) -> str:
    """What went wrong in an attempt, in the reader's language; empty when nothing did."""
    if FetchOutcome.is_fine(attempt.outcome):
        return ""
    return explaining.words_of(attempt.outcome, attempt.http_status, url)[0]
