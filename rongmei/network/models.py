"""Rows of the network room: units, members and what they may do, notices, peers and envelopes."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.ids import uuid7
from rongmei.kernel.records import Record
from rongmei.network.types import Milestone, PeerState, Role, UnitKind


class Node(Record):
    """A deployment that this one knows; exactly one row has `is_self`."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    url = models.URLField()
    is_self = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_self"], condition=models.Q(is_self=True), name="one_self"
            )
        ]

    @override
    def __str__(self) -> str:
        return self.name


class Unit(Record):
    """A unit of the organisation; HQ, centres, stations and the platform form one tree."""

    code = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名"), max_length=120, blank=True)
    short_name = models.CharField(_("简称"), max_length=20, blank=True)
    kind = models.CharField(_("类别"), max_length=12, choices=UnitKind)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("上级"),
    )
    node = models.ForeignKey(Node, models.PROTECT, related_name="units")
    region = models.CharField(_("地区"), max_length=40, blank=True)
    capabilities = models.JSONField(default=list, blank=True)
    milestone = models.CharField(max_length=12, choices=Milestone, default=Milestone.PLANNED)
    milestone_on = models.DateField(null=True, blank=True)
    milestone_due = models.DateField(null=True, blank=True)
    order = models.PositiveSmallIntegerField(default=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["order", "code"]

    @override
    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the interface."""
        if self.name_en and (get_language() or "").startswith("en"):
            return self.name_en
        return self.name

    @property
    def short_label(self) -> str:
        """The short name where there is one in the language of the interface, else the name."""
        return self.short_name if self.short_name and self.label == self.name else self.label

    @property
    def unit_id(self) -> uuid.UUID:
        """A unit owns itself: policy and audit ask every record for its unit."""
        return self.pk


class RoadStep(Record):
    """When a unit means to reach a milestone of its road map, and when it did.

    `Unit.milestone` and its dates are the summary of these rows: peers and lists read that.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="road")
    milestone = models.CharField(max_length=12, choices=Milestone)
    planned_on = models.DateField(null=True, blank=True)
    reached_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "milestone"], name="one_road_step")]

    @override
    def __str__(self) -> str:
        return f"{self.unit_id} {self.milestone}"


class MemberManager(BaseUserManager["Member"]):
    """Makes members; the only way to get a usable password is through `set_password`."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> Member:
        """Create a member; `unit` must be among `fields`."""
        member = self.model(username=username, **fields)
        member.set_password(password)
        member.save()
        return member

    @override
    def get_by_natural_key(self, username: str | None) -> Member:
        return self.get(username__iexact=username)


class Member(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """A person with an account. What they may do comes from role holdings only.

    The superuser flag exists because Django and Wagtail expect it; no rule of ours looks at it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(
        _("账号"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9._-]*$", _("账号只用小写字母、数字和 . _ -"))],
    )
    name = models.CharField(_("姓名"), max_length=40)
    name_en = models.CharField(_("英文名"), max_length=80, blank=True)
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="members", verbose_name=_("所属单位")
    )
    email = models.EmailField(_("邮箱"), blank=True)
    phone = models.CharField(_("手机"), max_length=20, blank=True)
    language = models.CharField(_("界面语言"), max_length=8, blank=True, default="")
    quiet_from = models.TimeField(_("免打扰开始"), null=True, blank=True)
    quiet_until = models.TimeField(_("免打扰结束"), null=True, blank=True)
    notify_mail = models.BooleanField(_("邮件通知"), default=False)
    must_change_password = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(_("启用"), default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[MemberManager] = MemberManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ["username"]

    @override
    def __str__(self) -> str:
        return self.name or self.username

    @property
    def label(self) -> str:
        """The name in the language of the interface."""
        if self.name_en and (get_language() or "").startswith("en"):
            return self.name_en
        return self.name or self.username

    @override
    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """What the matrix says; Django would let a superuser pass before asking."""
        return self.is_active and any(
            backend.has_perm(self, perm, obj=obj) for backend in get_backends()
        )

    @override
    def has_module_perms(self, app_label: str) -> bool:
        """Nobody works through Django's own module permissions."""
        return False

    def get_full_name(self) -> str:
        """What Wagtail shows."""
        return self.label

    def get_short_name(self) -> str:
        """What Wagtail shows where there is little room."""
        return self.label


class RoleHolding(Record):
    """A member's role at a unit, for a time."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="holdings")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="holdings")
    role = models.CharField(max_length=20, choices=Role)
    granted_by_id = models.UUIDField(null=True)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "unit", "role"], name="role_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.member} {self.get_role_display()} @ {self.unit}"


class Grant(Record):
    """One unit lets another do something with its records (共享授权), for a time."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants_given")
    to_unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants_got")
    permission = models.CharField(max_length=40)
    reason = models.CharField(max_length=200)
    granted_by_id = models.UUIDField(null=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    @override
    def __str__(self) -> str:
        return f"{self.unit} → {self.to_unit}: {self.permission}"


class ApiToken(Record):
    """A member's key to /api/v1/. Only its hash is kept; it is shown once."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    read_only = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    @property
    def unit_id(self) -> uuid.UUID:
        """The member's unit, for policy and audit."""
        return self.member.unit_id

    @override
    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Notice(Record):
    """Something that waits for, or concerns, one member."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    urgent = models.BooleanField(default=False)
    subject_id = models.UUIDField(null=True)
    key = models.CharField(max_length=120, default="", blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["member", "read_at", "-id"], name="notice_unread")]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "key"], condition=~models.Q(key=""), name="notice_once"
            )
        ]

    @override
    def __str__(self) -> str:
        return self.title


class NoticeRoute(Record):
    """Where a unit's notices also go: a signed webhook or a group robot."""

    class Kind(models.TextChoices):
        """Kinds of outside receivers; each has its own body format and limits."""

        WEBHOOK = "webhook", _("签名 Webhook")
        WECOM = "wecom", _("企业微信群机器人")
        DINGTALK = "dingtalk", _("钉钉群机器人")
        FEISHU = "feishu", _("飞书群机器人")

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="notice_routes")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=60)
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=200, blank=True)
    kinds = models.JSONField(default=list, blank=True)
    internal = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    @override
    def __str__(self) -> str:
        return self.name


