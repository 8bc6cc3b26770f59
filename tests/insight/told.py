"""What the effort page tells somebody: its words, the rows of its tables, and the figures behind them."""

from __future__ import annotations

import re

from django.test import Client
from django.urls import reverse

from labeller.insight.effort_page import Asked, effort_of
from labeller.projects.models import Membership, Project, User


def at(name: str, project: Project, query: str = "") -> str:
    return reverse(name, args=[project.slug]) + query


def page_for(client: Client, project: Project, query: str = "") -> str:
    return client.get(at("results-effort", project, query)).content.decode()


def rows_of(page: str, table: str) -> list[list[str]]:
    body = page.split(f'id="{table}"')[1].split("<tbody>")[1].split("</tbody>")[0]
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr>.*?</tr>", body, re.S)
    ]


def effort(project: Project, user: User, asked: Asked | None = None):
    return effort_of(project, Membership.objects.get(project=project, user=user), asked or Asked())
