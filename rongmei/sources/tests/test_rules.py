"""Every rule of reading, one by one, and that the page of them is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from rongmei.kernel.errors import RongmeiError
from rongmei.sources import errors
from rongmei.sources.collectors import identify, parse
from rongmei.sources.tests.cases import CASES, NOW
from rongmei.sources.tests.rules import BASE, Rule
from rongmei.sources.tests.rules.families import FAMILIES, page
from rongmei.sources.types import Collected, Fetched, SourceSpec

RULES = [(family, rule) for family, rules in FAMILIES.items() for rule in rules]


def read(rule: Rule, body: bytes) -> Collected:
    spec = SourceSpec(kind=rule.kind, url=BASE, **rule.options)
    answer = Fetched(BASE, BASE, body, NOW, content_type=rule.content_type)
    return parse(spec, answer)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=f"{f}: {rule.name}") for f, rule in RULES])
def test_rule(rule: Rule) -> None:
    if rule.refused:
        with pytest.raises(RongmeiError) as caught:
            read(rule, rule.body)
        assert type(caught.value) is getattr(errors, rule.refused)
        return
    collected = read(rule, rule.body)
    assert len(collected.items) == rule.count
    for name, wanted in rule.first.items():
        assert getattr(collected.items[0], name) == wanted, name
    for name, wanted in rule.feed.items():
        assert getattr(collected, name) == wanted, name
    assert rule.remarks <= {remark.code for remark in collected.warnings}
    if rule.same:
        key = rule.same.removeprefix("not ")
        one, other = identify(collected.items[0]), identify(read(rule, rule.other).items[0])
        assert (getattr(one, key) == getattr(other, key)) is (key == rule.same)


def test_there_are_300_rules_each_with_a_name_of_its_own() -> None:
    names = [rule.name for _family, rule in RULES] + [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 300


def test_the_page_of_rules_is_made_of_them() -> None:
    path = Path(__file__).parents[3] / "docs" / "reference" / "feeds.md"
    assert path.read_text(encoding="utf-8") == page(), "python -m rongmei.sources.tests.rules"
