"""Eight annotators for ten minutes over a network that fails at random; afterwards, what the database holds.

    python -m benchmarks.team [--minutes 10] [--count 10000] [--share 10] [--fail 0.1] [--pace 0.6] [--json OUT]

The web server is the one that `manage.py up` starts, on a fresh SQLite database. Two people are asked about a share of
the texts drawn at random, and twenty gold texts are slipped in. Each annotator holds what the labelling page holds,
answers at a person's pace, keeps answers until they are acknowledged and sends them again, oldest first, with the
page's pauses. One request in ten is lost: cut off before the server has it all, or after it was sent, or its reply is
thrown away after the server has committed. They also skip, are unsure, take answers back, and leave the page and come
back. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks.own_home import measured
from benchmarks.serving import PEOPLE, make_project, manage, percentiles, start_web, texts_of, wait_for_page
from benchmarks.team_annotator import Annotator
from labeller.learning.measured_on import machine

GOLDS = 20


def main() -> None:
    options = arguments()
    measured("team", lambda processes: measure(options, processes), out=options.json)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--texts", type=Path, help='JSON Lines with a "text" each; without it, texts are generated.')
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--share", type=int, default=10, help="Of the texts drawn at random, per cent, for two people.")
    parser.add_argument("--fail", type=float, default=0.1, help="Share of the requests that are lost.")
    parser.add_argument("--pace", type=float, default=0.6, help="Mean seconds that a person takes for a text.")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure(options: argparse.Namespace, processes: list[subprocess.Popen[bytes]]) -> dict[str, object]:
    import django

    django.setup()
    manage("migrate", "--verbosity", "0")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    sessions = make_project(texts_of(options))[:PEOPLE]
    label_ids = ask_two_people(options.share)
    port, web = start_web(min(os.sched_getaffinity(0)))
    processes.append(web)
    wait_for_page(port)
    load = os.getloadavg()[0]
    team = [Annotator(port, one, label_ids, fail=options.fail, pace=options.pace) for one in sessions]
    began = time.perf_counter()
    all_at_once(team, began + 60 * options.minutes)
    seconds = time.perf_counter() - began
    acknowledged = [ms for one in team for ms in one.acknowledged_ms]
    return {
        "benchmark": "team",
        "machine": machine(),
        "load": {"before": round(load, 1), "after": round(os.getloadavg()[0], 1)},
        "annotators": len(team),
        "minutes": round(seconds / 60, 2),
        "texts": options.count,
        "database": "sqlite",
        "asked_of_two_per_cent": options.share,
        "requests": dict(sum((one.requests for one in team), Counter())),
        "acts": dict(sum((one.acts for one in team), Counter())),
        "answers_per_s": round(len(acknowledged) / seconds, 1),
        "cycle_ms": percentiles(acknowledged),
        "checked": check(team),
    }


def ask_two_people(share: int) -> list[int]:
    """Two people for a share of the texts drawn at random, and some gold. Returns the label ids."""
    from labeller.annotation.gold import make_gold
    from labeller.projects.models import Project

    project = Project.objects.get(slug="bench")
    project.overlap, project.overlap_on, project.overlap_share = 2, Project.OverlapOn.DRAWN, share
    project.save()
    labels = list(project.labels.values_list("pk", flat=True))
    nobody = project.members.model.objects.create_user(username="manager")
    for at, document in enumerate(project.documents.filter(draw__gte=0.5)[:GOLDS]):
        make_gold(project=project, by=nobody, document=document, label_ids=[labels[at % len(labels)]])
    return labels


def all_at_once(team: list[Annotator], until: float) -> None:
    problems: list[BaseException] = []

    def work(one: Annotator) -> None:
        try:
            one.work(until)
        except (OSError, RuntimeError, http.client.HTTPException) as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=[one]) for one in team]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise RuntimeError(f"{len(problems)} of {len(team)} annotators stopped: {problems[0]}")


def check(team: list[Annotator]) -> dict[str, object]:
    """What the database says against what the annotators know they said."""
    from labeller.annotation.models import Annotation, Source
    from labeller.annotation.overlap import Overlap, turned
    from labeller.projects.models import Project

    given = {key: said for one in team for key, said in one.given.items()}
    rows = {str(row.key): row for row in Annotation.objects.order_by("id").prefetch_related("labels")}
    overlap = Overlap.of(Project.objects.get(slug="bench"))
    answers: Counter[tuple[int, bool]] = Counter()
    draws: dict[int, float] = {}
    current: Counter[tuple[int, int]] = Counter()
    for row in Annotation.objects.filter(superseded_at=None).select_related("document"):
        current[row.document_id, row.annotator_id] += 1
        if row.status == "labelled" and row.source != Source.GOLD:
            answers[row.document_id, row.source == Source.AUDIT] += 1
            draws[row.document_id] = row.document.draw
    wanted = {(text, audit): overlap.wanted(draws[text], audit=audit) for text, audit in answers}
    drawn = [text for text, audit in answers if audit]
    shared = [text for text in drawn if overlap.share is not None and turned(draws[text]) < overlap.share]
    gold = {(row.document_id, row.annotator_id) for row in rows.values() if row.source == Source.GOLD}
    ordinary = {(row.document_id, row.annotator_id) for row in rows.values() if row.source != Source.GOLD}
    return {
        "given": len(given),
        "lost": len(given.keys() - rows.keys()),
        "unknown": len(rows.keys() - given.keys()),
        "changed": sum(not said.is_in(rows[key]) for key, said in given.items() if key in rows),
        "out_of_order": sum(not one.in_order([key for key in rows if key in one.given]) for one in team),
        "doubled": sum(n > 1 for n in current.values()),
        "texts_beyond_their_wanted_number": sum(answers[key] > wanted[key] for key in answers),
        "texts_in_two_streams": len(answers) - len(draws),
        "texts_drawn": len(drawn),
        "of_them_for_two_people": len(shared),
        "of_these_answered_by_two": sum(answers[text, True] == 2 for text in shared),
        "gold_answers": len(gold),
        "gold_met_twice": len(gold & ordinary),
    }


if __name__ == "__main__":
    main()
