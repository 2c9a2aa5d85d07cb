"""Verbs of the sources room: what is watched, and how each fetch came out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe as make_key
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, Conflict, NotFound
from rongmei.kernel.mailbox import PORTS, Place
from rongmei.network import policy
from rongmei.sources import spool
from rongmei.sources.models import FetchLog, FetchState, Source
from rongmei.sources.opml import Outline
from rongmei.sources.schedule import Bounds, PollState, after_failure, after_success
from rongmei.sources.selectors import HAND_IN
from rongmei.sources.types import FetchOutcome

if TYPE_CHECKING:
    from rongmei.kernel.http_errors import Kind
    from rongmei.network.models import Member

# A killed fetch is taken up again when its lease ends; a living one renews it.
LEASE = timedelta(seconds=60)
LOG_KEPT = 200
SAMPLE_BYTES = 64_000
EDITABLE = (
    "name", "url", "home_url", "kind", "media_class", "tier", "region", "language", "options",
    "full_text", "shared", "enabled", "min_interval", "max_interval",
)  # fmt: skip
SHORTEST, LONGEST = 5, 30 * 86_400
TROUBLE_KEPT = 500


@dataclass(frozen=True)
class Outcome:
    """How one attempt at a source came out. `failure` is None when it went well."""

    outcome: FetchOutcome
    message: str = ""
    http_status: int | None = None
    received: int = 0
    took_ms: int = 0
    items_seen: int = 0
    items_new: int = 0
    failure: Kind | None = None
    retry_after: float | None = None
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    moved_to: str = ""
    sample: bytes = b""
    left: int = 0
    cursor: str = ""
    parts: Mapping[str, list[str]] = field(default_factory=dict)
    trouble: Mapping[str, float] = field(default_factory=dict)


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they may be kept; BadInput says what is wrong with the first that may not."""
    found = {key: value for key, value in fields.items() if key in EDITABLE}
    if "name" in found:
        found["name"] = str(found["name"]).strip()[:80]
        if not found["name"]:
            raise BadInput(_("信源要有名称，没有保存。请填写名称。"))
    if found.get("home_url"):
        _check_address(str(found["home_url"]))
    for key, known in (("kind", Source.Kind), ("media_class", Source.MediaClass)):
        if key in found and found[key] not in known.values:
            raise BadInput(_("没有这种读取方式或媒体类别，没有保存。请从列表中选择。"))
    if not isinstance(found.get("options", {}), dict):
        raise BadInput(_("取数规则要写成 JSON 对象，没有保存。请改正后再提交。"))
    return found


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= 1000
    except ValueError:
        fine = False
    if not fine:
        raise BadInput(_("地址要以 http:// 或 https:// 开头，信源没有保存。请改正地址。"))


def _check_place(kind: str, url: str) -> None:
    """The address must be of the kind the source is."""
    if kind == Source.Kind.MAIL:
        mail_place(url)
    elif kind != Source.Kind.DROP:
        _check_address(url)


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


def _check_pace(source: Source) -> None:
    if not SHORTEST <= source.min_interval <= source.max_interval <= LONGEST:
        raise BadInput(_("轮询间隔要在 5 秒到 30 天之间，最短的不能大于最长的，没有保存。"))


def source_add(*, by: Member, unit_id: uuid.UUID, name: str, url: str, **fields: Any) -> Source:
    """Watch a new source for the unit; it is fetched at once.

    `fields` are those of `EDITABLE`, `preset`, the key of the preset it was made from, and
    `secret`, the password of a mailbox.
    """
    policy.require(by, "sources.manage", unit_id)
    return _add(by, unit_id, name, url, fields)


def _add(
    by: Member | None, unit_id: uuid.UUID, name: str, url: str, fields: dict[str, Any]
) -> Source:
    chosen = _checked({**fields, "name": name, "url": url.strip()})
    source = Source(
        unit_id=unit_id, preset=str(fields.get("preset", "")),
        secret=str(fields.get("secret", ""))[:200], **chosen,
    )  # fmt: skip
    if source.kind == Source.Kind.DROP:
        source.url = source.url or f"drop:{source.pk}"
    _check_place(source.kind, source.url)
    _check_pace(source)
    with db.write():
        if Source.objects.filter(unit_id=unit_id, url=source.url).exists():
            raise Conflict(_("本单位已经有这个地址的信源，没有重复添加。"))
        source.save(force_insert=True)
        FetchState.objects.create(source=source, interval=source.min_interval)
        audit.record(by, "source.added", source, url=source.url, kind=source.kind)
    return source