class NoticeDelivery(Record):
    """One notice on its way to one outside receiver; the row is the job."""

    class State(models.TextChoices):
        """What became of it."""

        DUE = "due", _("待发")
        SENT = "sent", _("已发")
        FAILED = "failed", _("失败")

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    route = models.ForeignKey(NoticeRoute, models.CASCADE, null=True, related_name="deliveries")
    state = models.CharField(max_length=8, choices=State, default=State.DUE)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="notice_due")]

    @override
    def __str__(self) -> str:
        return f"{self.notice_id} {self.state}"


class Peer(Record):
    """Another node that this one exchanges signed messages with."""

    node = models.OneToOneField(Node, models.PROTECT, related_name="peer")
    public_key = models.CharField(max_length=64)
    stream_url = models.URLField(blank=True)
    state = models.CharField(max_length=10, choices=PeerState, default=PeerState.INVITED)
    we_dial = models.BooleanField(default=False)
    line_cut = models.BooleanField(default=False)
    received_seq = models.BigIntegerField(default=0)
    acked_seq = models.BigIntegerField(default=0)
    last_ok_at = models.DateTimeField(null=True)
    last_error_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    their_audit_seq = models.BigIntegerField(default=0)
    their_audit_head = models.CharField(max_length=64, blank=True)
    # Their clock minus ours in seconds, as the last signature told it.
    clock_skew = models.FloatField(null=True)

    @override
    def __str__(self) -> str:
        return str(self.node)


class Invitation(Record):
    """A one-time code by which another node may join this one; only its token's hash is kept."""

    digest = models.CharField(max_length=64, unique=True)
    invited_by_id = models.UUIDField(null=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by_node = models.ForeignKey(Node, models.SET_NULL, null=True, related_name="+")

    @override
    def __str__(self) -> str:
        return self.digest[:8]


class SeenNonce(models.Model):
    """A request signature that was accepted once, kept until it is too old to be accepted again."""

    value = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField(auto_now_add=True, db_index=True)

    @override
    def __str__(self) -> str:
        return self.value


class Envelope(models.Model):
    """A message to a peer, written in the same transaction as what it tells."""

    seq = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid7, unique=True, editable=False)
    peer = models.ForeignKey(Peer, models.PROTECT, related_name="envelopes")
    type = models.CharField(max_length=60)
    subject_id = models.UUIDField(null=True)
    unit_id = models.UUIDField(null=True)
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    acked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["peer", "seq"], name="envelope_peer")]

    @override
    def __str__(self) -> str:
        return f"{self.seq} {self.type}"


class Received(models.Model):
    """A message from a peer; its id is unique, so a repeated one changes nothing."""

    class State(models.TextChoices):
        """What became of it."""

        APPLIED = "applied", _("已生效")
        FAILED = "failed", _("未生效")
        WAITING = "waiting", _("排在未生效之后")
        IGNORED = "ignored", _("无需处理")

    id = models.UUIDField(primary_key=True)
    peer = models.ForeignKey(Peer, models.PROTECT, related_name="received")
    seq = models.BigIntegerField()
    type = models.CharField(max_length=60)
    subject_id = models.UUIDField(null=True)
    body = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=State)
    error = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["peer", "seq"], name="received_peer"),
            models.Index(fields=["state", "subject_id"], name="received_stuck"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.seq} {self.type}"
