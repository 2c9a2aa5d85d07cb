"""Where a source is: addresses of the web, mailboxes, spools; BadInput says what is wrong with one."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from rongmei.kernel.errors import BadInput
from rongmei.kernel.mailbox import PORTS, Place
from rongmei.sources.models import Source


def check_address(url: str) -> None:
    """BadInput unless it is a web address."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= 1000
    except ValueError:
        fine = False
    if not fine:
        raise BadInput(_("地址要以 http:// 或 https:// 开头，信源没有保存。请改正地址。"))


def check_place(kind: str, url: str) -> None:
    """The address must be of the kind the source is."""
    if kind == Source.Kind.MAIL:
        mail_place(url)
    elif kind != Source.Kind.DROP:
        check_address(url)


def mail_place(url: str) -> Place:
    """The folder that `imaps://user@host:port/folder` names; BadInput when it names none."""
    try:
        parts = urlsplit(url)
        folder = unquote(parts.path.strip("/")) or "INBOX"
        if parts.scheme in PORTS and parts.hostname and parts.username and folder.isascii():
            return Place(
                parts.hostname, parts.port or PORTS[parts.scheme], unquote(parts.username), folder,
                secure=parts.scheme == "imaps",
            )  # fmt: skip
    except ValueError:
        pass
    raise BadInput(
        _("邮箱地址要写成 imaps://用户名@服务器：端口/文件夹，文件夹用英文名，信源没有保存。")
    )