def sources_import(*, by: Member, unit_id: uuid.UUID, feeds: Iterable[Outline]) -> tuple[int, int]:
    """Watch the feeds of a list; returns how many were added and how many left out."""
    policy.require(by, "sources.manage", unit_id)
    added = skipped = 0
    for feed in feeds:
        try:
            source_add(by=by, unit_id=unit_id, name=feed.name, url=feed.url, home_url=feed.home_url)
            added += 1
        except (BadInput, Conflict):
            skipped += 1
    return added, skipped


def _locked(source_id: uuid.UUID) -> Source:
    source = Source.objects.select_for_update(of=("self",)).filter(pk=source_id).first()
    if source is None:
        raise NotFound
    if source.is_replica:
        raise Conflict(_("这个信源归别的节点管理，没有改动。请到那个节点上修改。"))
    return source


def _afresh(source: Source) -> None:
    """Ask again at once and as if for the first time."""
    FetchState.objects.filter(source=source).update(
        due_at=timezone.now(), etag="", last_modified="", body_hash="", moved_to="", failures=0,
        left=0, parts={}, trouble={},
    )  # fmt: skip


def source_change(*, by: Member, source_id: uuid.UUID, **fields: Any) -> Source:
    """Change named fields (`EDITABLE`) of a source; a new address is fetched at once.

    Leave to be on a private network was given for one host: with another host it ends, unless the
    one who changes it could give it anew.
    """
    given = _checked(fields)
    with db.write():
        source = _locked(source_id)
        policy.require(by, "sources.manage", source)
        changed = {key: value for key, value in given.items() if getattr(source, key) != value}
        _check_place(given.get("kind", source.kind), given.get("url", source.url))
        moved = "url" in changed and _place(changed["url"]) != _place(source.url)
        for key, value in changed.items():
            setattr(source, key, value)
        if moved and source.internal:
            source.internal = policy.allows(by, "sources.mark_internal", source)
        _check_pace(source)
        same = Source.objects.filter(unit_id=source.unit_id, url=source.url).exclude(pk=source.pk)
        if "url" in changed and same.exists():
            raise Conflict(_("本单位已经有这个地址的信源，修改没有保存。"))
        source.save()
        if {"url", "kind", "options", "enabled"} & set(changed):
            _afresh(source)
        elif {"min_interval", "max_interval"} & set(changed):
            # What was put off under the old pace must not wait for its end.
            soon = timezone.now() + timedelta(seconds=source.min_interval)
            FetchState.objects.filter(source=source, due_at__gt=soon).update(due_at=soon)
        audit.record(by, "source.changed", source, fields=sorted(changed))
    return source


def source_secret_set(*, by: Member, source_id: uuid.UUID, secret: str = "") -> str:
    """Set a mailbox's password, or make a new key for pushing; returns it, for the only time."""
    with db.write():
        source = _locked(source_id)
        policy.require(by, "sources.manage", source)
        source.secret = (secret or make_key(32))[:200]
        source.save(update_fields=["secret", "updated_at"])
        _afresh(source)
        audit.record(by, "source.secret_set", source)
    return source.secret


def files_hand_over(
    *, by: Member, source_id: uuid.UUID, files: Iterable[tuple[str, Iterable[bytes]]]
) -> int:
    """Take (name, pieces) of files for the source to read, within seconds; returns how many.

    Raises `TooMuch` for one beyond 64 MB; those before it stay.
    """
    _require_drop(by, source_id)
    kept = [spool.put(source_id, name, pieces) for name, pieces in files]
    with db.write():
        source = _locked(source_id)
        wake(source_id)
        audit.record(by, "source.files_handed_over", source, files=[one.name[:80] for one in kept])
    return len(kept)


