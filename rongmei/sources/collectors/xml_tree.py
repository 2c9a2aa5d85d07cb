"""From bytes to a tree, by libxml2: no DTD, no entity of their own, no network, bounded depth.

A sound document goes straight through. One that is not is mended as text (``xml_text``) and read
again; what is broken even then yields what libxml2 can make of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from lxml import etree

from rongmei.sources.collectors.encoding import decode
from rongmei.sources.collectors.xml_names import local
from rongmei.sources.collectors.xml_text import WINDOWS_REFERENCE, mended, remarks_on, unpacked
from rongmei.sources.types import Fetched, Remark, RemarkCode

_KEPT = ("alt", "colspan", "datetime", "href", "rowspan", "src", "title")
_EMPTY = frozenset({"br", "hr", "img"})
_MAX_MARKUP_DEPTH = 200


@dataclass(slots=True)
class Tree:
    """A document's root, None when there is no XML in it; ``text`` is set when it was mended."""

    root: etree._Element | None
    text: str = ""
    broken: bool = False
    remarks: list[Remark] = field(default_factory=list)


def tree_of(fetched: Fetched, *, override: str = "") -> Tree:
    """The document as a tree; raises ``EntityRefused`` when it declares entities of its own."""
    decoded = decode(unpacked(fetched), content_type=fetched.content_type, override=override)
    remarks = remarks_on(decoded)
    # A DOCTYPE is never shown to libxml2: without one there are no entities to expand.
    if "<!DOCTYPE" not in decoded.text and not WINDOWS_REFERENCE.search(decoded.text):
        try:
            return Tree(etree.fromstring(_bytes(decoded.text.lstrip()), _parser()), remarks=remarks)
        except (etree.XMLSyntaxError, ValueError):
            pass
    text = mended(decoded.text, fetched.url)
    if not text:
        return Tree(None, remarks=remarks)
    parser = _parser(recover=True)
    try:
        root = etree.fromstring(_bytes(text), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    faults = [fault for fault in parser.error_log if not _harmless(fault)]
    if faults:
        remarks.append(Remark(RemarkCode.MALFORMED, f"{faults[0].line}: {faults[0].message}"[:200]))
    return Tree(root, text, bool(faults) or root is None, remarks)


def markup(element: etree._Element) -> str:
    """What is inside an element as HTML, its tags bare of namespaces and prefixes."""
    if not len(element):
        return escape(element.text or "", quote=False)
    parts = [escape(element.text or "", quote=False)]
    depth = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node is element or not isinstance(node.tag, str):
            continue
        name = local(node.tag).lower()
        if event == "start":
            depth += 1
            if depth <= _MAX_MARKUP_DEPTH:
                parts.append(f"<{name}{''.join(_attributes(node))}>")
            parts.append(escape(node.text or "", quote=False))
            continue
        if depth <= _MAX_MARKUP_DEPTH and name not in _EMPTY:
            parts.append(f"</{name}>")
        depth -= 1
        parts.append(escape(node.tail or "", quote=False))
    return "".join(parts)


def _attributes(node: etree._Element) -> Iterator[str]:
    for name in _KEPT:
        value = node.get(name)
        if value is not None:
            yield f' {name}="{escape(value)}"'


def _parser(*, recover: bool = False) -> etree.XMLParser:
    # huge_tree lifts the limits on text and depth from 10 MB and 256 to the size of the answer
    # (bounded by the door) and 2,048 levels; what it would also allow needs entities.
    return etree.XMLParser(
        encoding="utf-8", recover=recover, resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _harmless(fault: etree._LogEntry) -> bool:
    """A prefix that nobody bound: the names say what they mean all the same."""
    return bool(fault.domain == etree.ErrorDomains.NAMESPACE)
