"""Verbs of the channels room."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import wraps
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from rongmei.channels import delivering, exchange, packages, selectors
from rongmei.channels.errors import (
    AlreadyWithdrawn,
    BadScreenshot,
    EmbargoNotReached,
    NameTaken,
    NoChannel,
    NotInThisState,
    OlderTextPublished,
    OnlyAtHome,
    TextChanged,
)
from rongmei.channels.events import Corrected, Published, Withdrawn
from rongmei.channels.models import Channel, Delivery, Publication, receipt_storage
from rongmei.channels.types import Can
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput, NotFound, RongmeiError
from rongmei.kernel.ids import uuid7
from rongmei.kernel.text import shorten
from rongmei.network import policy
from rongmei.stories import selectors as stories
from rongmei.stories.errors import NotSigned
from rongmei.stories.types import SignedPackage

if TYPE_CHECKING:
    from rongmei.network.models import Member

P = ParamSpec("P")
R = TypeVar("R")
State = Delivery.State
SCREENSHOT_BYTES: Final = 10 * 1024 * 1024
_PICTURES: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
# Deliveries that have reached (or may be reaching) readers.
_OUT: Final = (State.SENDING, State.DELIVERED, State.VERIFIED, State.DIFFERS)


def _refusals_kept(action: Callable[P, R]) -> Callable[P, R]:
    """Leave an audit line when publishing is refused: who tried which story, and why not."""

    @wraps(action)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return action(*args, **kwargs)
        except RongmeiError as refused:
            by: Any = kwargs.get("by")
            with db.write():
                audit.record(
                    by, "publication.refused", unit_id=getattr(by, "unit_id", None),
                    reason=refused.code, story=str(kwargs.get("story_id")),
                )  # fmt: skip
            raise

    return tried


@_refusals_kept
def publication_publish(
    *,
    by: Member,
    story_id: uuid.UUID,
    channel_ids: Iterable[uuid.UUID],
    due_at: datetime | None = None,
    content_hash: str = "",
) -> Publication:
    """Release the signed text of a story to channels: one delivery each, however often it is asked.

    `content_hash` is the text the editor looked at, when known. `due_at` schedules the deliveries.
    Raises NotSigned, TextChanged, EmbargoNotReached, NoChannel, AlreadyWithdrawn or
    OlderTextPublished; then nothing is published.
    """
    policy.require(by, "channels.publish")
    if not stories.signed_stories_for_platform(by).filter(pk=story_id).exists():
        # A story that is seen but lacks signatures deserves the clearer words.
        stories.package_visible_to(by, story_id)
        raise NotFound
    package = stories.signed_package(story_id)
    if content_hash and content_hash != package.content_hash:
        raise TextChanged
    frozen, html = packages.freeze(package), packages.clean_html(package.html)
    due = due_at or timezone.now()
    if package.embargo_until and due < package.embargo_until:
        raise EmbargoNotReached
    with db.write():
        channels = _channels_for(by, channel_ids)
        _still_the_signed_text(by, package)
        publication = _publication(by, package, frozen, html, channels[0].unit_id, due)
        added = [
            channel.name
            for channel in channels
            if Delivery.objects.get_or_create(
                publication=publication,
                channel=channel,
                defaults={"unit_id": channel.unit_id, "due_at": due},
            )[1]
        ]
        if added:
            audit.record(
                by, "publication.published", publication, channels=added, due_at=due,
                content_hash=package.content_hash, story_id=story_id,
            )  # fmt: skip
            events.publish(
                Published(
                    subject_id=publication.pk, unit_id=publication.unit_id,
                    title=publication.title, story_id=str(story_id),
                )
            )  # fmt: skip
    return publication


def _channels_for(by: Member, channel_ids: Iterable[uuid.UUID]) -> list[Channel]:
    wanted = set(channel_ids)
    found = list(
        Channel.objects.select_for_update().filter(pk__in=wanted, is_active=True, home=None)
    )
    if not found or len(found) != len(wanted) or len({one.unit_id for one in found}) > 1:
        raise NoChannel
    for channel in found:
        policy.require(by, "channels.publish", channel)
    return found


def _still_the_signed_text(by: Member, package: SignedPackage) -> None:
    """Between rendering and this write the story may have been changed or withdrawn."""
    same = stories.signed_stories_for_platform(by).filter(
        pk=package.story_id, content_hash=package.content_hash
    )
    if not same.exists():
        raise TextChanged


def _publication(
    by: Member, package: SignedPackage, frozen: dict[str, Any], html: str,
    unit_id: uuid.UUID, due: datetime,
) -> Publication:  # fmt: skip
    held = Publication.objects.select_for_update().filter(
        story_id=package.story_id, unit_id=unit_id, home=None
    )
    for one in held:
        if one.content_hash == package.content_hash:
            if one.state == Publication.State.WITHDRAWN:
                raise AlreadyWithdrawn
            return one
        if one.state != Publication.State.WITHDRAWN:
            raise OlderTextPublished
    new_id = uuid7()
    return Publication.objects.create(
        id=new_id, story_id=package.story_id, unit_id=unit_id,
        slug=packages.slug_for(new_id, timezone.localtime()),
        published_at=due, published_by_id=by.pk, published_by_name=str(by),
        **_frozen_fields(package, frozen, html),
    )  # fmt: skip


def _frozen_fields(package: SignedPackage, frozen: dict[str, Any], html: str) -> dict[str, Any]:
    lead = package.lead_image or {}
    return {
        "title": package.title[:80],
        "package": frozen,
        "html": html,
        "text": package.text,
        "image_url": str(lead.get("url") or "")[:500],
        "summary": package.summary[:300] or shorten(package.text, 120),
        "byline": package.byline[:120],
        "source_name": (package.origin or package.unit_name)[:120],
        "content_hash": package.content_hash,
        "category": package.category[:40],
        "tag_line": packages.tag_line(package.tags),
    }


def _locked(publication_id: uuid.UUID) -> Publication:
    found = (
        Publication.objects.select_for_update(of=("self",))
        .select_related("story")
        .filter(pk=publication_id)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def publication_correct(*, by: Member, publication_id: uuid.UUID, note: str) -> Publication:
    """Show readers a correction; when a newer signed text exists, put it in place everywhere."""
    said = note.strip()
    if not said:
        raise BadInput(_("更正说明没有填写，未做改动。请写明更正了什么，读者会看到。"))
    story_id = Publication.objects.filter(pk=publication_id).values_list("story", flat=True).first()
    if story_id is None:
        raise NotFound
    package = _signed(story_id)
    fresh = _fields_of(package) if package else {}
    with db.write():
        publication = _locked(publication_id)
        policy.require(by, "channels.publish", publication)
        _at_home_and_live(publication)
        if package is not None:
            _still_the_signed_text(by, package)
        _correct(by, publication, said, fresh)
    return publication


def _signed(story_id: uuid.UUID) -> SignedPackage | None:
    """The story as it may be published; None while its present text lacks a signature: readers are
    told what was wrong all the same, and the published text stays as it is until there is another."""
    try:
        return stories.signed_package(story_id)
    except NotSigned:
        return None


def _fields_of(package: SignedPackage) -> dict[str, Any]:
    frozen, html = packages.freeze(package), packages.clean_html(package.html)
    return _frozen_fields(package, frozen, html)


def _correct(by: Member | None, publication: Publication, note: str, fresh: dict[str, Any]) -> None:
    """Show the note; put `fresh`, fields of a newer signed text, in the old ones' place."""
    now = timezone.now()
    renewed = bool(fresh) and fresh["content_hash"] != publication.content_hash
    if renewed:
        for name, value in fresh.items():
            setattr(publication, name, value)
        _send_again(publication, now)
    publication.state = Publication.State.CORRECTED
    publication.correction, publication.corrected_at = note[:300], now
    publication.version += 1
    publication.save()
    if publication.public_at is not None:
        delivering.keep(publication)
    audit.record(
        by, "publication.corrected", publication, note=note, renewed=renewed,
        content_hash=publication.content_hash,
    )  # fmt: skip
    events.publish(
        Corrected(
            subject_id=publication.pk, unit_id=publication.unit_id, title=publication.title,
            note=note[:300],
        )
    )  # fmt: skip
    exchange.announce(publication)


