"""Who may call the desk's addresses: every member; what they see is the rooms' selectors' business."""

from __future__ import annotations

from rongmei.network.testing import Route

ROUTES = {
    f"desk:{name}": Route(signed_in=True)
    for name in ("today", "search", "palette", "bell", "guide")
}
