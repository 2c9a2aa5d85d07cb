"""Rows of the kernel: events, the cursors that follow them, the audit chain, sweeps."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from rongmei.kernel.ids import uuid7


class Event(models.Model):
    """Something that happened, written in the same transaction as what it tells."""

    seq = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=80, db_index=True)
    at = models.DateTimeField(auto_now_add=True)
    unit_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.UUIDField(null=True)
    actor_id = models.UUIDField(null=True)
    payload = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject_id", "seq"], name="event_subject")]

    @override
    def __str__(self) -> str:
        return f"{self.seq} {self.name}"


class Cursor(models.Model):
    """How far a follower of events has come."""

    name = models.CharField(max_length=80, primary_key=True)
    seq = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    @override
    def __str__(self) -> str:
        return f"{self.name}@{self.seq}"


class AuditEntry(models.Model):
    """One line of the audit chain; each carries the hash of the one before.

    Rows are only ever added: triggers in the first migration refuse UPDATE and DELETE.
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    unit_id = models.UUIDField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["subject_id", "seq"], name="audit_subject"),
            models.Index(fields=["unit_id", "seq"], name="audit_unit"),
            models.Index(fields=["actor_id", "seq"], name="audit_actor"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class SweepState(models.Model):
    """When a sweep last ran and runs next; the lease keeps two workers from running it at once."""

    name = models.CharField(max_length=80, primary_key=True)
    due_at = models.DateTimeField(db_index=True)
    leased_until = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)

    @override
    def __str__(self) -> str:
        return self.name
