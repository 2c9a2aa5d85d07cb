"""Rows of the media big database. The rows are the truth; the search index follows them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.records import Record
from rongmei.sources.selectors import media_classes


class Document(Record):
    """Something that was said somewhere, kept: an article, one of our stories, a receipt.

    `identity` is unique: a document that comes again under the same identity is a new version of
    it or nothing at all. `shared` documents are seen by every unit of the node; the others by
    their unit, the units above it, and by grant.
    """

    class Kind(models.TextChoices):
        """What was kept."""

        ARTICLE = "article", _("报道")
        STORY = "story", _("本单位稿件")
        PUBLICATION = "publication", _("发布内容")
        MANUAL = "manual", _("手工录入")

    identity = models.CharField(max_length=64, unique=True)
    unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    shared = models.BooleanField(default=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.ARTICLE)
    source = models.ForeignKey("sources.Source", models.SET_NULL, null=True, related_name="+")
    source_name = models.CharField(max_length=80)
    media_class = models.CharField(max_length=10, blank=True)
    region = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=12, default="zh")
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    body = models.TextField(blank=True)
    authors = models.CharField(max_length=200, blank=True)
    # The medium that the piece itself names as its origin; `source_name` is the one that carried it.
    origin = models.CharField(max_length=80, blank=True)
    url = models.URLField(max_length=1000, blank=True)
    image_url = models.URLField(max_length=1000, blank=True)
    tags = models.JSONField(default=list, blank=True)
    content_hash = models.CharField(max_length=64, db_index=True)
    entry_hash = models.CharField(max_length=64, blank=True)
    body_length = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField(db_index=True)
    fetched_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)
    subject_id = models.UUIDField(null=True, db_index=True)
    # Documents that carry (nearly) the same text have one number; what finds them is above.
    family_id = models.UUIDField(null=True, db_index=True)
    # What enrichers found in it (`enriching.Findings`), and the version that looked: not the
    # present one, and the document is due.
    enriched = models.JSONField(default=dict, blank=True)
    enriched_by = models.CharField(max_length=16, blank=True, default="")

    unit_id: uuid.UUID

    class Meta:
        indexes = [
            models.Index(fields=["source", "-published_at"], name="document_source"),
            models.Index(fields=["kind", "-published_at"], name="document_kind"),
            models.Index(fields=["source", "entry_hash"], name="document_entry"),
            models.Index(fields=["enriched_by", "fetched_at"], name="document_enriched"),
        ]

    @property
    def entity_names(self) -> list[str]:
        """What the dictionary found in it."""
        return [name for _kind, name in self.enriched.get("entities", ())]

    @override
    def __str__(self) -> str:
        return self.title


class Term(Record):
    """A name of the node's dictionary: an organisation, a person, a place, a term of the trade.

    Rows are added and removed, never changed; documents are then looked at again.
    """

    class Kind(models.TextChoices):
        """What the name names."""

        ORGANISATION = "organisation", _("机构")
        PERSON = "person", _("人物")
        PLACE = "place", _("地点")
        TERM = "term", _("术语")

    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=60, unique=True)
    variants = models.JSONField(default=list, blank=True)
    by_name = models.CharField(max_length=40)

    @override
    def __str__(self) -> str:
        return self.name


class DocumentVersion(Record):
    """What a document said before it changed."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    body = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "version"], name="document_version_once")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.document_id} v{self.version}"


class Change(models.Model):
    """The change sequence that the index follows; appended in the document's own transaction."""

    seq = models.BigAutoField(primary_key=True)
    document_id = models.UUIDField()
    deleted = models.BooleanField(default=False)

    @override
    def __str__(self) -> str:
        return f"{self.seq} {self.document_id}"


class HotSighting(Record):
    """An entry seen on a hot list: its rank at a time."""

    source = models.ForeignKey("sources.Source", models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    rank = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)
    url = models.URLField(max_length=1000, blank=True)
    heat = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["source", "-seen_at"], name="hot_seen")]

    @override
    def __str__(self) -> str:
        return f"{self.rank} {self.title}"


