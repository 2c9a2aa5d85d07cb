"""The days that a typed query is limited to: finding them, and putting others in their place.

The words themselves stay as somebody typed them.
"""

from __future__ import annotations

from rongmei.archive.query import And, When, parse, tokens

WHEN_PUBLISHED = frozenset({"after", "before", "date"})


def without_days(text: str) -> str:
    """What was typed without the days of publication that narrow all of it, else as it was typed.

    Days inside brackets, alternatives or exclusions belong to their part and stay. Raises
    QueryError for what has no meaning.
    """
    parse(text)
    if _is_alternatives(text):
        return text
    pieces = tokens(text)
    depth, cut = 0, []
    for at, token in enumerate(pieces):
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        node = token.node
        if depth or not isinstance(node, When) or node.name not in WHEN_PUBLISHED:
            continue
        before = pieces[at - 1] if at else None
        if before is not None and before.kind == "not":
            continue
        after = pieces[at + 1]
        if before is not None and before.kind == "and":
            cut.append((before.position, after.position))
        elif after.kind == "and":
            cut.append((token.position, pieces[at + 2].position))
        else:
            cut.append((token.position, after.position))
    left = text
    for start, end in reversed(cut):
        left = left[:start] + left[end:]
    return left.strip() if cut else text


def stem_of(text: str) -> str:
    """What was typed without its days, so that a condition can be put behind it with a blank."""
    left = without_days(text)
    return f"({left})" if left and _is_alternatives(left) else left


def _is_alternatives(text: str) -> bool:
    """Whether an `or` outside of all brackets parts the text."""
    depth = 0
    for token in tokens(text):
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        if depth == 0 and token.kind == "or":
            return True
    return False


def days_of(text: str) -> tuple[When, ...]:
    """The days of publication that narrow all of what was typed."""
    match parse(text):
        case When() as one if one.name in WHEN_PUBLISHED:
            return (one,)
        case And(children):
            return tuple(
                one for one in children if isinstance(one, When) and one.name in WHEN_PUBLISHED
            )
        case _:
            return ()
