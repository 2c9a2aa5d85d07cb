"""Looking at an address before it becomes a source: what is there, and what would be read.

For people who wait for the answer, so with tight limits; nothing is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email import policy as email_policy
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rongmei.kernel import http, mailbox
from rongmei.kernel.http_errors import HttpError
from rongmei.sources import selectors, spool
from rongmei.sources.collectors import COLLECTORS, parse
from rongmei.sources.collectors.discover import Candidate, discover
from rongmei.sources.collectors.robots import (
    EVERYTHING,
    Robots,
    robots_for_status,
    robots_url,
)
from rongmei.sources.collectors.urls import host_of
from rongmei.sources.errors import BadRule, MailRefused, RobotsForbid, SourceError
from rongmei.sources.places import mail_place
from rongmei.sources.polite import AGENT, own_places
from rongmei.sources.types import Collected, Fetched, FetchOutcome, HotEntry, SourceSpec, outcome_of

if TYPE_CHECKING:
    from rongmei.sources.models import Source

LIMITS: Final = http.Limits(connect=5.0, read=8.0, total=15.0, max_bytes=4 * 1024 * 1024)
_SHOWN = 10
SAMPLE_SHOWN: Final = 600
_GUESSES_TRIED = 3
_LETTERS_SHOWN = 5
_OFFERS_READ = 3


_HOW_FOUND: Final = {
    "self": _("这个地址本身就是"),
    "declared": _("网站声明"),
    "linked": _("页面链接"),
    "guessed": _("按惯例试出"),
}


@dataclass(frozen=True)
class Offer:
    """Something a site has to read, with what reading it brings; not all of many are read."""

    candidate: Candidate
    trial: Trial | None = None

    @property
    def how(self) -> str:
        """How it was found."""
        return str(_HOW_FOUND[self.candidate.how])


@dataclass(frozen=True)
class Trial:
    """What reading a source once brings: the first items or the failure, in words."""

    outcome: FetchOutcome
    message: str = ""
    titles: tuple[tuple[str, str], ...] = ()
    count: int = 0
    feed_title: str = ""
    # The rule that was wrong, so that a form can point at it; a sample of what articles give.
    rule: str = ""
    sample: tuple[str, str] = ("", "")
    newest: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether there is something to read."""
        return self.outcome in {FetchOutcome.OK, FetchOutcome.EMPTY}


def _allowed(url: str, internal: bool) -> tuple[str, ...]:
    return own_places(url) if internal else ()


def _wishes(url: str, internal: bool) -> Robots:
    try:
        answer = http.fetch(
            robots_url(url), allow=_allowed(url, internal), expect=range(400, 600), limits=LIMITS
        )
    except HttpError:
        return EVERYTHING
    return robots_for_status(answer.status, answer.body, AGENT)


def _fetched(url: str, internal: bool, wishes: Robots | None = None) -> Fetched:
    robots = wishes or _wishes(url, internal)
    if not robots.allows(url):
        raise RobotsForbid(url=url, host=host_of(url))
    answer = http.fetch(url, allow=_allowed(url, internal), limits=LIMITS)
    return Fetched.from_response(answer, at=timezone.now())


def with_scheme(address: str) -> str:
    """What a person typed as an address: without a scheme it is https."""
    typed = address.strip()
    return typed if "://" in typed or not typed else f"https://{typed}"


def find_sources(address: str, *, internal: bool = False) -> tuple[Candidate, ...]:
    """Feeds and sitemaps of a site; guesses are tried first and left out when nothing is there.

    Raises HttpError or SourceError when the site itself cannot be read.
    """
    url = with_scheme(address)
    wishes = _wishes(url, internal)
    found = discover(_fetched(url, internal, wishes), robots_sitemaps=wishes.sitemaps)
    sure = [one for one in found if one.how != "guessed"]
    if sure:
        return tuple(sure)
    guesses = [one for one in found if one.how == "guessed"][:_GUESSES_TRIED]
    return tuple(
        one
        for one in guesses
        if try_source(SourceSpec(kind=one.kind, url=one.url, internal=internal)).ok
    )


def offers_of(address: str, *, internal: bool = False) -> tuple[Offer, ...]:
    """What a site has to read, the first few with the headlines they bring at present.

    Raises HttpError or SourceError when the site itself cannot be read.
    """
    found = find_sources(address, internal=internal)
    return tuple(
        Offer(one, try_source(SourceSpec(kind=one.kind, url=one.url, internal=internal)))
        if at < _OFFERS_READ
        else Offer(one)
        for at, one in enumerate(found)
    )


