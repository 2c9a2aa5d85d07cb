"""What can go wrong at the door to the network, in words a person can act on.

``kind`` feeds the failure model of a source: ``hard`` (will not mend by itself), ``soft`` (may
mend), ``temporary`` (ask again later). ``str(error)`` is the sentence for people, in the active
language; the docstring is the same in short for the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.errors import RongmeiError

Kind = Literal["hard", "soft", "temporary"]


class HttpError(RongmeiError):
    """The request failed.

    ``details`` always holds ``url``; ``retry_after`` is the number of seconds the other side
    asked us to wait, when it did.
    """

    status = 502
    kind: Kind = "soft"
    words = _("访问 %(url)s 没有成功。已有内容不受影响。请稍后重试，或检查地址。")

    def __init__(
        self,
        message: str = "",
        *,
        url: str = "",
        retry_after: float | None = None,
        **details: object,
    ) -> None:
        super().__init__(message, url=url, **details)
        self.url = url
        self.retry_after = retry_after
        self._message = message

    @property
    def retriable(self) -> bool:
        """Whether asking again, unchanged, may succeed."""
        return self.kind != "hard"

    @override
    def __str__(self) -> str:
        return self._message or str(self.words) % self.details


class BadAddress(HttpError):
    """The address is not one this program will open."""

    status = 400
    kind: Kind = "hard"
    words = _(
        "地址 %(url)s 无法使用：只支持 http 和 https,不能带用户名口令。"
        "没有发出任何请求。请改正地址。"
    )


class PortRefused(HttpError):
    """The port belongs to a service other than HTTP."""

    status = 400
    kind: Kind = "hard"
    words = _(
        "地址 %(url)s 的端口 %(port)s 不是网页服务常用端口，已拒绝访问。没有发出任何请求。"
        "如确有需要，请系统管理员把该主机和端口列入允许名单。"
    )


class PrivateAddressRefused(HttpError):
    """The host resolves to an address inside a private network."""

    status = 403
    kind: Kind = "hard"
    words = _(
        "%(host)s 指向内部网络地址，已拒绝访问。没有发出任何请求。"
        "如果确是内部信源，请系统管理员把它标记为“内部”。"
    )


class DnsFailure(HttpError):
    """The host name could not be resolved."""

    words = _("查不到域名 %(host)s。已有内容不受影响。请检查域名有没有写错，或稍后重试。")

    def __init__(
        self,
        message: str = "",
        *,
        url: str = "",
        retry_after: float | None = None,
        permanent: bool = False,
        **details: object,
    ) -> None:
        super().__init__(message, url=url, retry_after=retry_after, **details)
        self.kind = "hard" if permanent else "temporary"


class ConnectFailure(HttpError):
    """The connection was refused or the host cannot be reached."""

    words = _("连不上 %(host)s：对方拒绝连接或线路不通。已有内容不受影响。系统会自动重试。")


class TlsFailure(HttpError):
    """The secure connection could not be made."""

    words = _(
        "与 %(host)s 的安全连接失败(%(reason)s)。没有读取任何内容。"
        "请核对网站证书；不要绕过这项检查。"
    )


class Timeout(HttpError):
    """The other side did not answer in time."""

    status = 504
    kind: Kind = "temporary"
    words = _("%(url)s 在 %(seconds)s 秒内没有应答。已有内容不受影响。系统会自动重试。")


class TooSlow(HttpError):
    """The answer did not finish within the total time allowed."""

    status = 504
    words = _(
        "%(url)s 传得太慢，%(seconds)s 秒还没传完，已中断。没有保存不完整的内容。系统会自动重试。"
    )


class Busy(HttpError):
    """Every connection was in use for too long."""

    status = 503
    kind: Kind = "temporary"
    words = _("同时进行的访问太多，%(url)s 没有轮到。没有发出请求。系统会自动重试。")


class TooLarge(HttpError):
    """The answer is larger than allowed."""

    kind: Kind = "hard"
    words = _(
        "%(url)s 的内容超过 %(limit)s 字节的上限，已中断。没有保存任何内容。"
        "请换一个更小的地址，或调高该信源的上限。"
    )


class BadEncoding(HttpError):
    """The answer's compression is broken or unknown."""

    words = _("%(url)s 的压缩数据损坏，读不出来。没有保存任何内容。系统会自动重试。")


class ConnectionBroken(HttpError):
    """The other side broke the connection or spoke something other than HTTP."""

    kind: Kind = "temporary"
    words = _("%(url)s 传输中断，或应答不符合 HTTP。没有保存不完整的内容。系统会自动重试。")


class RedirectLoop(HttpError):
    """The redirects go in circles or do not end."""

    kind: Kind = "hard"
    words = _("%(url)s 反复跳转(%(hops)s 次),到不了内容。没有保存任何内容。请改用最终地址。")


class BadStatus(HttpError):
    """The other side answered with an error.

    ``status_code`` is its HTTP status, ``headers`` and ``excerpt`` the head of its answer.
    """

    words = _("%(url)s 返回错误 %(status_code)s。已有内容不受影响。请核对地址和访问权限。")

    def __init__(
        self,
        message: str = "",
        *,
        url: str = "",
        retry_after: float | None = None,
        status_code: int = 0,
        excerpt: bytes = b"",
        headers: Mapping[str, str] | None = None,
        **details: object,
    ) -> None:
        super().__init__(
            message, url=url, retry_after=retry_after, status_code=status_code, **details
        )
        self.status_code = status_code
        self.headers = dict(headers or {})
        self.excerpt = excerpt
        self.kind = status_kind(status_code)


def status_kind(code: int) -> Kind:
    """How an HTTP status counts: gone for good, perhaps mended by someone, or just a bad moment."""
    if code in {408, 421, 423, 425, 429} or (code >= 500 and code not in {501, 505}):
        return "temporary"
    if code in {401, 402, 403, 406, 407, 451} or code < 400:
        return "soft"
    return "hard"
