from django.urls import path

from labeller.corpus import import_views, views

# /p/<slug>/data/
urlpatterns = [
    path("", views.data, name="data"),
    path("import/", import_views.new, name="import-new"),
    path("import/test/", import_views.new_test, name="import-new-test"),
    path("import/<uuid:key>/", import_views.mapping, name="import-map"),
    path("import/<uuid:key>/run/", import_views.run, name="import-run"),
    path("import/<uuid:key>/cancel/", import_views.cancel, name="import-cancel"),
    path("import/<uuid:key>/status/", import_views.status, name="import-status"),
    path("import/<uuid:key>/refused.csv", import_views.refused, name="import-refused"),
]
