"""In which language a page comes: chosen at its foot, else as the browser wishes, else the owner's."""

from __future__ import annotations

import re

import pytest
from django.conf import settings as house
from django.test import Client
from django.urls import reverse

LOGIN = reverse("account_login")
CHOOSE = reverse("language")


def language_of(page: str) -> str:
    found = re.search(r'<html lang="([^"]+)"', page)
    assert found
    return found[1]


def login_page(client: Client, *, wish: str = "") -> str:
    headers = {"accept-language": wish} if wish else {}
    return client.get(LOGIN, headers=headers).content.decode()


@pytest.mark.django_db
class TestWithoutAChoice:
    @pytest.mark.parametrize(
        ("wish", "shown"),
        [
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.5", "de"),
            ("fr,de;q=0.4", "de"),
            ("en-GB,de;q=0.9", "en"),
            ("fr", "en"),
        ],
    )
    def test_the_browser_s_wish_counts(self, wish, shown):
        assert language_of(login_page(Client(), wish=wish)) == shown

    def test_english_stands_where_nobody_said_another(self):
        assert language_of(login_page(Client(), wish="fr")) == "en"

    def test_the_owner_s_language_stands_where_the_browser_s_is_not_there(self, settings):
        settings.LANGUAGE_CODE = "de"
        assert language_of(login_page(Client(), wish="fr")) == "de"
        assert language_of(login_page(Client())) == "de"
        assert language_of(login_page(Client(), wish="en")) == "en"


@pytest.mark.django_db
class TestChoosing:
    def test_it_is_kept_in_a_cookie_against_the_browser_s_wish(self):
        client = Client()
        answer = client.post(CHOOSE, {"language": "de", "next": LOGIN})
        assert (answer.status_code, answer.headers["Location"]) == (302, LOGIN)
        kept = client.cookies[house.LANGUAGE_COOKIE_NAME]
        assert kept.value == "de" and int(kept["max-age"]) >= 180 * 24 * 3600
        assert language_of(login_page(client, wish="en")) == "de"

    def test_it_comes_back_to_the_page_with_all_that_was_asked_of_it(self, project, alice, client_of):
        address = reverse("search", args=[project.slug]) + "?q=court&by=words"
        client = client_of(alice)
        back = re.search(r'name="next" value="([^"]+)"', client.get(address).content.decode())
        assert back and back[1].replace("&amp;", "&") == address
        answer = client.post(CHOOSE, {"language": "de", "next": address}, follow=True)
        assert answer.redirect_chain == [(address, 302)] and language_of(answer.content.decode()) == "de"

    def test_a_form_that_was_refused_comes_back_to_its_own_page(self, project, alice, client_of):
        """A page that answered a form cannot be asked for again; where the form stood can."""
        client, address = client_of(alice), reverse("labels", args=[project.slug])
        page = client.post(reverse("label-add", args=[project.slug]), {"lines": ""})
        assert page.status_code == 422 and 'name="next" value=""' in page.content.decode()
        answer = client.post(CHOOSE, {"language": "de", "next": ""}, headers={"referer": f"http://testserver{address}"})
        assert answer.headers["Location"] == f"http://testserver{address}"

    @pytest.mark.parametrize("foreign", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
    def test_no_other_site_is_gone_to(self, foreign):
        answer = Client().post(CHOOSE, {"language": "de", "next": foreign})
        assert answer.headers["Location"] == "/"

    def test_a_language_that_is_not_there_changes_nothing(self):
        client = Client()
        client.post(CHOOSE, {"language": "tlh", "next": LOGIN})
        assert house.LANGUAGE_COOKIE_NAME not in client.cookies

    def test_a_link_alone_changes_nothing(self):
        assert Client().get(CHOOSE, {"language": "de"}).status_code == 405

    def test_a_form_of_another_site_changes_nothing(self):
        assert Client(enforce_csrf_checks=True).post(CHOOSE, {"language": "de"}).status_code == 403


@pytest.mark.django_db
class TestTheFoot:
    def test_each_language_stands_under_its_own_name_and_the_present_one_is_marked(self):
        page = login_page(Client(), wish="de")
        assert re.search(r'value="de" lang="de" aria-current="true">Deutsch<', page)
        assert re.search(r'value="en" lang="en">English<', page)

    def test_the_page_that_is_not_there_has_it_too(self):
        page = Client().get("/nowhere/", headers={"accept-language": "de"}, follow=True).content.decode()
        assert language_of(page) == "de" and "Deutsch" in page

    def test_the_labelling_page_is_left_in_peace(self, project, bob, client_of):
        page = client_of(bob).get(reverse("label", args=[project.slug])).content.decode()
        assert 'name="language"' not in page


@pytest.mark.django_db
class TestTheScriptsWords:
    def address(self, wish: str) -> str:
        found = re.search(r'<script src="([^"]*words[^"]*)"', login_page(Client(), wish=wish))
        assert found
        return found[1]

    def test_they_have_an_address_for_each_language_and_may_be_kept(self):
        german, english = self.address("de"), self.address("en")
        assert german != english
        answer = Client().get(german, headers={"accept-language": "de"})
        assert "Kopiert" in answer.content.decode()
        assert "private" in answer.headers["Cache-Control"] and "max-age=86400" in answer.headers["Cache-Control"]

    def test_english_ones_are_the_source_s(self):
        answer = Client().get(self.address("en"), headers={"accept-language": "en"}).content.decode()
        assert "gettext" in answer and "Kopiert" not in answer


@pytest.mark.django_db
class TestGerman:
    """The heart of the house's pages, in German."""

    def german(self, client: Client) -> Client:
        client.cookies[house.LANGUAGE_COOKIE_NAME] = "de"
        return client

    def test_the_first_page_tells_what_to_do_and_what_is_wrong(self, project, alice, client_of):
        page = self.german(client_of(alice)).get(reverse("project", args=[project.slug])).content.decode()
        assert "Der Worker läuft nicht." in page and "Ein Label je Text" in page and ">Leitung<" in page

    def test_a_refusal_names_the_way_out(self, project, bob, client_of):
        client = self.german(client_of(bob))
        page = client.get(reverse("members", args=[project.slug]))
        assert page.status_code == 403 and "Das darf nur die Leitung dieses Projekts." in page.content.decode()

    def test_what_was_done_is_said(self, project, alice, bob, client_of):
        client, member = self.german(client_of(alice)), project.memberships.get(user=bob)
        answer = client.post(reverse("member-role", args=[project.slug, member.pk]), {"role": "reader"}, follow=True)
        assert "bob hat jetzt die Rolle Leser." in answer.content.decode()

    def test_a_script_is_refused_in_it_too(self, project, bob, client_of):
        client = self.german(client_of(bob))
        answer = client.get(reverse("members", args=[project.slug]), headers={"accept": "application/json"})
        assert answer.json() == {"error": "Das darf nur die Leitung dieses Projekts."}
