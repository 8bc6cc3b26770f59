"""The same refusals for every managed page: annotators and readers 403, strangers 404, the signed-out to the door."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from labeller.projects.models import User

ClientOf = Callable[[User], Client]


def refused_to_others(client_of: ClientOf, url: str, *, method: str, bob: User, rita: User, mallory: User) -> None:
    for user, status in ((bob, 403), (rita, 403), (mallory, 404)):
        response = getattr(client_of(user), method)(url)
        assert response.status_code == status, f"{user} got {response.status_code} from {method} {url}"
    response = getattr(Client(), method)(url)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