def file_pushed(*, source_id: uuid.UUID, name: str, body: bytes, ip: str) -> str:
    """Take a file that another system pushed with the source's key; its key in the spool.

    The caller has found the source to be one that takes files, and the key to be right.
    """
    if len(spool.waiting(source_id)) >= spool.MAX_WAITING:
        raise Conflict(_("等待读取的文件太多，这一份没有收下。请过几分钟再推送。"))
    # On the disk before the write: nobody waits at the database's gate for a disk.
    kept = spool.put(source_id, name, [body])
    with db.write():
        source = _locked(source_id)
        wake(source_id)
        audit.record(None, "source.file_pushed", source, file=kept.name[:80], ip=ip)
    return kept.name


def refused_file_deal(*, by: Member, source_id: uuid.UUID, key: str, again: bool) -> None:
    """Have a refused file read once more, or remove it for good."""
    held = spool.find_refused(source_id, key)
    with db.write():
        source = _locked(source_id)
        policy.require(by, "sources.manage", source)
        if held is None:
            raise NotFound
        action = "source.file_again" if again else "source.file_discarded"
        audit.record(by, action, source, file=held.name[:80])
        wake(source_id)
    if again:
        spool.again(held, source_id)
    else:
        spool.discard(held)


def _require_drop(by: Member, source_id: uuid.UUID) -> None:
    source = Source.objects.filter(pk=source_id).first()
    if source is None:
        raise NotFound
    policy.require(by, "sources.manage", source)
    if source.kind != Source.Kind.DROP:
        raise BadInput(_("只有“文件与推送”类信源能收文件，没有收下。请选择或新建这样的信源。"))


def drop_for(*, by: Member, unit_id: uuid.UUID) -> Source:
    """The unit's source for files handed over by people; made at the first."""
    policy.require(by, "sources.manage", unit_id)
    return _drop_of(by, unit_id)


def drop_of_unit(*, unit_id: uuid.UUID) -> Source:
    """The same for the operator of the machine, who stands outside the permissions."""
    return _drop_of(None, unit_id)


def _drop_of(by: Member | None, unit_id: uuid.UUID) -> Source:
    held = Source.objects.filter(unit_id=unit_id, preset=HAND_IN).first()
    return held or _add(
        by, unit_id, _("文件导入"), "",
        {
            "kind": Source.Kind.DROP, "preset": HAND_IN, "media_class": Source.MediaClass.COMPANY,
            "min_interval": 10, "max_interval": 60, "full_text": False,
        },
    )  # fmt: skip


def wake(source_id: uuid.UUID) -> None:
    """Let the collect process look at the source at once; in the caller's write."""
    FetchState.objects.filter(pk=source_id).update(due_at=timezone.now())


def _place(url: str) -> str:
    return urlsplit(url).netloc.lower()


def source_mark_internal(*, by: Member, source_id: uuid.UUID, internal: bool) -> Source:
    """Let a source be on a private network, or no longer; only the system administrator may."""
    with db.write():
        source = _locked(source_id)
        policy.require(by, "sources.mark_internal", source)
        source.internal = internal
        source.save(update_fields=["internal", "updated_at"])
        _afresh(source)
        audit.record(by, "source.marked_internal", source, internal=internal)
    return source


def source_fetch_now(*, by: Member, source_id: uuid.UUID) -> None:
    """Put the source at the head of the queue; entries once given up are tried again."""
    with db.write():
        source = _locked(source_id)
        policy.require(by, "sources.manage", source)
        FetchState.objects.filter(source=source).update(due_at=timezone.now(), trouble={})
        audit.record(by, "source.fetch_asked", source)


def sources_claim(*, limit: int, only: Iterable[uuid.UUID] | None = None) -> list[Source]:
    """Take due sources for fetching; each is ours until its lease ends. No person does this.

    With `only`, those sources, due or not.
    """
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    wanted = Q(due_at__lte=now, source__enabled=True) if only is None else Q(pk__in=list(only))
    with db.write():
        rows = FetchState.objects.filter(free, wanted)
        if db.is_postgresql():
            rows = rows.select_for_update(of=("self",), skip_locked=True)
        states = list(rows.select_related("source").order_by("due_at")[:limit])
        FetchState.objects.filter(pk__in=[one.pk for one in states]).update(
            leased_until=now + LEASE
        )
    return [one.source for one in states]


def sources_hold(source_ids: Iterable[uuid.UUID]) -> None:
    """Renew the leases of what is still being fetched.

    What was recorded in the meantime has no lease any more, and must not be held up by a new one.
    """
    with db.write():
        FetchState.objects.filter(pk__in=list(source_ids), leased_until__isnull=False).update(
            leased_until=timezone.now() + LEASE
        )


