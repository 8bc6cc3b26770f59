"""The cast every test shares, made by short functions: Alice manages, Bob annotates, Rita reads, Mallory is nobody."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import sha256

from labeller.corpus.models import Document
from labeller.projects.models import Label, Membership, Project, Role, User

PASSWORD = "a-long-enough-password-7"
KEYS = "123456789abdefgilmopqrtvxy"
COLOURS = ("#2f6fb0", "#a8532a", "#2a7f62", "#8a5aa8", "#8a6a00", "#b0416a")


def make_user(name: str, **fields: object) -> User:
    return User.objects.create_user(username=name, password=PASSWORD, **fields)  # type: ignore[arg-type]


def make_project(
    kind: str = "single", labels: Sequence[str] = ("Change", "Court", "Other"), name: str = "Terms of service"
) -> Project:
    """A project with these labels and nobody in it. Its slug is made from its name, numbered when taken."""
    slug = base = name.lower().replace(" ", "-")
    number = 1
    while Project.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    project = Project.objects.create(name=name, slug=slug, kind=kind, encoder="all-MiniLM-L6-v2", seed=7)
    Label.objects.bulk_create(
        Label(
            project=project,
            name=label,
            colour=COLOURS[at % len(COLOURS)],
            hotkey=KEYS[at] if at < len(KEYS) else "",
            position=at,
        )
        for at, label in enumerate(labels)
    )
    return project


def join(project: Project, user: User, role: str = Role.ANNOTATOR) -> Membership:
    return Membership.objects.create(project=project, user=user, role=role)


def add_texts(project: Project, texts: Sequence[str]) -> list[Document]:
    """These texts in the pool, in this order; their draws come from a seed, so a test repeats itself."""
    # By its place among the projects: ids go on counting from test to test on PostgreSQL.
    place = Project.objects.filter(pk__lte=project.pk).count()
    draw = random.Random(place * 1_000_003 + project.documents.count())
    return Document.objects.bulk_create(
        Document(project=project, text=text, text_hash=sha256(text.encode()).hexdigest(), draw=draw.random())
        for text in texts
    )
