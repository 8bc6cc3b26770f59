"""What pages say, and in which direction."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from labeller.projects import invitations
from labeller.projects.models import Project, User
from tests.corpus.files import imported, reasons, upload
from tests.projects.refusals import ClientOf

pytestmark = pytest.mark.django_db


def test_texts_run_in_the_direction_of_their_own_script(project: Project, alice: User, client_of: ClientOf) -> None:
    client, text = client_of(alice), "هذا نص عربي"
    job = upload(project, f"text,page\n{text},4\n{text * 60},5\n", user=alice)
    assert f'<td dir="auto">{text}' in client.get(reverse("import-map", args=[project.slug, job.key])).content.decode()
    imported(job)
    page = client.get(reverse("data", args=[project.slug])).content.decode()
    assert f'<p class="text-body" lang="" dir="auto">{text}</p>' in page
    assert '<summary dir="auto">' in page


def test_the_last_import_has_its_moment_and_no_count_of_0_minutes(
    project: Project, alice: User, client_of: ClientOf
) -> None:
    job = imported(upload(project, "text\none\n", user=alice))
    page = client_of(alice).get(reverse("data", args=[project.slug])).content.decode()
    assert "ago" not in page
    assert f"the last on {job.created_at:%-d %b %Y}" in page


def test_a_reason_is_no_question_as_a_full_stop_follows_it(project: Project) -> None:
    job = imported(upload(project, "id,text\n1,one\n2,nu\x00l\n3,three\n"))
    assert reasons(job) == {3: "the text contains a NUL character; the encoding may be another one"}


def test_the_account_page_says_optional_once(project: Project, alice: User) -> None:
    link = invitations.invite(project=project, role="annotator", created_by=alice)
    page = Client().post(reverse("invitation-account", args=[link.token]), follow=True).content.decode()
    assert page.lower().count("optional") == 1
