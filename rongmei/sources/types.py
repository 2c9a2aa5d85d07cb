"""What passes between the stages of collecting: plain frozen values that know no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel import http
from rongmei.kernel.http_errors import HttpError
from rongmei.sources import errors

SourceKind = Literal["feed", "page", "sitemap", "hotlist", "drop", "mail"]


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """How to read one source.

    ``encoding`` overrides whatever the source declares; ``internal`` lets it be on a private
    network; ``timezone`` is assumed for times written without a zone; ``options`` holds what only
    one kind needs (documented in its collector).
    """

    kind: SourceKind
    url: str
    options: Mapping[str, object] = field(default_factory=dict)
    encoding: str = ""
    language: str = ""
    timezone: str = "Asia/Shanghai"
    internal: bool = False
    fetch_full_text: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came over the line, with the moment it came; all later stages are pure functions of it."""

    url: str
    final_url: str
    body: bytes
    fetched_at: datetime
    status: int = 200
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    permanent_url: str | None = None

    @classmethod
    def from_response(cls, response: http.Response, *, at: datetime) -> Fetched:
        """Wrap an answer of the door; ``at`` is an aware datetime."""
        return cls(
            url=response.url,
            final_url=response.final_url,
            body=response.body,
            fetched_at=at,
            status=response.status,
            content_type=response.headers.get("content-type", ""),
            etag=response.etag,
            last_modified=response.last_modified,
            permanent_url=response.permanent_url,
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news as a source gives it.

    ``entry_key`` is stable within its source; ``body`` is plain text with a blank line between
    paragraphs; ``body_html`` is safe to show; ``medium`` is the outlet named as origin, if any;
    ``content_hash`` is a SHA-256 of the normalised title and body.
    """

    entry_key: str
    url: str
    canonical_url: str
    title: str
    summary: str = ""
    body: str = ""
    body_html: str = ""
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    language: str = ""
    images: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    medium: str = ""
    content_hash: str = ""
    # Only files that bring items of many media fill these: who carried it, where, what kind.
    carrier: str = ""
    region: str = ""
    media_class: str = ""


@dataclass(frozen=True, slots=True)
class HotEntry:
    """One line of a hot list; ``heat`` is the platform's own figure, or None."""

    rank: int
    title: str
    url: str
    heat: float | None = None


class RemarkCode(StrEnum):
    """What was odd about an answer that could be read all the same."""

    ATTACHMENT_LEFT = "attachment_left"
    BODY_CUT = "body_cut"
    CANCELLED = "cancelled"
    DATE_DROPPED = "date_dropped"
    ENCODING_GUESSED = "encoding_guessed"
    GARBLED = "garbled"
    ITEMS_CUT = "items_cut"
    ITEM_SKIPPED = "item_skipped"
    MALFORMED = "malformed"
    PICTURES_LEFT = "pictures_left"
    SECOND_PARSER = "second_parser"
    TITLE_CUT = "title_cut"


_REMARKS: Mapping[RemarkCode, Promise] = {
    RemarkCode.ATTACHMENT_LEFT: _("有附件读不出稿件，没有收入：%(detail)s"),
    RemarkCode.BODY_CUT: _("正文过长，已截断"),
    RemarkCode.CANCELLED: _("供稿方已撤销，没有收入：%(detail)s"),
    RemarkCode.DATE_DROPPED: _("发布时间不合常理，已按“未知”处理：%(detail)s"),
    RemarkCode.ENCODING_GUESSED: _("声明的编码与内容不符，已按 %(detail)s 读取"),
    RemarkCode.GARBLED: _("部分文字损坏，可能有乱码：%(detail)s"),
    RemarkCode.ITEMS_CUT: _("条目过多，只取了前 %(detail)s 条"),
    RemarkCode.ITEM_SKIPPED: _("有条目既无标题也无地址，已跳过：%(detail)s"),
    RemarkCode.MALFORMED: _("格式有误，已尽量读取：%(detail)s"),
    RemarkCode.PICTURES_LEFT: _("文档中的图片没有收入，请另行上传：%(detail)s 幅"),
    RemarkCode.SECOND_PARSER: _("内容不规范，改用了备用解析器"),
    RemarkCode.TITLE_CUT: _("标题过长，已截断"),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """An oddity worth telling the person who looks after the source."""

    code: RemarkCode
    detail: str = ""

    @override
    def __str__(self) -> str:
        return str(_REMARKS[self.code]) % {"detail": self.detail}


@dataclass(frozen=True, slots=True)
class Hints:
    """How often a feed asks to be read: a wish, not an order.

    ``every_seconds`` is the least time between two readings (ttl, sy:updatePeriod); ``skip_hours``
    are hours of the day in GMT and ``skip_days`` days of the week (Monday is 0) at which it does
    not change; ``hub`` is the WebSub hub that would tell when it does.
    """

    every_seconds: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    hub: str = ""


@dataclass(frozen=True, slots=True)
class Collected:
    """What one fetch yields.

    ``next_links`` are addresses to fetch in turn: the next page of a feed, the parts of a sitemap
    index, the articles on a list page. ``hot`` is filled by hot lists only, ``hints`` by feeds.
    """

    items: tuple[Item, ...] = ()
    feed_title: str = ""
    next_links: tuple[str, ...] = ()
    not_modified: bool = False
    warnings: tuple[Remark, ...] = ()
    hot: tuple[HotEntry, ...] = ()
    hints: Hints = Hints()


class FetchOutcome(StrEnum):
    """How a fetch ended, as stored on the source and shown beside it."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    EMPTY = "empty"
    PARTLY = "partly"
    FILES_LEFT = "files_left"
    DNS = "dns"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    SLOW = "slow"
    TOO_LARGE = "too_large"
    REDIRECTS = "redirects"
    PRIVATE = "private"
    ADDRESS = "address"
    STATUS = "status"
    BROKEN = "broken"
    UNREADABLE = "unreadable"
    BOMB = "bomb"
    RULE = "rule"
    ROBOTS = "robots"
    LOGIN = "login"
    RESTING = "resting"
    INTERNAL = "internal"

    @property
    def words(self) -> Promise:
        """A few words for a table cell."""
        return _OUTCOMES[self]

    @classmethod
    def is_fine(cls, outcome: str) -> bool:
        """Whether a stored outcome is no failure."""
        return outcome in {cls.OK, cls.NOT_MODIFIED, cls.EMPTY, ""}


_OUTCOMES: Mapping[FetchOutcome, Promise] = {
    FetchOutcome.OK: _("正常"),
    FetchOutcome.NOT_MODIFIED: _("没有更新"),
    FetchOutcome.EMPTY: _("读到了，但没有条目"),
    FetchOutcome.PARTLY: _("部分正文没有取到"),
    FetchOutcome.FILES_LEFT: _("有文件读不出"),
    FetchOutcome.DNS: _("查不到域名"),
    FetchOutcome.UNREACHABLE: _("连不上"),
    FetchOutcome.TLS: _("证书或加密连接有问题"),
    FetchOutcome.TIMEOUT: _("没有应答"),
    FetchOutcome.SLOW: _("传输太慢"),
    FetchOutcome.TOO_LARGE: _("内容过大"),
    FetchOutcome.REDIRECTS: _("反复跳转"),
    FetchOutcome.PRIVATE: _("指向内部网络，已拒绝"),
    FetchOutcome.ADDRESS: _("地址无法使用"),
    FetchOutcome.STATUS: _("对方返回错误"),
    FetchOutcome.BROKEN: _("传输中断"),
    FetchOutcome.UNREADABLE: _("内容读不懂"),
    FetchOutcome.BOMB: _("含恶意 XML,已拒绝"),
    FetchOutcome.RULE: _("取数规则有误"),
    FetchOutcome.ROBOTS: _("对方不允许抓取"),
    FetchOutcome.LOGIN: _("邮箱不让登录"),
    FetchOutcome.RESTING: _("对方故障，暂停访问"),
    FetchOutcome.INTERNAL: _("本系统处理出错"),
}

_BY_ERROR: tuple[tuple[type[Exception], FetchOutcome], ...] = (
    (http.DnsFailure, FetchOutcome.DNS),
    (http.ConnectFailure, FetchOutcome.UNREACHABLE),
    (http.TlsFailure, FetchOutcome.TLS),
    (http.Timeout, FetchOutcome.TIMEOUT),
    (http.Busy, FetchOutcome.TIMEOUT),
    (http.TooSlow, FetchOutcome.SLOW),
    (http.TooLarge, FetchOutcome.TOO_LARGE),
    (http.RedirectLoop, FetchOutcome.REDIRECTS),
    (http.PrivateAddressRefused, FetchOutcome.PRIVATE),
    (http.BadAddress, FetchOutcome.ADDRESS),
    (http.PortRefused, FetchOutcome.ADDRESS),
    (http.BadStatus, FetchOutcome.STATUS),
    (HttpError, FetchOutcome.BROKEN),
    (errors.EntityRefused, FetchOutcome.BOMB),
    (errors.TooMuch, FetchOutcome.TOO_LARGE),
    (errors.BadRule, FetchOutcome.RULE),
    (errors.RobotsForbid, FetchOutcome.ROBOTS),
    (errors.MailRefused, FetchOutcome.LOGIN),
    (errors.HostResting, FetchOutcome.RESTING),
    (errors.SourceError, FetchOutcome.UNREADABLE),
)


def outcome_of(error: HttpError | errors.SourceError) -> FetchOutcome:
    """The outcome to store for an error of the door or of a collector."""
    return next(outcome for kind, outcome in _BY_ERROR if isinstance(error, kind))


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a source is asked, at most and at least, under a name; in seconds."""

    words: Promise
    shortest: int
    longest: int


PACES: Mapping[str, Pace] = {
    "fast": Pace(_("紧跟（5 分钟至 1 小时）"), 300, 3_600),
    "normal": Pace(_("一般（10 分钟至 1 天）"), 600, 86_400),
    "slow": Pace(_("从容（1 小时至 3 天）"), 3_600, 3 * 86_400),
    "rare": Pace(_("偶尔（1 天至 30 天）"), 86_400, 30 * 86_400),
}
