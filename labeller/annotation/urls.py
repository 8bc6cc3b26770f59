"""p/<slug>/label/…"""

from django.urls import path, re_path

from labeller.annotation import views

urlpatterns = [
    path("", views.label, name="label"),
    path("next/", views.label_next, name="label-next"),
    path("answer/", views.label_answer, name="label-answer"),
    path("undo/", views.label_undo, name="label-undo"),
    path("status/", views.label_status, name="label-status"),
    path("release/", views.label_release, name="label-release"),
    re_path(r"^export/labels\.(?P<file_format>csv|jsonl)\Z", views.export_labels, name="export-labels"),
]