class SavedSearch(Record):
    """A query a member wants to run again, see in a feed, or be told about.

    It is always run within the reach of whoever runs it; its feed, within its owner's.
    """

    class Reach(models.TextChoices):
        """Who sees it beside its owner."""

        OWN = "own", _("仅自己")
        UNIT = "unit", _("本单位")
        TREE = "tree", _("本单位及下级单位")

    class Notify(models.TextChoices):
        """When the owner is told of what is new."""

        NEVER = "", _("不通知")
        ONCE = "once", _("随时")
        DAILY = "daily", _("每天一次")

    member = models.ForeignKey("network.Member", models.CASCADE, related_name="+")
    unit = models.ForeignKey("network.Unit", models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    reach = models.CharField(max_length=4, choices=Reach, default=Reach.OWN)
    place = models.PositiveSmallIntegerField(default=0)
    notify = models.CharField(max_length=5, choices=Notify, blank=True, default=Notify.NEVER)
    # Only the digest of the feed's key is kept.
    feed_digest = models.CharField(max_length=64, blank=True)
    # Everything up to this change has been looked at for notices.
    told_seq = models.PositiveBigIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    # Ids found and still to be told of, and ids found of late, so that none is told of twice.
    pending = models.JSONField(default=list)
    recent = models.JSONField(default=list)

    member_id: uuid.UUID
    unit_id: uuid.UUID

    @override
    def __str__(self) -> str:
        return self.name


class SearchLook(models.Model):
    """When a member last opened a saved search, and when the time before that."""

    search = models.ForeignKey(SavedSearch, models.CASCADE, related_name="looks")
    member = models.ForeignKey("network.Member", models.CASCADE, related_name="+")
    looked_at = models.DateTimeField()
    before_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["search", "member"], name="search_looked_once")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.search_id} {self.looked_at:%Y-%m-%d %H:%M}"


class Upkeep(Record):
    """A long piece of work on the archive that somebody asked for: the row is the job."""

    class Kind(models.TextChoices):
        """What is done."""

        VERIFY = "verify", _("核对")
        VERIFY_ALL = "verify_all", _("逐条核对")
        REBUILD = "rebuild", _("重建索引")

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("等待中")
        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        FAILED = "failed", _("没有完成")

    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_index=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    by_name = models.CharField(max_length=40)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in {self.State.WAITING, self.State.RUNNING}

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Snapshot(Record):
    """An answer of a server, kept as it came: a span of WARC records in a segment file.

    `same_as` is the earlier snapshot with the same body, which this one only points to.
    """

    segment = models.CharField(max_length=60)
    offset = models.BigIntegerField()
    length = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    url = models.URLField(max_length=1000)
    media_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveIntegerField()
    fetched_at = models.DateTimeField()
    same_as = models.ForeignKey("self", models.PROTECT, null=True, related_name="repeats")

    class Meta:
        indexes = [models.Index(fields=["segment", "offset"], name="snapshot_place")]

    @override
    def __str__(self) -> str:
        return self.url


class SnapshotUse(models.Model):
    """A version of a document that came with a snapshot."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="snapshot_uses")
    version = models.PositiveIntegerField()
    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="uses")

    @override
    def __str__(self) -> str:
        return f"{self.document_id} v{self.version} {self.snapshot_id}"


class ExportJob(Record):
    """Documents found, on their way into a file; the row is the job.

    What was found is written down once, when the work begins; `done` of `total` documents are in
    the file, which is `position` bytes long so far: whoever goes on after a kill cuts it there.
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("等待")
        WORKING = "working", _("正在导出")
        DONE = "done", _("可以下载")
        FAILED = "failed", _("没有完成")
        CANCELLED = "cancelled", _("已取消")
        EXPIRED = "expired", _("已到期删除")

    class Form(models.TextChoices):
        """What kind of file."""

        CSV = "csv", "CSV"
        JSONL = "jsonl", "JSON Lines"
        NINJS = "ninjs", "ninjs 3.1"
        PARQUET = "parquet", "Parquet"

    member = models.ForeignKey("network.Member", models.CASCADE, related_name="+")
    unit = models.ForeignKey("network.Unit", models.CASCADE, related_name="+")
    query = models.CharField(max_length=2000, blank=True)
    form = models.CharField(max_length=8, choices=Form)
    # Names of the columns wanted, in the table's order; empty means all.
    columns = models.JSONField(default=list)
    # The newest so many are wanted; 0 means all that were found.
    most = models.PositiveIntegerField(default=0)
    language = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # Found, but gone or out of reach when it came to writing them.
    left_out = models.PositiveIntegerField(default=0)
    position = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    member_id: uuid.UUID
    unit_id: uuid.UUID

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "updated_at"], name="export_due")]

    @override
    def __str__(self) -> str:
        return self.query or self.get_form_display()


