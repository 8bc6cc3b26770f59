"""p/<slug>/data/search/…"""

from django.urls import path

from labeller.search import bulk_views, views

urlpatterns = [
    path("", views.search, name="search"),
    path("starts/", views.beside, name="search-starts"),
    path("label/", views.label, name="search-label"),
    path("like/", views.like, name="search-like"),
    path("bulk/", bulk_views.bulk, name="search-bulk"),
    path("acts/<uuid:key>/", bulk_views.act, name="search-act"),
    path("acts/<uuid:key>/undo/", bulk_views.undo, name="search-undo"),
    path("acts/<uuid:key>/go-on/", bulk_views.go_on, name="search-go-on"),
]
