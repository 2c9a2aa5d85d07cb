"""Every text of the interface has its English; no catalogue holds what nobody says any more."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent / "rongmei"
CALLS = {
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
}
SAID = re.compile(r"""(?:gettext|_)\(\s*u?(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
HAN = re.compile(r"[\u4e00-\u9fff]")


def said_in_python(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name not in CALLS:
            continue
        arguments = (
            node.args[1:2]
            if name.startswith("pgettext")
            else node.args[:2]
            if name.startswith("n")
            else node.args[:1]
        )
        found |= {
            one.value
            for one in arguments
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
    return found


def said_in_template(path: Path) -> set[str]:
    text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    return {ast.literal_eval(match["text"]) for match in SAID.finditer(text)}


def everything_marked() -> dict[str, Path]:
    """Every text marked for translation, also those without Chinese: brackets, "3 / 5"."""
    found: dict[str, Path] = {}
    for path in ROOT.rglob("*.py"):
        if "tests" not in path.parts and "migrations" not in path.parts:
            found |= dict.fromkeys(said_in_python(path), path)
    for path in ROOT.rglob("templates/**/*.html"):
        if "tests" not in path.parts:
            found |= dict.fromkeys(said_in_template(path), path)
    return found


def everything_said() -> dict[str, Path]:
    return {text: path for text, path in everything_marked().items() if HAN.search(text)}


def catalogue() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in ROOT.rglob("locale/en/LC_MESSAGES/django.po"):
        with path.open("rb") as stream:
            for message in read_po(stream, locale="en"):
                if not message.id:
                    continue
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                strings = message.string if isinstance(message.string, tuple) else (message.string,)
                if all(strings) and "fuzzy" not in message.flags:
                    found |= dict.fromkeys(ids, strings[0])
    return found


def test_every_text_has_its_english():
    english = catalogue()
    missing = {
        text: str(path.relative_to(ROOT))
        for text, path in everything_said().items()
        if text not in english
    }
    assert not missing


IN_CONTEXT = re.compile(r"""\{% translate "(?P<text>[^"]+)" context "(?P<context>[^"]+)\"""")


def said_in_context() -> set[tuple[str, str]]:
    """(context, text) of what means different things in different places."""
    found = set()
    for path in ROOT.rglob("*.py"):
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(
                getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", "")
            )
            if isinstance(node, ast.Call) and name in {"pgettext", "pgettext_lazy"}:
                context, text = node.args[:2]
                if isinstance(context, ast.Constant) and isinstance(text, ast.Constant):
                    found.add((str(context.value), str(text.value)))
    for path in ROOT.rglob("templates/**/*.html"):
        if "tests" not in path.parts:
            marks = IN_CONTEXT.finditer(path.read_text(encoding="utf-8"))
            found |= {(one["context"], one["text"]) for one in marks}
    return found


def test_every_text_with_a_context_has_its_english_there():
    """Django does not fall back from a context to the same text without one."""
    known = set()
    for path in ROOT.rglob("locale/en/LC_MESSAGES/django.po"):
        with path.open("rb") as stream:
            known |= {(one.context, one.id) for one in read_po(stream, locale="en") if one.string}
    assert {(context, text) for context, text in said_in_context() if HAN.search(text)} <= known


def test_placeholders_are_the_same():
    wrong = {
        text: said
        for text, said in catalogue().items()
        if set(re.findall(r"%\(\w+\)", text)) != set(re.findall(r"%\(\w+\)", said))
    }
    assert not wrong


def test_one_text_has_one_english():
    """Catalogues of all rooms are one to Django: of two Englishes for a text only one is ever seen.
    Where one will not do for both places, a context tells them apart."""
    said: dict[tuple[str | None, object], set[str]] = {}
    for path in ROOT.rglob("locale/en/LC_MESSAGES/django.po"):
        with path.open("rb") as stream:
            for message in read_po(stream, locale="en"):
                if message.id:
                    said.setdefault((message.context, message.id), set()).add(str(message.string))
    assert {text: english for text, english in said.items() if len(english) > 1} == {}


def test_nothing_is_kept_that_nobody_says():
    assert not set(catalogue()) - set(everything_marked())


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("locale/en/LC_MESSAGES/django.po")), ids=lambda p: p.parts[-5]
)
def test_catalogues_can_be_read(path):
    with path.open("rb") as stream:
        assert len(read_po(stream, locale="en", abort_invalid=True)) >= 0
