"""allauth's adapter: nobody signs up by themselves; accounts are made by administrators."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Sign-up is closed; everything else is allauth's default."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No: accounts are made by the system administrator."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> Any:
        """Where a person lands: the workbench."""
        return "/desk/"
