"""p/<slug>/settings/labels/…: what changes the meaning of answers that were given."""

from django.urls import path

from labeller.annotation import label_change_views as views

urlpatterns = [
    path("changes/", views.changes, name="label-changes"),
    path("merge/", views.merge, name="label-merge"),
    path("merges/<int:pk>/undo/", views.undo, name="label-merge-undo"),
    path("<int:pk>/split/", views.split, name="label-split"),
    path("<int:pk>/look-again/", views.again, name="label-look-again"),
    path("looks/<int:pk>/end/", views.end, name="label-look-end"),
]