def sources_release(source_ids: Iterable[uuid.UUID]) -> None:
    """Give back what was claimed and not finished, so that the next process takes it at once."""
    with db.write():
        FetchState.objects.filter(pk__in=list(source_ids)).update(leased_until=None)


def sources_take_over() -> int:
    """Free what a killed collect process held, as the next one starts; how many there were.

    Only where there can be one such process, on SQLite: elsewhere they wait for their leases' end.
    """
    if db.is_postgresql():
        return 0
    with db.write():
        return FetchState.objects.exclude(leased_until=None).update(leased_until=None)


def fetch_recorded(source: Source, outcome: Outcome) -> None:
    """Note how a fetch came out and when to ask again; in the write of the last items, or alone."""
    now = timezone.now()
    with db.write():
        # The pace as it is now: it may have been changed while the fetch went on.
        states = FetchState.objects.select_for_update(of=("self",)).select_related("source")
        state = states.filter(pk=source.pk).first()
        if state is None:
            return
        asked_again = state.due_at > source.state.due_at
        before = state.outcome
        poll = _poll_after(state.source, state, outcome, now)
        state.interval = max(1, int(poll.interval.total_seconds()))
        state.failures = poll.failures
        # Somebody changed the source, or asked for it, while it was being fetched: it stays due.
        if not asked_again:
            state.due_at = _next_due(state.source, poll, outcome, now)
        state.leased_until = None
        state.outcome, state.message = outcome.outcome, outcome.message[:500]
        state.http_status, state.last_try_at = outcome.http_status, now
        if outcome.failure is None:
            state.last_ok_at = now
            state.moved_to = outcome.moved_to[:1000]
            state.cursor = outcome.cursor or state.cursor
            state.left, state.trouble = outcome.left, _bounded(outcome.trouble)
            if not asked_again:
                _remember_answer(state, outcome)
            state.items_seen += outcome.items_seen
            state.items_new += outcome.items_new
            state.last_new_at = now if outcome.items_new else state.last_new_at
        state.save()
        if outcome.failure is not None or outcome.items_new or outcome.outcome != before:
            _log(source, outcome)


def _remember_answer(state: FetchState, outcome: Outcome) -> None:
    """Keep what makes the next fetch cheap, unless this one left something to be fetched."""
    whole = outcome.left == 0
    state.etag = outcome.etag[:300] if whole else ""
    state.last_modified = outcome.last_modified[:80] if whole else ""
    state.body_hash = outcome.body_hash if whole else ""
    state.parts = dict(outcome.parts) if whole else {}


def _bounded(trouble: Mapping[str, float]) -> dict[str, float]:
    return dict(list(trouble.items())[-TROUBLE_KEPT:])


def _next_due(source: Source, poll: PollState, outcome: Outcome, now: datetime) -> datetime:
    if outcome.left:
        return now + timedelta(seconds=source.min_interval)
    return poll.next_at or now


def _poll_after(source: Source, state: FetchState, outcome: Outcome, now: datetime) -> PollState:
    bounds = Bounds(timedelta(seconds=source.min_interval), timedelta(seconds=source.max_interval))
    before = PollState(
        interval=timedelta(seconds=state.interval),
        failures=state.failures,
        last_new_at=state.last_new_at,
    )
    if outcome.failure is None:
        known = outcome.items_seen - outcome.items_new
        return after_success(before, now=now, items=outcome.items_seen, known=known, bounds=bounds)
    return after_failure(
        before, now=now, kind=outcome.failure, retry_after=outcome.retry_after, bounds=bounds
    )


def _log(source: Source, outcome: Outcome) -> None:
    FetchLog.objects.create(
        source=source,
        outcome=outcome.outcome,
        message=outcome.message[:500],
        http_status=outcome.http_status,
        bytes=outcome.received,
        took_ms=outcome.took_ms,
        items_seen=outcome.items_seen,
        items_new=outcome.items_new,
        sample=outcome.sample[:SAMPLE_BYTES],
    )
    old = source.log.values_list("pk", flat=True)[LOG_KEPT : LOG_KEPT + 50]
    FetchLog.objects.filter(pk__in=list(old)).delete()
