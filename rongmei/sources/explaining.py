"""Why a source cannot be read, as a duty officer would say it: what happened, and what to do.

Made anew from the outcome each time it is shown, in the reader's language: what the process that
fetched has written down is in the language of the house.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rongmei.sources.collectors.urls import host_of
from rongmei.sources.types import FetchOutcome

if TYPE_CHECKING:
    from rongmei.sources.models import FetchState, Source

Words = tuple[Promise, Promise]
Was = FetchOutcome

_SAID: Final[Mapping[FetchOutcome, Words]] = {
    Was.DNS: (
        _("查不到域名 %(host)s。"),
        _(
            "先在浏览器里打开网站看看。网站换了域名，就改地址；打得开，就是本机的域名解析有问题，请找管理员。"
        ),
    ),
    Was.UNREACHABLE: (
        _("连不上 %(host)s。"),
        _(
            "多半是对方停机，系统会接着试。一直连不上，请核对地址和端口，或请管理员看本机能不能出网。"
        ),
    ),
    Was.TLS: (
        _("%(host)s 的证书或加密连接有问题。"),
        _("证书过期要等对方换。对方只支持 http 时，把地址开头的 https 改成 http。"),
    ),
    Was.TIMEOUT: (
        _("%(host)s 没有应答。"),
        _("多半是对方太忙，系统会接着试，间隔越来越长。天天如此，请把读取频率改慢。"),
    ),
    Was.SLOW: (
        _("%(host)s 传得太慢，没有等完。"),
        _("系统会接着试。天天如此，请换一个条目少一些的订阅源。"),
    ),
    Was.TOO_LARGE: (
        _("对方给的内容太大，没有收完。"),
        _("地址多半指向了文件或整站的导出。请换成栏目的订阅源。"),
    ),
    Was.REDIRECTS: (
        _("%(host)s 反复跳转，到不了内容。"),
        _("在浏览器里打开这个地址，把最后停下的地址填进来。"),
    ),
    Was.PRIVATE: (
        _("地址指向内部网络，按规定没有访问。"),
        _("确实是内网信源，请系统管理员在“更多操作”里允许；不是，就核对地址。"),
    ),
    Was.ADDRESS: (
        _("地址写得不对，无法访问。"),
        _("请改成完整的网址，例如 https://news.example.com/rss.xml。"),
    ),
    Was.BROKEN: (_("传到一半断了。"), _("系统会接着试，不用处理；天天如此再看网络。")),
    Was.UNREADABLE: (
        _("读到的不是订阅源，也不是能读的网页。"),
        _("看下面对方的回答：是维护页就等一等；是改版，就重新查找订阅源。"),
    ),
    Was.BOMB: (
        _("内容里有恶意的 XML，已拒绝读取。"),
        _("对方网站可能被人动过，请停用这个信源，并告诉对方。"),
    ),
    Was.RULE: (
        _("按取数规则读不出内容。"),
        _("页面多半改版了。请到“修改”里改规则，先测试再保存。"),
    ),
    Was.ROBOTS: (
        _("%(host)s 在 robots.txt 里写明不许抓取。"),
        _("系统照办，没有读取。需要时请联系对方取得许可，或改用对方公开的订阅源。"),
    ),
    Was.LOGIN: (_("邮箱不让登录。"), _("密码或授权码多半变了，请在下面填新的。")),
    Was.RESTING: (
        _("%(host)s 上别的信源也在出错，先停一停再访问。"),
        _("不用处理，到时会自动再试。"),
    ),
    Was.INTERNAL: (
        _("本系统读取时出错。"),
        _("内容没有丢。请把信源名称和时间告诉管理员，他能在日志里查到。"),
    ),
    Was.PARTLY: (_("部分文章的正文没有取到。"), _("已保留订阅源里的内容，下次会再取。")),
    Was.FILES_LEFT: (_("有文件读不出。"), _("原因写在下面每份文件旁，改好后点“重读”。")),
}

_BY_STATUS: Final[Mapping[int, Words]] = {
    401: (
        _("%(host)s 要登录才给看（401）。"),
        _("这个地址不公开。请换公开的订阅源，或联系对方开放。"),
    ),
    403: (
        _("%(host)s 不让读取（403）。"),
        _("对方挡住了程序访问。请联系对方放行，或换一个公开的订阅源。"),
    ),
    404: (
        _("%(host)s 说没有这个地址（404）。"),
        _("栏目多半改版了。请重新查找订阅源，换成新的地址。"),
    ),
    410: (_("%(host)s 说这个地址已经撤掉（410）。"), _("请重新查找订阅源；没有了就停用。")),
    429: (
        _("%(host)s 嫌我们读得太勤（429）。"),
        _("系统会按对方要求放慢。常常如此，请把读取频率改慢。"),
    ),
}
_SERVER: Final[Words] = (
    _("%(host)s 的服务器出错（%(status)s）。"),
    _("对方自己会修，系统会接着试。过了一天还不好，请联系对方。"),
)
_OTHER: Final[Words] = (
    _("%(host)s 返回了错误 %(status)s。"),
    _("请在浏览器里打开这个地址看看；地址变了就改。"),
)
_UNKNOWN: Final[Words] = (_("没有读成。"), _("系统会接着试；下面是每次的记录。"))


@dataclass(frozen=True)
class Trouble:
    """What a reader is told of a source that fails: what happened, since when, what to do."""

    what: str
    todo: str
    since: datetime | None
    times: int
    find_again: bool
    """Whether looking for the site's feeds anew may help."""


_FIND_AGAIN: Final = {Was.UNREADABLE, Was.STATUS, Was.DNS, Was.REDIRECTS, Was.ADDRESS}


def words_of(outcome: str, status: int | None, url: str) -> tuple[str, str]:
    """What happened and what to do, for an outcome at an address."""
    try:
        known = FetchOutcome(outcome)
    except ValueError:
        said = _UNKNOWN
    else:
        said = _of_status(status) if known is Was.STATUS else _SAID.get(known, _UNKNOWN)
    named = {"host": host_of(url) or url, "status": status or ""}
    return str(said[0]) % named, str(said[1]) % named


def _of_status(status: int | None) -> Words:
    known = status or 0
    return _BY_STATUS.get(known, _SERVER if known >= 500 else _OTHER)


def trouble_of(source: Source, state: FetchState) -> Trouble | None:
    """Why the source fails; None while it does not."""
    if not state.is_failing:
        return None
    what, todo = words_of(state.outcome, state.http_status, source.url)
    findable = source.kind in {"feed", "sitemap"} and state.outcome in _FIND_AGAIN
    return Trouble(what, todo, state.failing_since, max(1, round(state.failures)), findable)
