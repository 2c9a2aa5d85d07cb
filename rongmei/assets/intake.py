"""A picture's bytes on their way in: what it is, what it says of itself, and GPS taken out.

Pure functions on bytes; nothing here touches the database. JPEG is rewritten segment by segment,
PNG and WebP chunk by chunk, so that no pixel is encoded a second time.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import warnings
from dataclasses import dataclass
from typing import Final, cast

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

from rongmei.assets.errors import NotAPicture, PictureTooLarge

MAX_BYTES: Final = 30 * 1024 * 1024
MAX_PIXELS: Final = 120_000_000
SUFFIXES: Final = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif"}
MIME_TYPES: Final = {
    "JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif",
}  # fmt: skip
_GPS_WORD: Final = b"GPS"
_XMP_GPS = re.compile(
    rb"<exif:GPS(\w+)[^>]*>.*?</exif:GPS\1>|\sexif:GPS\w+\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.DOTALL
)
# The label of GB 45438-2025 as it is found in XMP, EXIF and PNG text: AIGC … Label … 1, 2 or 3.
_AIGC = re.compile(r"AIGC.{0,80}?Label[^0-9A-Za-z]{1,12}([123])", re.DOTALL)
# IPTC IIM record 2: datasets of the photo metadata standard.
_IPTC: Final = {"caption": 120, "byline": 80, "credit": 110, "source": 115, "rights": 116}


@dataclass(frozen=True)
class TakenIn:
    """A checked picture: cleaned bytes, their SHA-256, size, and what its metadata said."""

    data: bytes
    digest: str
    format: str
    width: int
    height: int
    caption: str = ""
    credit: str = ""
    source: str = ""
    rights: str = ""
    aigc: str = ""

    @property
    def suffix(self) -> str:
        """File name ending for the format."""
        return SUFFIXES[self.format]


def _open(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=tuple(SUFFIXES))
            if picture.width * picture.height > MAX_PIXELS:
                raise NotAPicture
            # Decode every pixel: a header alone proves nothing.
            picture.load()
    except (OSError, ValueError, SyntaxError, struct.error, EOFError, Image.DecompressionBombError,
            Image.DecompressionBombWarning) as error:  # fmt: skip
        raise NotAPicture from error
    return picture


def _words(value: object, length: int) -> str:
    if isinstance(value, list):
        value = value[0] if value else b""
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
    else:
        text = str(value or "")
    return text.replace("\x00", "").strip()[:length]


def _said(picture: Image.Image, data: bytes) -> dict[str, str]:
    exif = picture.getexif()
    try:
        iptc = IptcImagePlugin.getiptcinfo(cast(ImageFile.ImageFile, picture)) or {}
    except (SyntaxError, ValueError, struct.error):
        iptc = {}
    found = {key: _words(iptc.get((2, number)), 300) for key, number in _IPTC.items()}
    credit = found["byline"] or found["credit"] or _words(exif.get(ExifTags.Base.Artist), 80)
    texts = [str(value) for value in picture.info.values() if isinstance(value, str)]
    comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, b"")
    head = data[:262_144].decode("utf-8", "ignore")
    label = _AIGC.search("\n".join([*texts, _words(comment, 4000), head]))
    return {
        "caption": found["caption"] or _words(exif.get(ExifTags.Base.ImageDescription), 300),
        "credit": credit[:80],
        "source": found["source"][:120],
        "rights": (found["rights"] or _words(exif.get(ExifTags.Base.Copyright), 200))[:200],
        "aigc": label.group(1) if label else "",
    }


def _without_gps(exif_block: bytes) -> bytes:
    exif = Image.Exif()
    exif.load(exif_block)
    if ExifTags.IFD.GPSInfo not in exif:
        return exif_block
    del exif[ExifTags.IFD.GPSInfo]
    return exif.tobytes()


def _blank_xmp(block: bytes) -> bytes:
    return _XMP_GPS.sub(b"", block)


def _clean_jpeg(data: bytes) -> bytes:
    out, at = bytearray(data[:2]), 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        size = struct.unpack(">H", data[at + 2 : at + 4])[0]
        body = data[at + 4 : at + 2 + size]
        if data[at + 1] == 0xE1:
            body = _without_gps(body) if body.startswith(b"Exif\x00\x00") else _blank_xmp(body)
        out += data[at : at + 2] + struct.pack(">H", len(body) + 2) + body
        at += 2 + size
    return bytes(out + data[at:])


def _clean_png(data: bytes) -> bytes:
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        kind, end = data[at + 4 : at + 8], at + 12 + size
        holds_gps = kind == b"eXIf" or (kind in {b"iTXt", b"zTXt"} and _GPS_WORD in data[at:end])
        if not holds_gps:
            out += data[at:end]
        at = end
    return bytes(out)


def _clean_webp(data: bytes) -> bytes:
    chunks, at = bytearray(), 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        end = at + 8 + size + size % 2
        if kind == b"VP8X":
            flags = data[at + 8] & ~0x08  # no EXIF chunk any more
            chunks += data[at : at + 8] + bytes([flags]) + data[at + 9 : end]
        elif kind != b"EXIF" and not (kind == b"XMP " and _GPS_WORD in data[at:end]):
            chunks += data[at:end]
        at = end
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + bytes(chunks)


_CLEANERS: Final = {"JPEG": _clean_jpeg, "PNG": _clean_png, "WEBP": _clean_webp}


def take_in(data: bytes) -> TakenIn:
    """Check a file by decoding it and take its place of exposure out; the rest stays as it is.

    Raises PictureTooLarge above 30 MB and NotAPicture for anything that does not decode as JPEG,
    PNG, WebP or GIF of at most 120 million pixels.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge
    picture = _open(data)
    name = str(picture.format)
    if name == "MPO":
        name = "JPEG"
    if name not in SUFFIXES:
        raise NotAPicture
    said = _said(picture, data)
    cleaner = _CLEANERS.get(name)
    cleaned = cleaner(data) if cleaner and _has_gps(picture, data) else data
    if cleaned is not data:
        _open(cleaned)
    return TakenIn(
        data=cleaned, digest=hashlib.sha256(cleaned).hexdigest(), format=name,
        width=picture.width, height=picture.height, **said,
    )  # fmt: skip


def _has_gps(picture: Image.Image, data: bytes) -> bool:
    return ExifTags.IFD.GPSInfo in picture.getexif() or b"exif:GPS" in data


def shrink(data: bytes, limit: int) -> bytes:
    """The picture in at most `limit` bytes: as it is when small enough, else a smaller JPEG."""
    if len(data) <= limit:
        return data
    picture = _open(data).convert("RGB")
    for side, quality in ((2560, 85), (1920, 82), (1280, 80), (960, 75), (640, 70)):
        smaller = picture.copy()
        smaller.thumbnail((side, side))
        out = io.BytesIO()
        smaller.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= limit:
            break
    return out.getvalue()
