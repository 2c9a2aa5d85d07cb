"""Addresses of the public site. They are permanent: others link to them."""

from __future__ import annotations

from django.urls import path

from rongmei.portal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("a/<slug:slug>/", views.article, name="article"),
    path("a/<slug:slug>.ninjs.json", views.ninjs_item, name="ninjs"),
    path("c/<path:category>/", views.category, name="category"),
    path("topics/<path:tag>/", views.topic, name="topic"),
    path("search/", views.search, name="search"),
    path("feeds/", views.feeds_page, name="feeds"),
    path("feeds/rss.xml", views.feed_rss, name="rss"),
    path("feeds/atom.xml", views.feed_atom, name="atom"),
    path("feeds/feed.json", views.feed_json, name="json_feed"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("news-sitemap.xml", views.news_sitemap, name="news_sitemap"),
    path("robots.txt", views.robots, name="robots"),
    path("lang/<str:code>/", views.language, name="language"),
    path("r/<slug:slug>", views.read, name="read"),
]
