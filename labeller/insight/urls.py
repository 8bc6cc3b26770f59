"""The results of one project, under p/<slug>/results/."""

from django.urls import path

from labeller.insight import views

urlpatterns = [
    path("", views.results, name="results"),
    path("figures/", views.figures, name="results-figures"),
    path("curve.json", views.curve, name="results-curve"),
    path("numbers/", views.numbers, name="results-numbers"),
    path("curve.csv", views.curve_csv, name="results-csv"),
]
