"""Policy's reach against a slow, obvious reading of the rules."""

from __future__ import annotations

import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from rongmei.network import policy
from rongmei.network.matrix import MATRIX, PERMISSIONS
from rongmei.network.types import Reach, Role

IDS = [uuid.UUID(int=number) for number in range(8)]


@st.composite
def trees(draw):
    """A parent below every unit's own number: any tree or forest, never a circle."""
    return {
        unit: draw(st.one_of(st.none(), st.sampled_from(IDS[:number]))) if number else None
        for number, unit in enumerate(IDS)
    }


def is_below(parents, unit, top) -> bool:
    while unit is not None:
        if unit == top:
            return True
        unit = parents[unit]
    return False


def may(permission, unit, holdings, parents, grants) -> bool:
    for role, at in holdings:
        far = MATRIX[Role(role)].get(permission)
        if far is Reach.OWN and unit == at:
            return True
        if far is Reach.TREE and is_below(parents, unit, at):
            return True
        shared = (unit, at, permission) in grants
        if far is not None and shared:
            return True
    return False


@settings(max_examples=150, deadline=None)
@given(
    parents=trees(),
    holdings=st.lists(
        st.tuples(st.sampled_from(list(Role.values)), st.sampled_from(IDS)), max_size=4
    ),
    grants=st.lists(
        st.tuples(st.sampled_from(IDS), st.sampled_from(IDS), st.sampled_from(list(PERMISSIONS))),
        max_size=6,
    ),
)
def test_reach_is_what_the_rules_say(parents, holdings, grants):
    reach = policy.reach_from(holdings, policy.Tree(parents), grants)
    for permission in PERMISSIONS:
        expected = {unit for unit in IDS if may(permission, unit, holdings, parents, grants)}
        assert reach.get(permission, frozenset()) == expected, permission
