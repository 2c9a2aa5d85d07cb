"""Embedded pages: kept as an address and a title, shown as a link. Which hosts is data.

Nothing of another site runs in a reader's browser: no frame, no script, no picture of theirs.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from rongmei.kernel.errors import BadInput

MAX_URL: Final = 500


@lru_cache(maxsize=1)
def _shipped() -> dict[str, str]:
    held: dict[str, str] = orjson.loads(
        files("rongmei.stories").joinpath("data/embed_hosts.json").read_bytes()
    )
    return held


def hosts() -> dict[str, str]:
    """Host → name of every site that may be embedded: those shipped and the node's own."""
    return {**_shipped(), **{host: host for host in settings.RONGMEI_EMBED_HOSTS}}


def plain_address(url: str) -> str:
    """The address if a browser may be sent there; else ""."""
    return url if url.startswith(("https://", "http://")) and len(url) <= MAX_URL else ""


def site(url: str) -> str:
    """The name of the site the address is on: the host when it is not on the list."""
    host = urlsplit(url).hostname or ""
    return next((name for one, name in hosts().items() if _on(host, one)), host)


def _on(host: str, listed: str) -> bool:
    return host == listed or host.endswith(f".{listed}")


def allowed(url: str) -> str:
    """The address, if its host is on the list; else BadInput that says what to do."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    fine = bool(plain_address(url.strip())) and "@" not in parts.netloc
    if not fine or not any(_on(host, one) for one in hosts()):
        raise BadInput(
            _("“%(host)s”不在可嵌入的站点名单里，没有保存。可以在段落里放一个普通链接。")
            % {"host": host or url[:60]}
        )
    return url.strip()