def story_corrected(*, story_id: uuid.UUID, note: str) -> int:
    """Show readers of every live publication of a story what was wrong; return how many were changed.

    A newer text goes out only while the story's row still says that it is the signed one.
    """
    package = _signed(story_id)
    fresh = _fields_of(package) if package else {}
    changed = 0
    with db.write():
        rows = Publication.objects.select_for_update(of=("self",)).select_related("story")
        live = rows.filter(story_id=story_id, home=None).exclude(state=Publication.State.WITHDRAWN)
        for publication in live:
            story = publication.story
            same = bool(fresh) and story.content_hash == fresh["content_hash"] and story.signed_at
            renews = same and fresh["content_hash"] != publication.content_hash
            # Told before: a follower that was ended half-way begins again.
            if publication.correction == note[:300] and not renews:
                continue
            _correct(None, publication, note, fresh if same else {})
            changed += 1
    return changed


def _send_again(publication: Publication, now: datetime) -> None:
    """Every channel that has the old text gets the new one."""
    Delivery.objects.filter(
        publication=publication, state__in=(*_OUT, State.BY_HAND, State.FAILED)
    ).update(
        state=State.DUE, due_at=now, leased_until=None, attempts=0, checks=0, error="",
        updated_at=now,
    )  # fmt: skip


