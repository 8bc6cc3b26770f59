"""p/<slug>/label/…"""

from django.urls import path, re_path

from labeller.annotation import gold_views, history_views, views, words_views

urlpatterns = [
    path("", views.label, name="label"),
    path("next/", views.label_next, name="label-next"),
    path("answer/", views.label_answer, name="label-answer"),
    path("undo/", views.label_undo, name="label-undo"),
    path("status/", views.label_status, name="label-status"),
    path("words/", words_views.label_words, name="label-words"),
    path("leave/", views.label_leave, name="label-leave"),
    path("answers/", history_views.answers, name="answers"),
    path("answers/<uuid:key>/", history_views.answer, name="answer-change"),
    path("guidelines/", views.label_guidelines, name="label-guidelines"),
    path("gold/", gold_views.gold, name="gold"),
    path("gold/add/", gold_views.add, name="gold-add"),
    path("gold/<int:pk>/take-back/", gold_views.take_back, name="gold-take-back"),
    path("gold/share/", gold_views.share, name="gold-share"),
    path("gold/accuracy/", gold_views.accuracy, name="gold-accuracy"),
    re_path(r"^export/labels\.(?P<file_format>csv|jsonl)\Z", views.export_labels, name="export-labels"),
]