class RetentionRule(Record):
    """How long documents of a class, kind and unit are kept: proposed by one, put in force by another.

    Rows are never changed once decided, nor removed: of those with the same class, kind and unit the
    one that came into effect last holds, so that the earlier ones are the history.
    """

    class Keep(models.TextChoices):
        """How long."""

        DAYS = "days", _("按天数")
        FOREVER = "forever", _("永久")
        GENERAL = "general", _("不单独规定，随更宽的规则")

    class State(models.TextChoices):
        """Whether it counts."""

        PROPOSED = "proposed", _("待核准")
        IN_FORCE = "in_force", _("已核准")
        WITHDRAWN = "withdrawn", _("已撤回")

    media_class = models.CharField(max_length=10, blank=True)
    kind = models.CharField(max_length=12, choices=Document.Kind, blank=True)
    unit = models.ForeignKey("network.Unit", models.PROTECT, null=True, related_name="+")
    keep = models.CharField(max_length=8, choices=Keep)
    days = models.PositiveIntegerField(null=True)
    effective_on = models.DateField()
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED, db_index=True)
    proposed_by_id = models.UUIDField()
    proposed_by_name = models.CharField(max_length=40)
    decided_by_id = models.UUIDField(null=True)
    decided_by_name = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True)

    unit_id: uuid.UUID | None

    @property
    def terms(self) -> str:
        """How long, in words."""
        if self.keep == self.Keep.DAYS:
            return gettext("%(n)s 天") % {"n": self.days}
        return str(self.get_keep_display())

    @property
    def scope(self) -> str:
        """What it is for, in words."""
        return " · ".join(
            (
                str(self.get_kind_display()) if self.kind else gettext("全部类型"),
                str(media_classes().get(self.media_class, gettext("全部媒体类别"))),
                self.unit.label if self.unit else gettext("全部单位"),
            )
        )

    @override
    def __str__(self) -> str:
        return self.scope


class RetentionRun(Record):
    """One passage through the documents that are due: how far it is, and what became of them."""

    class State(models.TextChoices):
        """How far it is."""

        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")

    state = models.CharField(max_length=10, choices=State, default=State.RUNNING, db_index=True)
    # The last document looked at; the next batch begins behind it.
    after_at = models.DateTimeField(null=True)
    after_id = models.UUIDField(null=True)
    removed = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    in_use = models.PositiveIntegerField(default=0)
    snapshots = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    # Space on the disk is given back afterwards.
    reclaimed = models.BigIntegerField(default=0)
    reclaimed_at = models.DateTimeField(null=True)

    @override
    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.state}"


class Hold(Record):
    """A legal hold (保全): what it covers is not removed until two people have lifted it."""

    class Scope(models.TextChoices):
        """What it covers."""

        DOCUMENTS = "documents", _("指定资料")
        QUERY = "query", _("检索结果")
        SOURCE = "source", _("整个信源")

    class State(models.TextChoices):
        """Whether it holds."""

        ACTIVE = "active", _("保全中")
        ASKED = "asked", _("待第二人同意解除")
        LIFTED = "lifted", _("已解除")

    unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    reason = models.CharField(max_length=500)
    scope = models.CharField(max_length=10, choices=Scope)
    query = models.CharField(max_length=500, blank=True)
    source = models.ForeignKey("sources.Source", models.PROTECT, null=True, related_name="+")
    count = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE, db_index=True)
    placed_by_id = models.UUIDField()
    placed_by_name = models.CharField(max_length=40)
    asked_by_id = models.UUIDField(null=True)
    asked_by_name = models.CharField(max_length=40, blank=True)
    asked_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=500, blank=True)
    lifted_by_id = models.UUIDField(null=True)
    lifted_by_name = models.CharField(max_length=40, blank=True)
    lifted_at = models.DateTimeField(null=True)

    unit_id: uuid.UUID

    @property
    def is_open(self) -> bool:
        """Whether it still holds."""
        return self.state != self.State.LIFTED

    @override
    def __str__(self) -> str:
        return self.name


class HeldDocument(models.Model):
    """A document under a hold; the database itself refuses to remove it."""

    hold = models.ForeignKey(Hold, models.CASCADE, related_name="held")
    document = models.ForeignKey(Document, models.PROTECT, related_name="held_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hold", "document"], name="held_once")]

    @override
    def __str__(self) -> str:
        return f"{self.hold_id} {self.document_id}"