def _at_home_and_live(publication: Publication) -> None:
    if publication.is_replica:
        raise OnlyAtHome
    if publication.state == Publication.State.WITHDRAWN:
        raise AlreadyWithdrawn


def publication_withdraw(*, by: Member, publication_id: uuid.UUID, reason: str) -> Publication:
    """Take a publication back from every channel; its public page is gone at once (410)."""
    said = reason.strip()
    if not said:
        raise BadInput(_("撤下理由没有填写，未做改动。请写明理由，它会记入审计。"))
    with db.write():
        publication = _locked(publication_id)
        policy.require(by, "channels.withdraw", publication)
        if publication.is_replica:
            raise OnlyAtHome
        if publication.state != Publication.State.WITHDRAWN:
            _withdraw(by, publication, said)
    return publication


def _withdraw(by: Member | None, publication: Publication, reason: str) -> None:
    now = timezone.now()
    publication.state = Publication.State.WITHDRAWN
    publication.withdrawn_at, publication.withdrawn_reason = now, reason[:300]
    publication.version += 1
    publication.save(
        update_fields=["state", "withdrawn_at", "withdrawn_reason", "version", "updated_at"]
    )
    rows = Delivery.objects.filter(publication=publication)
    fresh: dict[str, Any] = {"leased_until": None, "due_at": now, "checks": 0, "updated_at": now}
    # One that is being sent may arrive yet, and one that was posted before is still there.
    out = rows.filter(state__in=_OUT) | rows.filter(delivered_at__isnull=False)
    out.exclude(state=State.WITHDRAWN).update(state=State.WITHDRAWING, **fresh)
    rows.filter(state__in=(State.DUE, State.BY_HAND, State.FAILED)).update(
        state=State.WITHDRAWN, **fresh
    )
    audit.record(by, "publication.withdrawn", publication, reason=reason)
    events.publish(
        Withdrawn(
            subject_id=publication.pk, unit_id=publication.unit_id, title=publication.title,
            story_id=str(publication.story_id), reason=reason[:300],
        )
    )  # fmt: skip
    exchange.announce(publication, type_=exchange.WITHDRAWN)


def story_withdrawn(*, story_id: uuid.UUID, reason: str) -> int:
    """Take back every publication of a withdrawn story; return how many."""
    with db.write():
        rows = list(
            Publication.objects.select_for_update(of=("self",))
            .select_related("story")
            .filter(story_id=story_id, home=None)
            .exclude(state=Publication.State.WITHDRAWN)
        )
        for publication in rows:
            _withdraw(None, publication, reason or _("稿件已撤稿"))
    return len(rows)


def _locked_delivery(by: Member, delivery_id: uuid.UUID, permission: str) -> Delivery:
    row = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("publication", "publication__story", "channel")
        .filter(pk=delivery_id)
        .first()
    )
    if row is None:
        raise NotFound
    policy.require(by, permission, row)
    if row.is_replica:
        raise OnlyAtHome
    return row


def delivery_confirm(
    *,
    by: Member,
    delivery_id: uuid.UUID,
    url: str,
    posted_at: datetime | None = None,
    screenshot: UploadedFile[bytes] | None = None,
) -> Delivery:
    """Note that it was posted by hand: where, when, and the screenshot with its SHA-256."""
    if not url.startswith(("http://", "https://")) or len(url) > 1000:
        raise BadInput(
            _("链接无法使用，回执没有保存。请填写以 http:// 或 https:// 开头的发布链接。")
        )
    first = selectors.delivery_for(by, delivery_id)
    policy.require(by, "channels.publish", first)
    name, digest = _keep_screenshot(screenshot) if screenshot else ("", "")
    now = timezone.now()
    at = min(posted_at or now, now)
    with db.write():
        row = _locked_delivery(by, delivery_id, "channels.publish")
        # A failed delivery may have been posted by hand instead; a confirmed one be put right.
        if row.state not in (State.BY_HAND, State.FAILED, State.DELIVERED):
            raise NotInThisState
        if selectors.can(row.channel, Can.PUBLISH) and row.state == State.DELIVERED:
            raise NotInThisState
        fresh = row.state != State.DELIVERED
        row.state, row.url, row.delivered_at, row.error = State.DELIVERED, url, at, ""
        row.checks, row.leased_until = delivering.MAX_CHECKS, None
        row.receipt = {**row.receipt, "by_hand": {"by": str(by), "at": at.isoformat()}}
        if name:
            row.screenshot, row.screenshot_digest = name, digest
        row.save()
        if fresh:
            delivering.made_public(row, at=at)
        audit.record(
            by, "delivery.confirmed", row, url=url, posted_at=at, screenshot_sha256=digest,
            channel=row.channel.name,
        )  # fmt: skip
    return row


