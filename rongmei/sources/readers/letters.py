"""Mails (RFC 5322 with MIME) to items: the letter itself, and each story attached to it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parseaddr

from typing_extensions import override

from rongmei.sources.collectors.clean import escaped, html_to_text
from rongmei.sources.collectors.identify import Draft
from rongmei.sources.errors import FileUnreadable, SourceError
from rongmei.sources.readers.given import Given, Reader
from rongmei.sources.types import Item, Remark, RemarkCode

MAX_ATTACHMENTS = 50
# A letter that only says "见附件" is no story beside the one attached.
_COVER_CHARS = 80
_HEADERS = (
    b"From:",
    b"Received:",
    b"Return-Path:",
    b"Date:",
    b"Subject:",
    b"Message-ID:",
    b"MIME-",
)


# The standard parser's time grows with the square of a header's length, and no name, subject or
# date is longer than this.
_MAX_HEADER = 4_000


class _Policy(email.policy.EmailPolicy):
    """The modern policy, with headers cut before they are taken apart."""

    @override
    def header_fetch_parse(self, name: str, value: str) -> str:
        """The header as text; one that was made here already passes through."""
        short = value if hasattr(value, "name") else value[:_MAX_HEADER]
        return str(super().header_fetch_parse(name, short))


_POLICY = _Policy()


def is_letter(name: str, body: bytes) -> bool:
    """Whether a file is a mail: by its name, or by the header it begins with."""
    start = body[:200].lstrip()
    return name.lower().endswith(".eml") or start.startswith(_HEADERS)


def read_letter(given: Given, inner: Reader) -> Iterator[Item]:
    """The letter's own text unless it only covers an attachment, then what is attached.

    `inner` reads the attachments; one it cannot read is left out with a remark.
    """
    try:
        message = email.message_from_bytes(given.body, policy=_POLICY)
        yield from _stories(given, message, inner)
    except RecursionError:
        # Parts within parts within parts, hundreds deep.
        raise FileUnreadable(url=given.name, expected="RFC 5322") from None


def _stories(given: Given, message: object, inner: Reader) -> Iterator[Item]:
    if not isinstance(message, EmailMessage) or not message.keys():
        raise FileUnreadable(url=given.name, expected="RFC 5322")
    key = _header(message, "Message-ID").strip()
    attached = list(_attached(message, given, inner))
    name, address = parseaddr(_header(message, "From"))
    html, text = _texts(message)
    words = html_to_text(html) if html else text.strip()
    if words and not (attached and len(words) <= _COVER_CHARS):
        found = given.item(
            Draft(
                entry_id=key, title=escaped(_header(message, "Subject")), body_html=html,
                body_text="" if html else text, authors=[escaped(name or address.split("@")[0])],
                published_at=given.when(_header(message, "Date")),
            )
        )  # fmt: skip
        if found:
            yield found
    yield from attached


def _header(message: EmailMessage, name: str) -> str:
    """A header as text; one that breaks the rules beyond reading is as if it were not there."""
    try:
        return str(message.get(name, ""))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return ""


def _texts(message: EmailMessage) -> tuple[str, str]:
    html = text = ""
    for part in message.walk():
        if part.get_content_maintype() != "text" or part.get_content_disposition() == "attachment":
            continue
        try:
            content = str(part.get_content())
        except (LookupError, ValueError, KeyError):
            raw = part.get_payload(decode=True)
            content = raw.decode("gb18030", "replace") if isinstance(raw, bytes) else ""
        if part.get_content_subtype() == "html":
            html = html or content
        elif part.get_content_subtype() == "plain":
            text = text or content
    return html, text


def _attached(message: EmailMessage, given: Given, inner: Reader) -> Iterator[Item]:
    count = 0
    for part in message.walk():
        name = part.get_filename()
        if not name or part.is_multipart():
            continue
        count += 1
        if count > MAX_ATTACHMENTS:
            given.remarks.append(Remark(RemarkCode.ITEMS_CUT, str(MAX_ATTACHMENTS)))
            return
        raw = part.get_payload(decode=True)
        if not isinstance(raw, bytes) or not raw:
            continue
        one = Given(name=name, body=raw, at=given.at, spec=given.spec, remarks=given.remarks)
        try:
            yield from inner(one)
        except SourceError:
            # Pictures and the like are no stories; the letter itself is kept all the same.
            given.remarks.append(Remark(RemarkCode.ATTACHMENT_LEFT, name[:80]))
