"""Below /p/<slug>/learning/: runs, the status every page polls, and models to take away."""

from django.urls import path

from labeller.learning import deletion_views, encoder_views, testset_views, version_views, views, weighing_views

urlpatterns = [
    path("status/", views.status, name="learning-status"),
    path("run/", views.start_run, name="run-start"),
    path("read/", views.start_embedding, name="embed-start"),
    path("run/<uuid:key>/cancel/", views.cancel_run, name="run-cancel"),
    path("test/", testset_views.measure, name="test-measure"),
    path("test/delete/", testset_views.delete, name="test-delete"),
    path("answers/", weighing_views.status, name="weighing-status"),
    path("answers/weigh/", weighing_views.weigh, name="weigh"),
    path("encoders/", encoder_views.status, name="encoder-status"),
    path("encoders/compare/", encoder_views.compare, name="encoder-compare"),
    path("encoders/<uuid:key>/", encoder_views.decide, name="encoder-decide"),
    path("models/<int:number>/export/", views.export_model, name="model-export"),
    path("models/<int:number>/pin/", version_views.pin, name="model-pin"),
    path("models/<int:number>/unpin/", version_views.unpin, name="model-unpin"),
    path("models/<int:number>/serve/", version_views.serve, name="model-serve"),
    path("models/<int:number>/retire/", version_views.retire, name="model-retire"),
    path("models/<int:number>/stay/", version_views.stay, name="model-stay"),
    path("models/delete/", deletion_views.delete_several, name="models-delete"),
    path("models/<int:number>/delete/", deletion_views.delete, name="model-delete"),
    path("exports/<uuid:key>/", views.export_status, name="model-export-status"),
    path("exports/<uuid:key>/model.zip", views.download, name="model-download"),
]
