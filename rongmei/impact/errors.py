"""Errors of the impact room."""

from __future__ import annotations

from rongmei.kernel.errors import RongmeiError


class ImpactError(RongmeiError):
    """Base of the impact room's errors."""
