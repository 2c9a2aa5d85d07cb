"""State that lives in the address: change one parameter of a query string, keep the rest."""

from collections.abc import Iterable, Mapping

from django.http import QueryDict

# A changed filter or order starts again from the first page.
PLACE_PARAMS = ("page", "cursor", "before", "after")


def _link(query: QueryDict) -> str:
    # A lone "?" clears the query; an empty href would keep it.
    return "?" + query.urlencode()


def with_values(query: QueryDict, changes: Mapping[str, object]) -> str:
    """`?…` with each of `changes` set; None or "" drops it, a list or tuple repeats it."""
    out = query.copy()
    if not any(key in PLACE_PARAMS for key in changes):
        _drop(out, PLACE_PARAMS)
    for key, value in changes.items():
        if value is None or value == "":
            out.pop(key, None)
        elif isinstance(value, (list, tuple)):
            out.setlist(key, [str(v) for v in value])
        else:
            out[key] = str(value)
    return _link(out)


def without(query: QueryDict, names: Iterable[str]) -> str:
    """`?…` with `names` taken out."""
    out = query.copy()
    _drop(out, (*names, *PLACE_PARAMS))
    return _link(out)


def toggled(query: QueryDict, name: str, value: str, *, single: bool = False) -> str:
    """`?…` with `name=value` added if absent and removed if present; others kept."""
    out = query.copy()
    _drop(out, PLACE_PARAMS)
    held = out.getlist(name)
    if value in held:
        left = [v for v in held if v != value]
    else:
        left = [value] if single else [*held, value]
    if left:
        out.setlist(name, left)
    else:
        out.pop(name, None)
    return _link(out)


def _drop(query: QueryDict, names: Iterable[str]) -> None:
    for name in names:
        query.pop(name, None)
