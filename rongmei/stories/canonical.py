"""The one form of a story's text that signatures cover, the same on every node.

Canonical JSON (RFC 8259, keys sorted, no spaces, UTF-8) of everything a reader is shown, and of the
terms of its use: change any of it and the hash changes. Keys of blocks and of pictures differ
between nodes and are left out; a picture stands for itself by the SHA-256 of its file.
"""

from __future__ import annotations

import difflib
import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import nh3
import orjson
import rjieba

from rongmei.assets import selectors as assets
from rongmei.assets.types import PictureFacts
from rongmei.stories.flows import SHARE
from rongmei.stories.types import Changes

FORM: Final = 1
WORDS: Final = (
    "kicker", "title", "subtitle", "summary", "byline", "origin", "rights_basis", "place",
    "category", "language",
)  # fmt: skip
_LATER: Final = ("step_name", "flow", "for_person", "for_name")
_TAGS: Final = {"p", "br", "b", "strong", "i", "em", "a", "ol", "ul", "li", "hr"}
_BREAKS = re.compile(r"</(?:p|li|ol|ul)>|<br\s*/?>|<hr\s*/?>", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:%|‰)?|[零〇一二三四五六七八九十百千万亿两]{2,}")
_cleaner = nh3.Cleaner(
    tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}, link_rel=None
)


def clean_html(source: str) -> str:
    """Paragraph HTML with nothing in it but text, emphasis, lists and plain links."""
    return _cleaner.clean(source).strip()


def plain(source: str) -> str:
    """The text of paragraph HTML, one line a paragraph."""
    broken = _BREAKS.sub("\n", source)
    return html.unescape(nh3.clean(broken, tags=set())).strip()


def picture_keys(story: Any) -> set[int]:
    """Keys of the pictures a story uses: its lead and those in the body."""
    keys = {story.lead_picture_id} if story.lead_picture_id else set()
    for kind, value in blocks_of(story):
        if kind == "picture" and value.get("picture"):
            keys.add(int(value["picture"]))
    return keys


def blocks_of(story: Any) -> list[tuple[str, Any]]:
    """(kind, plain value) of every block of the body; empty paragraphs say nothing, and are none."""
    value = story.body
    raw = value.stream_block.get_prep_value(value) if hasattr(value, "stream_block") else value
    found = [(str(one["type"]), one["value"]) for one in raw or []]
    return [(kind, held) for kind, held in found if kind != "paragraph" or says(str(held or ""))]


def shown_blocks(story: Any) -> list[int]:
    """The numbers, among all blocks of the body, of those that `content_of` holds, in their order."""
    value = story.body
    raw = value.stream_block.get_prep_value(value) if hasattr(value, "stream_block") else value
    return [
        at
        for at, one in enumerate(raw or [])
        if one["type"] != "paragraph" or says(str(one["value"] or ""))
    ]


def says(source: str) -> bool:
    """Whether paragraph HTML shows a reader anything: text, or a rule."""
    return "<hr" in source or bool(plain(source))


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None


def _block(kind: str, value: Any, pictures: Mapping[int, PictureFacts]) -> dict[str, Any]:
    if kind == "picture":
        facts = pictures.get(int(value.get("picture") or 0))
        return {
            "type": kind,
            "caption": value.get("caption") or "",
            "credit": value.get("credit") or "",
            "picture": facts.published() if facts else None,
        }
    if kind == "quote":
        return {
            "type": kind,
            "quote": value.get("quote") or "",
            "speaker": value.get("speaker") or "",
        }
    if kind == "paragraph":
        return {"type": kind, "html": clean_html(str(value or ""))}
    return {"type": kind, "text": str(value or "")}


