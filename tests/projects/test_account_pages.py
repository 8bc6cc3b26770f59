"""Of the account pages those exist that somebody here may need, and no others."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLResolver, clear_url_caches, include, path, reverse, set_urlconf
from pytest_django import Settings

from labeller import urls
from labeller.projects import account_urls, invitations
from labeller.projects.models import Project, Role, User
from tests.cast import PASSWORD
from tests.projects.refusals import ClientOf


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["password/reset/", "password/reset/done/", "password/set/", "email/", "inactive/", "confirm-email/",
             "reauthenticate/", "login/code/confirm/", ""],
)  # fmt: skip
def test_pages_for_states_that_nobody_is_in_do_not_exist(page: str, bob: User, client_of: ClientOf) -> None:
    assert client_of(bob).get(f"/accounts/{page}").status_code == 404


def test_without_mail_no_page_offers_a_forgotten_password(bob: User, client_of: ClientOf) -> None:
    for page in (Client().get(reverse("account_login")), client_of(bob).get(reverse("account_change_password"))):
        assert page.status_code == 200 and "/password/reset/" not in page.content.decode()


class WithMail:
    """The site map of a server that sends letters."""

    urlpatterns = [
        path("accounts/", include((account_urls.routes(mail=True), ""))),
        *(one for one in urls.urlpatterns if not (isinstance(one, URLResolver) and str(one.pattern) == "accounts/")),
    ]


@pytest.fixture
def with_mail(settings: Settings) -> None:
    settings.ROOT_URLCONF = WithMail
    set_urlconf(None)
    clear_url_caches()


def test_with_mail_a_letter_goes_to_an_account_and_none_to_a_stranger(
    with_mail: None, bob: User, mailoutbox: list[object]
) -> None:
    User.objects.filter(pk=bob.pk).update(email="bob@example.org")
    for address in ("nobody@example.org", "bob@example.org"):
        sent = Client().post(reverse("account_reset_password"), {"email": address}, follow=True)
        assert sent.redirect_chain == [(reverse("account_reset_password_done"), 302)] and sent.status_code == 200
    assert [letter.to for letter in mailoutbox] == [["bob@example.org"]]  # type: ignore[attr-defined]


def test_the_first_page_after_signing_in_begins_with_itself(bob: User) -> None:
    page = Client().post(reverse("account_login"), {"login": "bob", "password": PASSWORD}, follow=True)
    assert page.wsgi_request.user == bob and 'class="notice' not in page.content.decode()


def test_an_account_that_is_switched_off_is_told_so(bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    page = Client().post(reverse("account_login"), {"login": "bob", "password": PASSWORD}, follow=True)
    assert "The account bob is switched off." in page.content.decode()
    assert not page.wsgi_request.user.is_authenticated


def test_an_address_that_another_account_has_sends_no_letter(
    project: Project, alice: User, mailoutbox: list[object]
) -> None:
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    browser = Client()
    link = invitations.invite(project=project, role=Role.ANNOTATOR, created_by=alice)
    browser.post(reverse("invitation-account", args=[link.token]))
    account = {"username": "dora", "email": "alice@example.org", "password1": PASSWORD, "password2": PASSWORD}
    page = browser.post(reverse("account_signup"), account)
    assert page.status_code == 200 and "already registered" in page.content.decode()
    assert mailoutbox == []


@pytest.mark.parametrize("page", ["account_login", "account_change_password"])
def test_no_field_repeats_its_label_in_grey(page: str, bob: User, client_of: ClientOf) -> None:
    """The browser's grey is too faint to read on a dark page."""
    client = Client() if page == "account_login" else client_of(bob)
    assert "placeholder" not in client.get(reverse(page)).content.decode()
