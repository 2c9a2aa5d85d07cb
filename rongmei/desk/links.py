"""Addresses of other rooms' pages: an empty one where the room or the page is not there."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def link(name: str, *args: object, query: str = "") -> str:
    """The address of a page by name, or nothing."""
    try:
        return reverse(name, args=args) + (f"?{query}" if query else "")
    except NoReverseMatch:
        return ""
