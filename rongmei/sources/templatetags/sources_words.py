"""Words of the sources room for templates."""

from __future__ import annotations

from django import template

from rongmei.sources.types import FetchOutcome

register = template.Library()


@register.simple_tag
def outcome_words(outcome: str) -> str:
    """How a fetch ended, in a few words; a dash before the first."""
    try:
        return str(FetchOutcome(outcome).words)
    except ValueError:
        return "—"
