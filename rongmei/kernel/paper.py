"""Pages as PDF, for printing and filing.

A PDF is made in a process of its own, which is given the finished HTML, loads nothing from anywhere
(pictures come as data), and is ended when it takes too long: what a page holds never hangs a web
process, and a program that prints nothing never loads the typesetter. Never call it inside a write.
"""

from __future__ import annotations

import base64
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import orjson
import qrcode  # type: ignore[import-untyped]
from django.contrib.staticfiles import finders
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathImage  # type: ignore[import-untyped]

from rongmei.kernel.errors import RongmeiError

SECONDS: Final = 20.0
MOST_SECONDS: Final = 120.0
MOST_HTML: Final = 40_000_000
MOST_PDF: Final = 60_000_000
MOST_PAGES: Final = 50
AT_ONCE: Final = 2
# The typesetter's libraries, as Debian names them.
PACKAGES: Final = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
MISSING, TOO_BIG = 3, 4
_turn = threading.BoundedSemaphore(AT_ONCE)


class PaperError(RongmeiError):
    """The PDF was not made."""

    status = 503
    words = _("PDF 没有生成，内容没有改动。可以先用打印页打印，或稍后再试。")


class PaperMissing(PaperError):
    """The system's parts for making PDFs are not installed."""

    words = _(
        "这台机器缺少生成 PDF 的组件，没有生成，内容没有改动。可以先用打印页打印，并请管理员运行 rongmei doctor。"
    )


class PaperTooBig(PaperError):
    """What is to be printed is too much at once."""

    status = 422
    words = _("内容太多，PDF 没有生成，内容没有改动。请减少份数，或不带图片再试。")


class PaperBusy(PaperError):
    """Others are printing."""

    words = _("正在生成的 PDF 太多，这一份没有生成。请过一会儿再试。")


def pdf(html: str, *, seconds: float = SECONDS) -> bytes:
    """One page of HTML as PDF."""
    return pdfs([html], seconds=seconds)[0]


def pdfs(pages: Sequence[str], *, seconds: float | None = None) -> list[bytes]:
    """Each of these pages of HTML as a PDF of its own, in order.

    Raises PaperMissing, PaperTooBig, PaperBusy, PaperError; a page that fails fails them all.
    """
    if not pages:
        return []
    sent = orjson.dumps(list(pages))
    if len(pages) > MOST_PAGES or len(sent) > MOST_HTML:
        raise PaperTooBig
    limit = seconds or min(SECONDS + 4 * len(pages), MOST_SECONDS)
    if not _turn.acquire(timeout=5):
        raise PaperBusy
    try:
        made = subprocess.run(  # noqa: S603 - our own module; no shell
            [sys.executable, "-m", "rongmei.kernel.paper_child", str(int(limit) + 1)],
            input=sent, capture_output=True, timeout=limit, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise PaperTooBig from error
    finally:
        _turn.release()
    if made.returncode == MISSING:
        raise PaperMissing
    if made.returncode == TOO_BIG:
        raise PaperTooBig
    if made.returncode:
        raise PaperError
    return list(_split(made.stdout))


def _split(stream: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(stream):
        (size,) = struct.unpack_from(">Q", stream, at)
        yield stream[at + 8 : at + 8 + size]
        at += 8 + size


@lru_cache(maxsize=16)
def css(*names: str) -> str:
    """The text of these style sheets (static file names): a printed page carries its own."""
    return "\n".join(Path(str(finders.find(name))).read_text("utf-8") for name in names)


def data_url(held: bytes, kind: str) -> str:
    """Bytes as an address that needs no fetching."""
    return f"data:{kind};base64,{base64.b64encode(held).decode()}"


def qr(text: str) -> str:
    """A QR code of this text, as an SVG picture's address."""
    code = qrcode.QRCode(border=2, error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(text)
    drawn: bytes = code.make_image(image_factory=SvgPathImage).to_string()
    return data_url(drawn, "image/svg+xml")


def missing() -> str:
    """Why no PDF can be made here; empty when one can."""
    try:
        pdf("<p>。</p>")
    except PaperMissing:
        return " ".join(PACKAGES)
    except PaperError as error:
        return str(error)
    return ""
