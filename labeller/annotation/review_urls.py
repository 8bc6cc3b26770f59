"""p/<slug>/review/…"""

from django.urls import path

from labeller.annotation import review_views

urlpatterns = [
    path("", review_views.review, name="review"),
    path("waiting/", review_views.count, name="review-waiting"),
    path("<int:pk>/", review_views.review_text, name="review-text"),
    path("<int:pk>/decide/", review_views.decide, name="review-decide"),
    path("<int:pk>/keep/", review_views.keep, name="review-keep"),
    path("<int:pk>/undo/", review_views.undo, name="review-undo"),
]