def try_source(spec: SourceSpec) -> Trial:
    """Read a source once and say what came."""
    if spec.kind not in COLLECTORS:
        return Trial(FetchOutcome.EMPTY, str(_("这种信源不用测试：有文件或来信就会读取。")))
    try:
        read = parse(spec, _fetched(spec.url, spec.internal))
    except (HttpError, SourceError) as error:
        rule = str(error.details.get("rule", "")) if isinstance(error, BadRule) else ""
        return Trial(outcome_of(error), str(error), rule=rule)
    titles = _titles(read)
    remarks = ";".join(str(one) for one in read.warnings)
    return Trial(
        FetchOutcome.OK if titles else FetchOutcome.EMPTY,
        remarks,
        titles[:_SHOWN],
        len(titles),
        read.feed_title,
        sample=_sample(spec, read),
        newest=max((one.published_at for one in read.items if one.published_at), default=None),
    )


def _sample(spec: SourceSpec, read: Collected) -> tuple[str, str]:
    """Title and text of the first article as it would be kept, where pages have to be read for it."""
    if spec.kind not in {"page", "sitemap"}:
        return "", ""
    first = read.items[0] if read.items else None
    link = first.url if first else (read.next_links[0] if read.next_links else "")
    if spec.kind == "sitemap" and first is None:
        # What an index names are sitemaps, not articles.
        return "", ""
    if first is None or not first.body:
        rules = {name: rule for name, rule in spec.options.items() if name != "links"}
        page = SourceSpec(
            kind="page", url=link, language=spec.language, options=rules,
            internal=spec.internal and host_of(link) == host_of(spec.url),
        )  # fmt: skip
        try:
            found = parse(page, _fetched(link, page.internal)).items
        except (HttpError, SourceError) as error:
            return link, str(error)
        first = found[0] if found else None
    return (first.title or first.url, first.body[:SAMPLE_SHOWN]) if first else ("", "")


def try_held(source: Source) -> Trial:
    """Read a source that is there, whatever its kind: a mailbox is opened, a spool looked into."""
    if source.kind == "mail":
        return try_mailbox(source.url, source.secret, internal=source.internal)
    if source.kind == "drop":
        waiting = spool.waiting(source.pk)
        return Trial(
            FetchOutcome.OK if waiting else FetchOutcome.EMPTY,
            str(_("这种信源不用测试：有文件或来信就会读取。")),
            tuple((one.name, "") for one in waiting[:_SHOWN]), len(waiting),
        )  # fmt: skip
    return try_source(selectors.spec_of(source))


def try_mailbox(url: str, password: str, *, internal: bool) -> Trial:
    """Sign in to a mailbox and open its folder; no letter is taken or marked as read."""
    place = replace(mail_place(url), plain=internal)
    try:
        with mailbox.opened(
            place, password, internal=internal, limit=LIMITS.max_bytes, total=LIMITS.total
        ) as box:
            numbers = box.newer_than(0)
            titles = [_letter_title(box.letter(uid)) for uid in numbers[-_LETTERS_SHOWN:][::-1]]
    except (mailbox.LoginRefused, mailbox.FolderMissing) as error:
        refused = MailRefused(url=place.url, said=str(error)[:200])
        return Trial(FetchOutcome.LOGIN, str(refused))
    except HttpError as error:
        return Trial(outcome_of(error), str(error))
    return Trial(
        FetchOutcome.OK if numbers else FetchOutcome.EMPTY, "",
        tuple((title, "") for title in titles), len(numbers), place.folder,
    )  # fmt: skip


def _letter_title(body: bytes) -> str:
    """The subject of a letter; of a damaged one whatever can be read."""
    letter = message_from_bytes(body, policy=email_policy.default)
    return str(letter.get("subject") or letter.get("from") or "—")[:200]


def _hot_words(entry: HotEntry) -> str:
    heat = "" if entry.heat is None else _("热度 %(n)s") % {"n": f"{entry.heat:,.0f}"}
    return " · ".join(filter(None, [heat, entry.url]))


def _titles(read: Collected) -> tuple[tuple[str, str], ...]:
    if read.hot:
        return tuple((f"{one.rank}. {one.title}", _hot_words(one)) for one in read.hot)
    if read.items:
        return tuple((one.title or one.url, one.url) for one in read.items)
    return tuple((link, link) for link in read.next_links)
