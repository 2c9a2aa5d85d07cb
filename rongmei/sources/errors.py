"""Why a source could not be read, in words for the person who looks after it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.errors import RongmeiError
from rongmei.kernel.http_errors import Kind


class SourceError(RongmeiError):
    """The source could not be read."""

    status = 422
    kind: Kind = "soft"
    words = _("信源 %(url)s 没有读成。已有内容不受影响。请检查信源设置。")

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

    @override
    def __str__(self) -> str:
        return str(self._message) or str(self.words) % self.details


class Unreadable(SourceError):
    """The answer is not in a form this kind of source can be read from."""

    words = _(
        "%(url)s 的内容不是%(expected)s，读不出条目。没有保存任何内容。"
        "请检查地址，或用“发现”功能重新查找。"
    )


class FileUnreadable(Unreadable):
    """A file handed over is in no form that stories can be read from."""

    words = _(
        "文件 %(url)s 读不出稿件：它不是%(expected)s。没有保存其中的内容。"
        "请换成能读的格式再交，或请供稿方重发。"
    )


class EntityRefused(SourceError):
    """The document declares XML entities, which can be used to exhaust memory or read files."""

    kind: Kind = "hard"
    words = _(
        "%(url)s 含有 XML 实体声明，可能是攻击，已拒绝解析。没有保存任何内容。请联系对方网站。"
    )


class TooMuch(SourceError):
    """A file is larger than it may be, or becomes so when unpacked."""

    status = 413
    kind: Kind = "hard"
    words = _(
        "%(url)s 过大，或解压后超过 %(limit)s，已停止读取。没有保存其中的内容。请拆成几份再交。"
    )


class MailRefused(SourceError):
    """The mail server let nobody in, or has no such folder."""

    status = 403
    kind: Kind = "hard"
    words = _(
        "邮箱 %(url)s 没有打开，对方说：%(said)s。没有读取任何邮件。"
        "请核对用户名、密码（多数邮箱要用“授权码”）和文件夹名。"
    )


class BadRule(SourceError):
    """The source's reading rule is incomplete or wrong."""

    kind: Kind = "hard"
    words = _("信源 %(url)s 的取数规则有误(%(rule)s)。没有保存任何内容。请修改规则后再试。")


class RobotsForbid(SourceError):
    """The site's robots.txt asks not to be read here."""

    status = 403
    kind: Kind = "hard"
    words = _("%(host)s 的 robots.txt 不允许抓取该地址。没有发出请求。请改用对方提供的订阅源。")


class HostResting(SourceError):
    """The host failed a short while ago and is left alone for now."""

    status = 503
    kind: Kind = "temporary"
    words = _("%(host)s 刚刚出过故障，暂停访问。没有发出请求。系统稍后自动重试。")
