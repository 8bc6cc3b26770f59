"""The results of one project, under p/<slug>/results/."""

from django.urls import path

from labeller.insight import (
    agreement_views,
    compare_views,
    effort_views,
    error_views,
    machine_views,
    model_views,
    newer_views,
    report_views,
    run_views,
    testset_views,
    views,
)

urlpatterns = [
    path("", views.results, name="results"),
    path("figures/", views.figures, name="results-figures"),
    path("outlook/", views.outlook_words, name="results-outlook"),
    path("newer/", newer_views.newer, name="results-newer"),
    path("curve.json", views.curve, name="results-curve"),
    path("numbers/", views.numbers, name="results-numbers"),
    path("curve.csv", views.curve_csv, name="results-csv"),
    path("errors/", error_views.errors, name="results-errors"),
    path("errors/texts/", error_views.texts, name="results-errors-texts"),
    path("errors/texts/<int:pk>/", error_views.text, name="results-errors-text"),
    path("errors/reliability.json", error_views.reliability, name="results-reliability"),
    path("models/", model_views.models, name="results-models"),
    path("models/live/", model_views.live, name="results-models-live"),
    path("models/compare/", compare_views.compared, name="results-compare"),
    path("models/<int:number>/", model_views.model, name="results-model"),
    path("models/<int:number>/loss.json", model_views.loss, name="results-loss"),
    path("models/<int:number>/answers.csv", model_views.snapshot, name="results-snapshot"),
    path("runs/<uuid:key>/", run_views.run, name="results-run"),
    path("runs/<uuid:key>/log.txt", run_views.run_log, name="results-run-log"),
    path("runs/<uuid:key>/loss.json", run_views.run_loss, name="results-run-loss"),
    path("effort/", effort_views.effort, name="results-effort"),
    path("effort/live/", effort_views.live, name="results-effort-live"),
    path("effort/days.csv", effort_views.days_csv, name="results-effort-csv"),
    path("test-file/", testset_views.test_file, name="results-test"),
    path("test-file/live/", testset_views.live, name="results-test-live"),
    path("machine/", machine_views.machine, name="results-machine"),
    path("agreement/", agreement_views.agreement, name="results-agreement"),
    path("report/", report_views.report, name="results-report"),
    path("report/file/", report_views.report_file, name="results-report-file"),
]
