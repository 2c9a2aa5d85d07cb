"""Addresses of the network room."""

from django.urls import URLPattern, URLResolver, path

from rongmei.network import views_exchange, views_peers

urlpatterns: list[URLPattern | URLResolver] = [*views_peers.patterns]

root_patterns: list[URLPattern | URLResolver] = [
    path("exchange/v1/inbox", views_exchange.inbox, name="exchange_inbox"),
    path("exchange/v1/outbox", views_exchange.outbox, name="exchange_outbox"),
    path("exchange/v1/hello", views_exchange.hello, name="exchange_hello"),
]
