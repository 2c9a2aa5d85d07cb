"""Addresses of the network room: /desk/network/, and signing in at the root."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, path

from rongmei.network import views_exchange, views_peers
from rongmei.network.views import audit, imports, members, own, rights, roadmap, routes, units

urlpatterns: list[URLPattern | URLResolver] = [
    *views_peers.patterns,
    path("settings/", own.settings_page, name="settings"),
    path("settings/tokens/", own.tokens_page, name="tokens"),
    path("settings/tokens/<uuid:token_id>/revoke/", own.token_revoke, name="token_revoke"),
    path("notices/", own.notices_page, name="notices"),
    path("notices/bell/", own.notices_bell, name="notices_bell"),
    path("notices/read/", own.notices_read, name="notices_read"),
    path("notices/<uuid:notice_id>/open/", own.notice_open, name="notice_open"),
    path("units/", units.unit_list, name="units"),
    path("units/add/", units.unit_add, name="unit_add"),
    path("units/<uuid:unit_id>/", units.unit_page, name="unit"),
    path("units/<uuid:unit_id>/change/", units.unit_change, name="unit_change"),
    path("units/<uuid:unit_id>/close/", units.unit_close, name="unit_close"),
    path("road/", roadmap.road_list, name="road"),
    path("units/<uuid:unit_id>/road/", roadmap.road_change, name="road_change"),
    path("members/", members.member_list, name="members"),
    path("members/add/", members.member_add, name="member_add"),
    path("members/<uuid:member_id>/", members.member_page, name="member"),
    path("members/<uuid:member_id>/change/", members.member_change, name="member_change"),
    path("members/<uuid:member_id>/password/", members.password_reset, name="password_reset"),
    path("members/<uuid:member_id>/disable/", members.member_disable, name="member_disable"),
    path("members/<uuid:member_id>/enable/", members.member_enable, name="member_enable"),
    path("members/<uuid:member_id>/factor/", members.factor_remove, name="factor_remove"),
    path("members/<uuid:member_id>/roles/add/", members.role_grant, name="role_grant"),
    path("roles/<uuid:holding_id>/revoke/", members.role_revoke, name="role_revoke"),
    path("matrix/", rights.matrix_page, name="matrix"),
    path("grants/", rights.grant_list, name="grants"),
    path("grants/add/", rights.grant_give, name="grant_give"),
    path("grants/<uuid:grant_id>/revoke/", rights.grant_revoke, name="grant_revoke"),
    path("audit/", audit.audit_page, name="audit"),
    path("audit/verify/", audit.audit_verify, name="audit_verify"),
    path("audit/export/", audit.audit_export, name="audit_export"),
    path("routes/", routes.route_list, name="routes"),
    path("routes/add/", routes.route_add, name="route_add"),
    path("routes/<uuid:route_id>/", routes.route_change, name="route_change"),
    path("routes/<uuid:route_id>/remove/", routes.route_remove, name="route_remove"),
    path("routes/<uuid:route_id>/try/", routes.route_try, name="route_try"),
    path("import/", imports.import_page, name="import"),
    path("import/confirm/", imports.import_confirm, name="import_confirm"),
    path("import/template/", imports.import_template, name="import_template"),
]

# Of allauth's addresses only those that this organisation uses: accounts are made, passwords are
# reset and names are changed by administrators, so there is no sign-up, no mail confirmation and no
# reset by mail.
root_patterns: list[URLPattern | URLResolver] = [
    path("exchange/v1/inbox", views_exchange.inbox, name="exchange_inbox"),
    path("exchange/v1/outbox", views_exchange.outbox, name="exchange_outbox"),
    path("exchange/v1/hello", views_exchange.hello, name="exchange_hello"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path(
        "accounts/reauthenticate/",
        login_required(account.reauthenticate),
        name="account_reauthenticate",
    ),
    path("accounts/password/change/", own.password_page, name="account_change_password"),
    path("accounts/2fa/", mfa.index, name="mfa_index"),
    path("accounts/2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path(
        "accounts/2fa/totp/activate/", login_required(totp.activate_totp), name="mfa_activate_totp"
    ),
    path("accounts/2fa/totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("accounts/2fa/recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "accounts/2fa/recovery-codes/generate/",
        login_required(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "accounts/2fa/recovery-codes/download/",
        codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("accounts/sessions/", own.sessions_page, name="usersessions_list"),
]
