"""What people are told of one project, under p/<slug>/."""

from django.urls import path

from labeller.notices import views

urlpatterns = [
    path("notices/", views.news, name="notices"),
    path("notices/put-away/", views.put_away, name="notices-put-away"),
    path("settings/notices/", views.settings, name="notice-settings"),
    path("settings/notices/test/", views.test, name="notice-test"),
    path("settings/notices/deliveries/", views.deliveries, name="notice-deliveries"),
]
