"""Every address of a node with who may call it: the rooms' tables, and the few that no room owns.

A room says it in `rongmei/<room>/tests/routes.py`: `ROUTES = {"network:units": Route(…)}` (several
rows for several methods), and `NOT_BY_ROUTE = {"room.verb": "why"}` for permissions that no address
alone can show. How to write a row is in the docstring of `rongmei.network.testing.Route`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from rongmei.config.settings import ROOMS
from rongmei.network.testing import Route
from rongmei.stories.editor.routes import OPEN

PUBLIC_BY_NATURE = {
    "healthz": Route(public="load balancers ask it; it says only whether the database answers"),
    "metrics": Route(public="Prometheus reads it; figures without names; shut it off in the proxy"),
    "set_language": Route(method="POST", public="strangers choose the language of the portal too"),
    "media": Route(
        args=lambda cast: {"path": "nothing.jpg"},
        public="pictures of the public portal; names cannot be guessed",
    ),
    "api:openapi-json": Route(public="the description of the API holds no data"),
    "api:openapi-view": Route(public="the description of the API holds no data"),
    "api:api-root": Route(public="answers 404; exists so that the API's address can be reversed"),
}


@dataclass(frozen=True)
class Address:
    """A pattern of the URL configuration, by its full name."""

    name: str
    pattern: str
    view: Any


def _walk(patterns: list[Any], names: tuple[str, ...], prefix: str) -> Iterator[Address]:
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = (*names, one.namespace) if one.namespace else names
            yield from _walk(one.url_patterns, inner, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            full = prefix + str(one.pattern)
            name = ":".join((*names, one.name)) if one.name else full
            yield Address(name, full, one.callback)


def addresses() -> list[Address]:
    """Every pattern of the whole project, mounted applications included."""
    return list(_walk(get_resolver().url_patterns, (), ""))


def is_shut(address: Address) -> bool:
    """Whether it is one of Wagtail's that answers 404 to everybody.

    `test_every_other_wagtail_route_is_shut_for_everybody` (stories) calls each of them.
    """
    return address.pattern.startswith("cms/") and address.name not in OPEN


def tables() -> dict[str, Any]:
    """The rooms' modules with their tables, by room."""
    found = {}
    for room in ROOMS:
        name = f"rongmei.{room}.tests.routes"
        if find_spec(name):
            found[room] = import_module(name)
    return found


def rows() -> dict[str, tuple[Route, ...]]:
    """All rows by name of the address."""
    found: dict[str, tuple[Route, ...]] = {}
    for table in (PUBLIC_BY_NATURE, *(module.ROUTES for module in tables().values())):
        for name, given in table.items():
            assert name not in found, f"{name} stands in two tables"
            found[name] = given if isinstance(given, tuple) else (given,)
    return found


def not_by_route() -> dict[str, str]:
    """Permissions that no address alone can show, with the reason."""
    return {
        name: why
        for module in tables().values()
        for name, why in getattr(module, "NOT_BY_ROUTE", {}).items()
    }
