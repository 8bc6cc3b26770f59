"""The site map. Every app's list hangs below its prefix; the apps' own urls.py name one route a line."""

from django.urls import include, path

from labeller.operations.languages import browser_words, choose_language
from labeller.operations.views import healthz

urlpatterns = [
    path("accounts/", include("labeller.projects.account_urls")),
    path("healthz", healthz),
    path("language", choose_language, name="language"),
    path("words.js", browser_words, name="browser-words"),
    path("", include("labeller.projects.urls")),
    path("p/<slug:slug>/settings/labels/", include("labeller.annotation.label_change_urls")),
    path("p/<slug:slug>/data/search/", include("labeller.search.urls")),
    path("p/<slug:slug>/data/", include("labeller.corpus.urls")),
    path("p/<slug:slug>/label/", include("labeller.annotation.urls")),
    path("p/<slug:slug>/review/", include("labeller.annotation.review_urls")),
    path("p/<slug:slug>/learning/", include("labeller.learning.urls")),
    path("p/<slug:slug>/results/", include("labeller.insight.urls")),
    path("p/<slug:slug>/", include("labeller.notices.urls")),
]
