"""All rules by family, and the page that lists them."""

from __future__ import annotations

from rongmei.sources.tests.cases import CASES
from rongmei.sources.tests.rules import (
    Rule,
    atom_rules,
    json_rules,
    module_rules,
    rss_rules,
    sitemap_rules,
    text_rules,
)

FAMILIES: dict[str, list[Rule]] = {
    "RSS 0.90–2.0": rss_rules.RULES,
    "Atom": atom_rules.RULES,
    "Modules": module_rules.RULES,
    "JSON Feed": json_rules.RULES,
    "Sitemaps": sitemap_rules.RULES,
    "Times": text_rules.DATES,
    "Encodings": text_rules.ENCODINGS,
    "Slips of XML": text_rules.SLIPS,
    "Texts": text_rules.TEXTS,
    "Addresses": text_rules.ADDRESSES,
}


def page() -> str:
    """The reference page, in Markdown."""
    total = sum(map(len, FAMILIES.values())) + len(CASES)
    rows = [f"| {name} | {len(rules)} |" for name, rules in FAMILIES.items()]
    lists = [
        f"## {name}\n\n" + "\n".join(f"- {_escaped(one.name)}" for one in rules)
        for name, rules in FAMILIES.items()
    ]
    cases = "\n".join(f"- {_escaped(case.name)}" for case in CASES)
    return (
        "# What the readers of feeds hold to\n\n"
        f"{total} rules, each held by one small document in `rongmei/sources/tests/`"
        " (`rules/`, `cases.py`), written by us from\n"
        "the specifications and from what servers send. This page is made of them:"
        " `python -m rongmei.sources.tests.rules`.\n\n"
        "| family | rules |\n|---|---|\n"
        + "\n".join(rows)
        + f"\n| First cases | {len(CASES)} |\n\n"
        + "\n\n".join(lists)
        + f"\n\n## First cases\n\n{cases}\n"
    )


def _escaped(name: str) -> str:
    return name.replace("<", "&lt;").replace("]]>", "]]&gt;")
