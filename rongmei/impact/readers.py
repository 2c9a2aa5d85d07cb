"""Who counts as a reader: tokens that forget, and programs that are left out."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from datetime import date, timedelta
from typing import Final

from django.utils import timezone

from rongmei.impact.models import DaySalt
from rongmei.kernel import db

# Words with which programs name themselves; all well-behaved crawlers do.
_PROGRAM: Final = re.compile(
    r"bot\b|bot[/;-]|spider|crawl|slurp|preview|headless|lighthouse|monitor|curl|wget|python|java/|"
    r"go-http|okhttp|httpclient|scrapy|feedfetcher|rongmei",
    re.IGNORECASE,
)
_lock = threading.Lock()
_salts: dict[date, bytes] = {}


def is_program(user_agent: str) -> bool:
    """Whether the browser's name is missing or a program's."""
    return len(user_agent) < 10 or bool(_PROGRAM.search(user_agent))


def salt_of(day: date) -> bytes:
    """The day's random salt, made by whoever needs it first and shared by all processes."""
    with _lock:
        held = _salts.get(day)
        if held is None:
            row = DaySalt.objects.filter(day=day).first()
            if row is None:
                with db.write():
                    row, _made = DaySalt.objects.get_or_create(
                        day=day, defaults={"salt": secrets.token_bytes(32)}
                    )
            held = bytes(row.salt)
            _salts.clear()
            _salts[day] = held
        return held


def token_for(ip: str, user_agent: str, day: date) -> str:
    """32 hex digits that tell two readers of a day apart and say nothing once the salt is gone."""
    seed = salt_of(day) + f"{ip}\n{user_agent}".encode()
    return hashlib.sha256(seed).hexdigest()[:32]


def forget_old_salts() -> int:
    """Remove the salts of days that are over (yesterday's stays an hour for late lines)."""
    before = timezone.localdate(timezone.now() - timedelta(hours=1))
    with db.write():
        gone, _each = DaySalt.objects.filter(day__lt=before).delete()
    return gone
