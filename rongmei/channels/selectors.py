"""Reads of the channels room. The public reads (`live_publications`) have no member: they are the site's."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, Min, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import pgettext

from rongmei.channels.hooks import ChannelAdapter
from rongmei.channels.models import Channel, Delivery, Publication
from rongmei.channels.types import SITE_PATH, Can, ChannelInfo, Parcel, Rendered
from rongmei.kernel import plugins
from rongmei.kernel.errors import NotFound
from rongmei.kernel.ui.shapes import Step
from rongmei.network import policy
from rongmei.stories import selectors as stories

if TYPE_CHECKING:
    from rongmei.network.models import Member

_HEAVY = ("html", "text", "package")


def adapters() -> dict[str, ChannelAdapter]:
    """The adapters of all plugins by key; one from outside wins over a built-in of the same key."""
    found: dict[str, ChannelAdapter] = {}
    for brought in plugins.manager.hook.register_channels():
        for adapter in brought:
            found.setdefault(adapter.key, adapter)
    return found


def adapter_of(channel: Channel) -> ChannelAdapter:
    """The adapter of a channel; without one everything is done by hand."""
    known = adapters()
    return known.get(channel.adapter) or known["manual"]


def info_of(channel: Channel) -> ChannelInfo:
    """A channel as an adapter sees it."""
    return ChannelInfo(channel.pk, channel.name, dict(channel.settings))


def site_base() -> str:
    """This node's own address, without a slash at the end."""
    return str(settings.RONGMEI_NODE.url)


def site_url(slug: str) -> str:
    """The full address of a publication's page on our own site."""
    return site_base() + SITE_PATH.format(slug=slug)


def parcel_of(delivery: Delivery) -> Parcel:
    """A delivery as an adapter sees it."""
    held = delivery.publication
    return Parcel(
        delivery_id=delivery.pk,
        publication_id=held.pk,
        channel=info_of(delivery.channel),
        title=held.title,
        html=held.html,
        text=held.text,
        package=held.package,
        site_url=site_url(held.slug),
        url=delivery.url,
    )


def channels_visible_to(member: Member) -> QuerySet[Channel]:
    """Channels of the units whose channels the member may see."""
    units = policy.units_for(member, "channels.view") | policy.units_for(member, "channels.manage")
    return Channel.objects.filter(unit__in=units).select_related("unit")


def channel_for(member: Member, channel_id: uuid.UUID) -> Channel:
    """One channel, or NotFound."""
    found = channels_visible_to(member).filter(pk=channel_id).first()
    if found is None:
        raise NotFound
    return found


def channels_to_publish_on(member: Member) -> QuerySet[Channel]:
    """Active channels on which the member may publish."""
    units = policy.units_for(member, "channels.publish")
    return Channel.objects.filter(unit__in=units, is_active=True, home=None).select_related("unit")


def publications_visible_to(
    member: Member, permission: str = "channels.view"
) -> QuerySet[Publication]:
    """Publications by the member's units, and of their units' stories; without the long texts."""
    units = policy.units_for(member, permission)
    mine = Q(unit__in=units) | Q(story__unit__in=units)
    return Publication.objects.filter(mine).select_related("unit", "story__unit").defer(*_HEAVY)


def with_deliveries(rows: QuerySet[Publication]) -> QuerySet[Publication]:
    """The same publications, with deliveries and channels read along."""
    deliveries = Delivery.objects.select_related("channel").order_by("channel__order", "id")
    return rows.prefetch_related(Prefetch("deliveries", queryset=deliveries))


def publications_of_story(member: Member, story_id: uuid.UUID) -> list[Publication]:
    """Where this story went out, as far as the member may see it, with deliveries, newest first."""
    rows = publications_visible_to(member).filter(story=story_id).defer(None).defer("html", "text")
    return list(with_deliveries(rows).order_by("-published_at", "-id"))


def publication_for(
    member: Member, publication_id: uuid.UUID, permission: str = "channels.view"
) -> Publication:
    """One publication, whole, or NotFound."""
    rows = publications_visible_to(member, permission).defer(None)
    found = rows.filter(pk=publication_id).first()
    if found is None:
        raise NotFound
    return found


def delivery_for(member: Member, delivery_id: uuid.UUID) -> Delivery:
    """One delivery with its publication and channel, or NotFound."""
    units = policy.units_for(member, "channels.view")
    found = (
        Delivery.objects.filter(pk=delivery_id, unit__in=units)
        .select_related("publication", "publication__unit", "channel")
        .first()
    )
    if found is None:
        raise NotFound
    return found


def stories_to_publish(member: Member) -> QuerySet[Any]:
    """Signed stories whose present text the member's units have not published yet, newest first."""
    units = policy.units_for(member, "channels.publish")
    done = Publication.objects.filter(
        story=OuterRef("pk"), content_hash=OuterRef("content_hash"), unit__in=units
    )
    waiting = stories.signed_stories_for_platform(member).filter(~Exists(done))
    return waiting.order_by("-signed_at")


def rendered_for(delivery: Delivery) -> Rendered:
    """The delivery's publication in its channel's shape."""
    held = delivery.publication
    return adapter_of(delivery.channel).render(held.package, held.html, info_of(delivery.channel))


def deliveries_waiting(member: Member) -> QuerySet[Delivery]:
    """Deliveries that wait for a person: to post, to take down, to look at."""
    states = Delivery.State
    return (
        Delivery.objects.filter(
            unit__in=policy.units_for(member, "channels.publish"),
            state__in=(states.BY_HAND, states.DIFFERS, states.FAILED, states.WITHDRAWING),
        )
        .select_related("publication", "channel")
        .defer(*(f"publication__{name}" for name in _HEAVY))
        .order_by("id")
    )


