"""What a page says after a button was pressed."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages

from rongmei.kernel.errors import RongmeiError
from rongmei.network.guard import MemberRequest


def went(request: MemberRequest, act: Callable[[], object], words: str) -> bool:
    """Do it, and say `words`; whether it was done.

    What can be mended on the page that was sent (422) is told there; every other refusal has a page
    of its own.
    """
    try:
        act()
    except RongmeiError as refused:
        if refused.status != 422:
            raise
        messages.error(request, refused.message)
        return False
    messages.success(request, words)
    return True