def _keep_screenshot(file: UploadedFile[bytes]) -> tuple[str, str]:
    """Store the picture outside the public folder; return its name there and its SHA-256."""
    if file.size is None or file.size > SCREENSHOT_BYTES:
        raise BadScreenshot
    data = file.read()
    try:
        with Image.open(BytesIO(data)) as picture:
            kind = picture.format or ""
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise BadScreenshot from None
    if kind not in _PICTURES:
        raise BadScreenshot
    digest = hashlib.sha256(data).hexdigest()
    name = f"{timezone.localtime():%Y/%m}/{digest}.{_PICTURES[kind]}"
    storage = receipt_storage()
    # The name is the content: a picture that was sent twice is kept once.
    return (name if storage.exists(name) else storage.save(name, ContentFile(data))), digest


def delivery_retry(*, by: Member, delivery_id: uuid.UUID) -> Delivery:
    """Try a failed delivery again now, from the first attempt."""
    with db.write():
        row = _locked_delivery(by, delivery_id, "channels.publish")
        if row.state not in (State.FAILED, State.DUE):
            raise NotInThisState
        row.state, row.due_at = State.DUE, _not_before_embargo(row)
        row.attempts, row.error, row.leased_until = 0, "", None
        row.save(
            update_fields=["state", "due_at", "attempts", "error", "leased_until", "updated_at"]
        )
        audit.record(by, "delivery.retried", row)
    return row


def _not_before_embargo(row: Delivery) -> datetime:
    """Now; or the scheduled time, so that a retry never brings a publication forward."""
    now = timezone.now()
    waiting = row.state == State.DUE and row.attempts == 0
    return max(now, row.due_at) if waiting else now


def delivery_recheck(*, by: Member, delivery_id: uuid.UUID) -> Delivery:
    """Have the channel read back and compared again."""
    with db.write():
        row = _locked_delivery(by, delivery_id, "channels.publish")
        states = (State.DELIVERED, State.VERIFIED, State.DIFFERS)
        if row.state not in states or not selectors.can(row.channel, Can.VERIFY):
            raise NotInThisState
        row.state, row.due_at, row.checks, row.leased_until = (
            State.DELIVERED,
            timezone.now(),
            0,
            None,
        )
        row.save(update_fields=["state", "due_at", "checks", "leased_until", "updated_at"])
        audit.record(by, "delivery.recheck_asked", row)
    return row


def delivery_taken_down(*, by: Member, delivery_id: uuid.UUID) -> Delivery:
    """Note that a person has deleted the post on the platform."""
    with db.write():
        row = _locked_delivery(by, delivery_id, "channels.withdraw")
        if row.state != State.WITHDRAWING or selectors.can(row.channel, Can.WITHDRAW):
            raise NotInThisState
        row.state, row.error, row.leased_until = State.WITHDRAWN, "", None
        at = timezone.now().isoformat()
        row.receipt = {**row.receipt, "withdrawn": {"by": str(by), "at": at}}
        row.save(update_fields=["state", "error", "leased_until", "receipt", "updated_at"])
        audit.record(by, "delivery.withdrawn", row, channel=row.channel.name)
        exchange.announce(row.publication, type_=exchange.WITHDRAWN)
    return row


def channel_save(
    *,
    by: Member,
    unit_id: uuid.UUID,
    name: str,
    adapter: str,
    settings: Mapping[str, Any],
    is_active: bool = True,
    order: int = 100,
    channel_id: uuid.UUID | None = None,
) -> Channel:
    """Make a channel, or change its name, settings and whether it is in use (not its kind)."""
    known = selectors.adapters().get(adapter)
    if known is None:
        raise BadInput
    kept = {
        one.key: str(settings.get(one.key) or "").strip()[:300]
        for one in known.settings
        if settings.get(one.key)
    }
    try:
        with db.write():
            channel = _channel_to_save(unit_id, adapter, channel_id)
            policy.require(by, "channels.manage", channel)
            if channel.is_replica:
                raise OnlyAtHome
            channel.name, channel.settings = name.strip()[:60], kept
            channel.is_active, channel.order = is_active, order
            channel.save()
            audit.record(
                by, "channel.saved", channel, adapter=adapter, settings=kept, active=is_active
            )
    except IntegrityError:
        raise NameTaken from None
    return channel


def _channel_to_save(unit_id: uuid.UUID, adapter: str, channel_id: uuid.UUID | None) -> Channel:
    if channel_id is None:
        return Channel(unit_id=unit_id, adapter=adapter)
    held = Channel.objects.select_for_update().filter(pk=channel_id).first()
    if held is None or held.adapter != adapter:
        raise NotFound
    return held