def content_of(story: Any, pictures: Mapping[int, PictureFacts] | None = None) -> dict[str, Any]:
    """Everything a signature over this story covers; reads its pictures' facts when not given."""
    if pictures is None:
        pictures = assets.facts(picture_keys(story))
    lead = pictures.get(story.lead_picture_id) if story.lead_picture_id else None
    return {
        "form": FORM,
        "story": str(story.pk),
        "unit": str(story.unit_id),
        **{name: getattr(story, name) or "" for name in WORDS},
        "tags": [str(tag) for tag in story.tags or []],
        "features_exemplar": bool(story.features_exemplar),
        "embargo_until": _utc(story.embargo_until),
        "lead_picture": lead.published() if lead else None,
        "body": [_block(kind, value, pictures) for kind, value in blocks_of(story)],
    }


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def seal_of(signature: Any) -> str:
    """What binds person, step, time, text and opinion of a signature: SHA-256 over all of them."""
    return hash_of(
        {
            "form": FORM,
            "story": str(signature.story_id),
            "round": signature.round,
            "step": str(signature.step),
            "verdict": str(signature.verdict),
            "person": str(signature.person_id),
            "name": signature.person_name,
            "author": str(signature.author_id),
            "role": signature.role_at,
            "at": signature.signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "content": signature.content_hash,
            "opinion": signature.opinion,
            "proof": list(signature.proof),
            "edited": bool(signature.edited),
            # Said only where there is something to say: older seals stay as they were.
            **{name: str(value) for name in _LATER if (value := getattr(signature, name, None))},
        }
    )


def body_text(content: Mapping[str, Any]) -> str:
    """The body as plain text, one line a paragraph, captions and speakers included."""
    lines: list[str] = []
    for block in content["body"]:
        if block["type"] == "paragraph":
            lines.append(plain(block["html"]))
        elif block["type"] == "quote":
            speaker = f" ——{block['speaker']}" if block["speaker"] else ""
            lines.append(f"“{block['quote']}”{speaker}")
        elif block["type"] == "picture":
            lines.append(block["caption"] or (block["picture"] or {}).get("caption", ""))
        else:
            lines.append(block["text"])
    return "\n".join(line for line in lines if line)


def all_text(content: Mapping[str, Any]) -> str:
    """Headlines, summary and body together."""
    heads = [content[name] for name in ("kicker", "title", "subtitle", "summary")]
    return "\n".join([*(head for head in heads if head), body_text(content)])


@lru_cache(maxsize=256)
def _people(text: str) -> frozenset[str]:
    return frozenset(word for word, tag in rjieba.tag(text) if tag == "nr" and len(word) > 1)


def _names(content: Mapping[str, Any]) -> set[str]:
    speakers = {block["speaker"] for block in content["body"] if block["type"] == "quote"}
    return {*_people(all_text(content)), content["byline"], content["place"], *speakers} - {""}


def _numbers(content: Mapping[str, Any]) -> Counter[str]:
    return Counter(_NUMBER.findall(all_text(content)))


def _pictures(content: Mapping[str, Any]) -> list[Any]:
    inside = [block for block in content["body"] if block["type"] == "picture"]
    return [content["lead_picture"], *inside]


def changed_share(before: str, after: str) -> float:
    """Which part of the text was changed, 0 to 1: characters put in or taken out, by paragraph.

    Paragraphs are matched first and only those that changed are compared by character, because
    comparing two whole texts takes time with the square of their length.
    """
    old, new = before.split("\n"), after.split("\n")
    touched = 0
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        one, two = "\n".join(old[a:b])[:4000], "\n".join(new[c:d])[:4000]
        inner = difflib.SequenceMatcher(None, one, two, autojunk=False)
        same = sum(size for _i, _j, size in inner.get_matching_blocks())
        touched += max(len(one), len(two)) - same
    return touched / max(len(before), len(after), 1)


def compare(before: Mapping[str, Any], after: Mapping[str, Any], most: float = SHARE) -> Changes:
    """How `after` differs from `before`, and what of it is material.

    Material are: headlines, numbers, names, pictures, the terms of use (origin, rights, embargo,
    exemplar flag), or more than `most` of the text.
    """
    if hash_of(before) == hash_of(after):
        return Changes()
    terms = ("origin", "rights_basis", "embargo_until", "features_exemplar", "language")
    share = changed_share(body_text(before), body_text(after))
    tests: Iterable[tuple[str, bool]] = (
        ("title", any(before[name] != after[name] for name in ("kicker", "title", "subtitle"))),
        ("number", _numbers(before) != _numbers(after)),
        ("name", _names(before) != _names(after)),
        ("picture", _pictures(before) != _pictures(after)),
        ("terms", any(before[name] != after[name] for name in terms)),
        ("text", share > most),
    )
    return Changes(tuple(name for name, hit in tests if hit), round(share, 4), same=False)
