"""Rows of the sources room: what is watched, and how the watching goes."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.records import Record
from rongmei.network.records import OwnedRecord


class SourceGroup(OwnedRecord):
    """Sources under one name (分组): a beat, a region, a contract; a source may be in several."""

    name = models.CharField(_("名称"), max_length=40)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    shared = models.BooleanField(_("本节点各单位可用"), default=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="group_once_per_unit")]

    @override
    def __str__(self) -> str:
        return self.name


class Source(OwnedRecord):
    """A place on the net that is asked again and again for what is new."""

    class Kind(models.TextChoices):
        """How its items are found."""

        FEED = "feed", _("订阅源")
        PAGE = "page", _("网页")
        SITEMAP = "sitemap", _("站点地图")
        HOTLIST = "hotlist", _("热榜")
        DROP = "drop", _("文件与推送")
        MAIL = "mail", _("邮箱")

    class MediaClass(models.TextChoices):
        """What kind of medium speaks (公司、行业、社会 and finer)."""

        COMPANY = "company", _("公司媒体")
        INDUSTRY = "industry", _("行业媒体")
        CENTRAL = "central", _("中央媒体")
        LOCAL = "local", _("地方媒体")
        SOCIAL = "social", _("社会媒体")
        OVERSEAS = "overseas", _("境外媒体")

    name = models.CharField(_("名称"), max_length=80)
    # A web address, `imaps:` for a mailbox, or `drop:` for a spool; the actions check it.
    url = models.CharField(_("地址"), max_length=1000)
    # Of the address, in lower case: what people remember of a source and search for.
    host = models.CharField(max_length=253, blank=True, db_index=True, editable=False)
    home_url = models.URLField(_("网站首页"), max_length=1000, blank=True)
    groups = models.ManyToManyField(SourceGroup, related_name="sources", blank=True)
    kind = models.CharField(_("读取方式"), max_length=10, choices=Kind, default=Kind.FEED)
    media_class = models.CharField(
        _("媒体类别"), max_length=10, choices=MediaClass, default=MediaClass.SOCIAL
    )
    tier = models.PositiveSmallIntegerField(_("层级"), default=3)
    region = models.CharField(_("地区"), max_length=40, blank=True)
    language = models.CharField(_("语种"), max_length=12, default="zh")
    options = models.JSONField(default=dict, blank=True)
    full_text = models.BooleanField(_("抓取原文页面"), default=True)
    internal = models.BooleanField(_("允许访问内网地址"), default=False)
    shared = models.BooleanField(_("本节点各单位共享"), default=True)
    enabled = models.BooleanField(_("启用"), default=True)
    preset = models.CharField(max_length=40, blank=True)
    # The password of a mailbox, or the key that pushed files are signed with; never shown again.
    secret = models.CharField(max_length=200, blank=True)
    # The key before: still good for a day after the change, so that senders can be told in turn.
    secret_before = models.CharField(max_length=200, blank=True, editable=False)
    secret_changed_at = models.DateTimeField(null=True, editable=False)
    min_interval = models.PositiveIntegerField(_("最短轮询间隔（秒）"), default=600)
    max_interval = models.PositiveIntegerField(_("最长轮询间隔（秒）"), default=86_400)
    # What is beyond them is not dropped: it waits for the next day. 0 means no limit.
    max_items_day = models.PositiveIntegerField(_("每日新条目上限"), default=0)
    max_bytes_day = models.PositiveBigIntegerField(_("每日流量上限（字节）"), default=0)
    # Where it was before it followed a permanent redirect by itself; that can be taken back.
    moved_from = models.CharField(max_length=1000, blank=True, editable=False)
    moved_at = models.DateTimeField(null=True, editable=False)
    follow_moves = models.BooleanField(_("自动改用对方的新地址"), default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["unit", "url"], name="source_once_per_unit")]

    @override
    def __str__(self) -> str:
        return self.name


class FetchState(models.Model):
    """How the polling of one source stands; the row is the job."""

    source = models.OneToOneField(Source, models.CASCADE, primary_key=True, related_name="state")
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    leased_until = models.DateTimeField(null=True)
    interval = models.PositiveIntegerField(default=600)
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=80, blank=True)
    body_hash = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=24, blank=True)
    message = models.CharField(max_length=500, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    failures = models.FloatField(default=0)
    last_try_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_new_at = models.DateTimeField(null=True)
    items_seen = models.PositiveIntegerField(default=0)
    items_new = models.PositiveIntegerField(default=0)
    moved_to = models.URLField(max_length=1000, blank=True)
    # Entries seen but not fetched yet; they are the first thing the next fetch does.
    left = models.PositiveIntegerField(default=0)
    # Address of a sitemap's part → [ETag, Last-Modified] of its last answer.
    parts = models.JSONField(default=dict)
    # Entries whose page could not be read → how often; from three on they are left alone.
    trouble = models.JSONField(default=dict)
    # How far a mailbox was read: "UIDVALIDITY:UID".
    cursor = models.CharField(max_length=60, blank=True)
    # Attempts so far, and how many of them found nothing changed (304 or the same bytes).
    polls = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    # Why it is due when it is: a rule's name and its figures, for `schedule.Why`.
    why = models.JSONField(default=dict)
    # What the feed asked for at its last whole answer: [seconds, hours to skip, days to skip].
    hints = models.JSONField(default=list)
    # How often in a row the other side said that it moved for good to `moved_to`.
    moved_seen = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    # When the people who look after it were told; cleared by recovery.
    failing_told_at = models.DateTimeField(null=True)
    quiet_since = models.DateTimeField(null=True, db_index=True)
    quiet_told_at = models.DateTimeField(null=True)
    # Seconds since 1970 of the last fetches that brought something new: its own rhythm.
    rhythm = models.JSONField(default=list)
    # What today has used of its quotas; `day` is the day in the node's time zone.
    day = models.DateField(null=True)
    day_items = models.PositiveIntegerField(default=0)
    day_bytes = models.PositiveBigIntegerField(default=0)
    quota_until = models.DateTimeField(null=True)
    # When the whole answer was last asked for, whatever the ETag; and whether the ETag was found
    # to stay the same while the content changed.
    full_at = models.DateTimeField(null=True)
    etag_lies = models.BooleanField(default=False)

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt failed."""
        return self.failures > 0

    @property
    def is_over_quota(self) -> bool:
        """Whether today has used up what the source may bring in a day."""
        return self.quota_until is not None and self.quota_until > timezone.now()

    @override
    def __str__(self) -> str:
        return f"{self.source_id} {self.outcome}"


class FetchLog(Record):
    """One attempt at a source and how it came out; kept for a while for people to read."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="log")
    outcome = models.CharField(max_length=24)
    message = models.CharField(max_length=500, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    bytes = models.PositiveIntegerField(default=0)
    took_ms = models.PositiveIntegerField(default=0)
    items_seen = models.PositiveIntegerField(default=0)
    items_new = models.PositiveIntegerField(default=0)
    # The first bytes of the answer and its headers, kept for the newest failure of a source only.
    sample = models.BinaryField(blank=True, default=b"")
    headers = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["source", "-id"], name="fetch_log_of_source")]

    @override
    def __str__(self) -> str:
        return f"{self.source_id} {self.outcome}"


class PushMark(models.Model):
    """A signed push that was taken; kept for as long as its signature could be used again."""

    mark = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    @override
    def __str__(self) -> str:
        return self.mark
