"""Finding texts among many, by words and by meaning: the server's time for the whole page.

    python -m benchmarks.search [--texts 100000] [--requests 200] [--file TEXTS.jsonl] [--json OUT]

SQLite in a fresh house, or the database of LABELLER_DATABASE_URL, in which a project is made and deleted again. Words
follow Zipf's law over a vocabulary of 30,000 (or are those of a JSON Lines file); embeddings are drawn at random, 384
wide, in shards as they are stored. A request goes through middleware, view and template, 25 texts a page. The clock
also counts whoever else works on the machine; processor_ms does not: this process's own time and that of PostgreSQL's
process for it, where that runs on this machine and may be read. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled_lines import objects
from benchmarks.own_home import measured
from labeller.learning.measured_on import machine

TARGETS = {"words_p95_ms": 100, "meaning_p95_ms": 200}
VOCABULARY, WIDTH, SHARD, LABELLED = 30_000, 384, 2_000, 2_000


def main() -> None:
    options = arguments()
    measured("search", lambda _: measure(options), out=options.json, keep_database=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=200, help="Of each kind.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", type=Path, help="JSON Lines with a `text` each, repeated with a number.")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure(options: argparse.Namespace) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    project, user = make_project()
    try:
        began = time.perf_counter()
        words = fill(project, user, options)
        if connection.vendor == "postgresql":  # in use it does this by itself, within a minute of an import
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        made_s = time.perf_counter() - began
        kinds = {name: times(project, user, queries) for name, queries in asked(project, words, options).items()}
    finally:
        remove(project, user)
    return {
        "benchmark": "search",
        "machine": machine(),
        "database": connection.vendor,
        "texts": options.texts,
        "words_of": options.file.name if options.file else "Zipf's law",
        "made_s": round(made_s, 1),
        "targets": TARGETS,
        "kinds": kinds,
    }


def make_project() -> tuple[Any, Any]:
    from labeller.projects.models import Label, Membership, Project, Role, User

    user = User.objects.create_user(f"search-{os.getpid()}")
    project = Project.objects.create(
        name="Search", slug=f"search-{os.getpid()}", encoder="all-MiniLM-L6-v2", seed=1, audit=False
    )
    Membership.objects.create(project=project, user=user, role=Role.MANAGER)
    Label.objects.create(project=project, name="One", colour="#2f7ab8", hotkey="1", position=0)
    Label.objects.create(project=project, name="Two", colour="#c2571a", hotkey="2", position=1)
    return project, user


def fill(project: Any, user: Any, options: argparse.Namespace) -> list[list[str]]:
    """Texts, embeddings and some answers. Returns the words of a sample of the texts."""
    from labeller.corpus.models import Document
    from labeller.learning.bridges.pool import reader_of
    from modelsvc.stores.store import EmbeddingStore

    rng = np.random.default_rng(options.seed)
    store = EmbeddingStore(reader_of(project).store_folder, sha256="0" * 64, width=WIDTH)
    sample: list[list[str]] = []
    for texts in chunks(options, rng):
        documents = Document.objects.bulk_create(
            Document(project=project, text=text, text_hash=sha256(text.encode()).hexdigest(), draw=float(rng.random()))
            for text in texts
        )
        X = rng.normal(size=(len(documents), WIDTH)).astype(np.float32)
        store.append(np.array([row.pk for row in documents]), X / np.linalg.norm(X, axis=1, keepdims=True))
        sample += [text.split() for text in texts[::20]]
    answer(project, user)
    return sample


def chunks(options: argparse.Namespace, rng: np.random.Generator) -> Iterator[list[str]]:
    if options.file:
        base = [row["text"] for row in objects(options.file)]
        texts: Callable[[int], str] = lambda n: f"{base[n % len(base)]} {n}"  # noqa: E731
    else:
        chance = 1 / np.arange(1, VOCABULARY + 1)
        words = np.array([f"{random.Random(n).choice('abcdefghijklmnop')}w{n:x}" for n in range(VOCABULARY)])
        drawn = rng.choice(VOCABULARY, size=options.texts * 50, p=chance / chance.sum())
        texts = lambda n: " ".join(words[drawn[50 * n : 50 * n + 10 + n % 41]]) + f" n{n}"  # noqa: E731
    for start in range(0, options.texts, SHARD):
        yield [texts(n) for n in range(start, min(options.texts, start + SHARD))]


def answer(project: Any, user: Any) -> None:
    import uuid

    from labeller.annotation.models import Annotation

    one = project.labels.first()
    ids = project.documents.order_by("draw").values_list("pk", flat=True)[:LABELLED]
    made = Annotation.objects.bulk_create(
        Annotation(
            key=uuid.uuid4(), project=project, document_id=pk, annotator=user, status="labelled", source="active"
        )
        for pk in ids
    )
    through = Annotation.labels.through
    through._default_manager.bulk_create(through(annotation_id=row.pk, label_id=one.pk) for row in made)


def asked(project: Any, sample: list[list[str]], options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """As many requests of each kind, made from the texts themselves."""
    rng = random.Random(options.seed)
    ids = list(project.documents.values_list("pk", flat=True))

    def pieces(many: int, side_by_side: bool = False) -> list[str]:
        words = rng.choice(sample)
        at = rng.randrange(max(1, len(words) - many))
        return words[at : at + many] if side_by_side else rng.sample(words, min(many, len(words)))

    typed: list[Callable[[], str]] = [
        lambda: pieces(1)[0],
        lambda: " ".join(pieces(2)),
        lambda: f'"{" ".join(pieces(2, side_by_side=True))}"',
        lambda: f"{pieces(1)[0][:4]}*",
        lambda: " OR ".join(pieces(3)),
        lambda: f"{pieces(1)[0]} -{pieces(1)[0]}",
    ]
    number = options.requests
    words = [{"q": typed[n % len(typed)]()} for n in range(number)]
    label = project.labels.first().pk
    return {
        "words": words,
        "words, not labelled": [query | {"status": "unlabelled"} for query in words],
        "words, page 8": [query | {"page": 8} for query in words[: number // 4]],
        "like one text": [{"like": rng.choice(ids)} for _ in range(number)],
        "like five texts, not labelled": [
            {"like": rng.sample(ids, 5), "status": "unlabelled"} for _ in range(number // 2)
        ],
        "like one text, of one label": [{"like": rng.choice(ids), "label": label} for _ in range(number // 2)],
        "like the texts of a label": [{"like_label": label}] * (number // 4),
        "the meaning of words": [{"q": " ".join(pieces(4)), "by": "meaning"} for _ in range(number // 2)],
    }


def times(project: Any, user: Any, queries: list[dict[str, Any]]) -> dict[str, Any]:
    """The first request of a kind is left out: it compiles templates and opens files."""
    from django.test import Client
    from django.urls import reverse

    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    address = reverse("search", args=[project.slug])
    clock, processor, database = [], [], database_process()
    for query in [queries[0], *queries]:
        began, worked = time.perf_counter(), time.process_time() + worked_s(database)
        reply = client.get(address, query)
        clock.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() + worked_s(database) - worked))
        assert reply.status_code == 200, query
    return {
        "requests": len(queries),
        "server_ms": spread(clock[1:]),
        "processor_ms": spread(processor[1:]),
    }


def database_process() -> Path | None:
    """Where Linux tells how long PostgreSQL's process for this connection has worked."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8'")
        pid, is_here = cursor.fetchone()
    told = Path(f"/proc/{pid}/schedstat")
    return told if is_here and told.exists() else None


def worked_s(process: Path | None) -> float:
    return int(process.read_text().split()[0]) / 1e9 if process else 0.0


def spread(values: list[float]) -> dict[str, float]:
    return {
        "p50": round(statistics.median(values), 1),
        "p95": round(statistics.quantiles(values, n=20)[-1], 1),
        "max": round(max(values), 1),
    }


def remove(project: Any, user: Any) -> None:
    project.annotations.all().delete()
    project.delete()
    user.delete()


if __name__ == "__main__":
    main()
