from __future__ import annotations

from django.test import Client
from django.urls import reverse

from labeller.projects.models import Label
from tests.projects.refusals import ClientOf


def test_every_member_gets_the_colours_as_css(project, rita, client_of: ClientOf):
    response = client_of(rita).get(reverse("label-colours", args=[project.slug]))
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/css")
    for label in project.labels.all():
        assert f".label-{label.pk} {{ --c: #" in response.content.decode()


def test_unchanged_colours_answer_304_and_changed_ones_do_not(project, bob, client_of: ClientOf):
    url, client = reverse("label-colours", args=[project.slug]), client_of(bob)
    etag = client.get(url)["ETag"]
    assert client.get(url, headers={"if-none-match": etag}).status_code == 304
    Label.objects.filter(pk=project.labels.first().pk).update(colour="#123456")
    assert client.get(url, headers={"if-none-match": etag}).status_code == 200


def test_strangers_see_nothing_even_with_the_right_tag(project, bob, mallory, client_of: ClientOf):
    url = reverse("label-colours", args=[project.slug])
    etag = client_of(bob).get(url)["ETag"]
    assert client_of(mallory).get(url, headers={"if-none-match": etag}).status_code == 404
    assert Client().get(url).status_code == 302