def can(channel: Channel, what: Can) -> bool:
    """Whether the channel's adapter does this by itself."""
    return bool(adapter_of(channel).can & what)


@dataclass(frozen=True)
class Site:
    """What our public site calls itself."""

    name: str
    name_en: str
    about: str


def site() -> Site:
    """Name and footer of the public site, from the site channel; the node's name without one."""
    held = Channel.objects.filter(adapter="site", is_active=True, home=None).first()
    node = str(settings.RONGMEI_NODE.name)
    given = dict(held.settings) if held else {}
    name = given.get("title") or (held.name if held else node)
    return Site(name=name, name_en=given.get("title_en") or name, about=given.get("about", ""))


def live_publications() -> QuerySet[Publication]:
    """What the public site shows, newest first, without the long texts."""
    live = (Publication.State.LIVE, Publication.State.CORRECTED)
    rows = Publication.objects.filter(home=None, state__in=live, on_site_at__isnull=False)
    return rows.order_by("-published_at", "-id").defer("html", "text")


def with_tag(tag: str) -> QuerySet[Publication]:
    """Live publications that carry the tag."""
    return live_publications().filter(tag_line__contains=f"|{tag}|")


def search_live(words: str) -> QuerySet[Publication]:
    """Live publications that hold every one of the words in title, summary or text."""
    rows = live_publications()
    for word in words.split()[:6]:
        rows = rows.filter(
            Q(title__icontains=word) | Q(summary__icontains=word) | Q(text__icontains=word)
        )
    return rows


def publication_by_slug(slug: str) -> Publication:
    """A publication that is or was on the public site (the caller looks at its state)."""
    found = Publication.objects.filter(slug=slug, home=None, on_site_at__isnull=False).first()
    if found is None:
        raise NotFound
    return found


def public_version() -> tuple[str, datetime | None]:
    """A word that changes whenever anything on the public site does, and when that was."""
    rows = Publication.objects.filter(home=None, on_site_at__isnull=False).order_by("-updated_at")
    newest = rows.values_list("updated_at", flat=True).first()
    held = Channel.objects.filter(adapter="site").order_by("-updated_at")
    channel = held.values_list("updated_at", flat=True).first()
    times = [at for at in (newest, channel) if at is not None]
    return "-".join(at.isoformat() for at in times), max(times, default=None)


def published_ids_by_slug(slugs: set[str]) -> dict[str, uuid.UUID]:
    """Ids of live publications by slug; unknown and withdrawn ones are left out."""
    return dict(live_publications().filter(slug__in=slugs).values_list("slug", "id"))


def figures(units: frozenset[uuid.UUID]) -> dict[str, int]:
    """How many publications of these units became public in the last 24 hours, and in all."""
    rows = Publication.objects.filter(
        Q(unit__in=units) | Q(story__unit__in=units), public_at__isnull=False
    ).exclude(state=Publication.State.WITHDRAWN)
    day = timezone.now() - timedelta(hours=24)
    return {"day": rows.filter(published_at__gte=day).count(), "all": rows.count()}


def count_due() -> float:
    """Deliveries whose time has come and that are not sent."""
    states = (Delivery.State.DUE, Delivery.State.SENDING)
    return float(Delivery.objects.filter(state__in=states, due_at__lte=timezone.now()).count())


def count_failed() -> float:
    """Deliveries that failed or differ."""
    states = (Delivery.State.FAILED, Delivery.State.DIFFERS)
    return float(Delivery.objects.filter(state__in=states).count())


def homes(publication_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID | None]:
    """The home node of each publication (None: here); unknown ones are left out."""
    rows = Publication.objects.filter(pk__in=list(publication_ids))
    return dict(rows.values_list("id", "home"))


def public_since(since: datetime) -> QuerySet[Publication]:
    """Our own publications that became public after `since`, with the story read along."""
    rows = Publication.objects.filter(home=None, public_at__isnull=False, published_at__gte=since)
    return rows.select_related("story").defer(*_HEAVY).order_by("id")


def of_other_nodes_stories(since: datetime) -> QuerySet[Publication]:
    """Those of `public_since` whose story is at home on another node."""
    return public_since(since).filter(story__home__isnull=False)


def first_published(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When a story of each unit was first published here: a mark on its road map."""
    rows = Publication.objects.filter(story__unit__in=unit_ids)
    return dict(rows.order_by().values_list("story__unit").annotate(at=Min("published_at")))


def fates(story_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Step]]:
    """Where these stories came out, and whether they were taken back: stops of a courier strip."""
    rows = Publication.objects.filter(story__in=story_ids, public_at__isnull=False)
    found: dict[uuid.UUID, list[Step]] = {}
    for one in rows.select_related("unit").defer(*_HEAVY).order_by("public_at"):
        stops = found.setdefault(one.story_id, [])
        stops.append(
            Step(
                pgettext("verb", "发布"), "done", one.unit.label, one.public_at, url=one.public_url
            )
        )
        if one.state == Publication.State.WITHDRAWN:
            note = one.withdrawn_reason[:60]
            stops.append(Step(pgettext("fate", "撤下"), "failed", "", one.withdrawn_at, note=note))
    return found


def live_beside(publication: Publication) -> list[tuple[str, Publication]]:
    """(translation, before or after; publication) of what the site shows of the stories beside this one."""
    beside = stories.related_ids(publication.story_id)
    if not beside:
        return []
    rows = live_publications().filter(story__in=[one for _how, one in beside])
    known = {one.story_id: one for one in rows}
    return [(how, known[one]) for how, one in beside if one in known]


def publications_of_stories(story_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Which story each public publication carries, by the publication's id."""
    rows = Publication.objects.filter(story__in=story_ids, public_at__isnull=False)
    return dict(rows.values_list("pk", "story_id"))
