"""A project in the middle of its work, made by short functions: texts of three kinds, labels, embeddings."""

from __future__ import annotations

import io
import json
import uuid
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.core.management import call_command
from django.utils import timezone
from numpy.typing import NDArray

from labeller.annotation.models import Annotation, QueueEntry, Source
from labeller.corpus.models import Document
from labeller.learning import services, tasks
from labeller.learning.models import TrainingRun
from labeller.learning.refresh import refresh
from labeller.projects.models import Project, User
from modelsvc.types import OnProgress, silent
from tests.cast import add_texts

if TYPE_CHECKING:
    from modelsvc.encoding.encoder import Encoder

KINDS = {
    "Change": [
        "We may revise these terms whenever we like and without telling you.",
        "The provider can amend this agreement at its sole discretion.",
        "Changes to the conditions take effect when they are posted on the site.",
        "We reserve the right to alter the rules of the service at any time.",
        "These terms are updated from time to time; the newest version applies.",
        "Fees and features may be modified by us without prior notice.",
        "The policy is subject to change, and you should check it often.",
        "We can rewrite any clause of this contract on our own.",
        "An amended agreement replaces this one as soon as it is published.",
        "New versions of the conditions bind you from the day they appear.",
    ],
    "Court": [
        "Any lawsuit must be filed in the courts of Dublin.",
        "Disputes are heard only by the tribunals of Luxembourg.",
        "You submit to the exclusive jurisdiction of the courts in California.",
        "Legal proceedings can be brought before a judge in Paris alone.",
        "The competent court for all claims is that of our seat.",
        "Actions arising from this contract belong before the Amsterdam court.",
        "You agree to litigate in the state and federal courts of New York.",
        "Both parties accept the venue of the courts of Stockholm.",
        "Suits against us may be started only in the city court of Vienna.",
        "Jurisdiction over every controversy lies with the judges of Oslo.",
    ],
    "Other": [
        "Our support team answers by electronic mail on working days.",
        "Click the button at the top of the page to open the menu.",
        "The app is available for telephones and tablets.",
        "Your basket keeps its goods for thirty days.",
        "Parcels are usually delivered within a week.",
        "Choose a picture for your profile under the settings.",
        "The newsletter appears each month with tips and recipes.",
        "Our office in Berlin opens at nine in the morning.",
        "A password should have at least ten characters.",
        "You will find answers to frequent questions on the help page.",
    ],
}
ALL_TEXTS = [text for texts in KINDS.values() for text in texts]

# Each part of a full run in a few steps, where the way is asked about and not the model. The default recipe is run
# whole by the journey on SQLite, and by the first test of test_full_run.
LIGHT = {"pairs": {"steps": 3}, "fine_tuning": {"epochs": 1.0}, "pseudo": [200], "epochs": 1.0}


def kind_of(text: str) -> str:
    return next(kind for kind, texts in KINDS.items() if text in texts)


def fill(project: Project) -> list[Document]:
    """Thirty texts, ten of each kind, the kinds taking turns."""
    return add_texts(project, [text for row in zip(*KINDS.values(), strict=True) for text in row])


def annotate(
    document: Document, annotator: User, labels: Sequence[str] | None = None, *, source: str = Source.ACTIVE
) -> Annotation:
    """This person's answer as a row of its own: the text's true kind, unless others are given."""
    names = [kind_of(document.text)] if labels is None else list(labels)
    annotation = Annotation.objects.create(
        key=uuid.uuid4(),
        project_id=document.project_id,
        document=document,
        annotator=annotator,
        status=Annotation.Status.LABELLED,
        source=source,
    )
    annotation.labels.set(document.project.labels.filter(name__in=names))
    return annotation


class Fake:
    """An encoder that knows the kinds of the thirty texts, and reads at once."""

    sha256, width = "f" * 64, 8

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], *, on_progress: OnProgress = silent) -> NDArray[np.float32]:
        self.asked += [text for text in texts if text not in KINDS]  # but for the labels' names
        X = np.stack([np.random.default_rng(zlib.crc32(text.encode())).normal(size=8) for text in texts]) * 0.1
        for row, text in enumerate(texts):
            if text in ALL_TEXTS:
                X[row, ["Change", "Court", "Other"].index(kind_of(text))] += 1
        return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)

    def conditions(self) -> dict[str, float | str]:
        return {"threads": 1, "precision": "float32", "torch": "none"}

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps({"sha256": self.sha256}))


def embed(project: Project) -> TrainingRun:
    """Read the pool with the real encoder, here and now."""
    run = services.start_embedding(project=project)
    assert run is not None
    tasks.embed(run.pk)
    run.refresh_from_db()
    return run


@cache
def _bundled() -> Encoder:
    from modelsvc.encoding.encoder import Encoder, resolve

    return Encoder.load(resolve("bundled"))


@cache
def _vectors() -> tuple[str, dict[str, NDArray[np.float32]]]:
    """What the bundled encoder makes of the thirty texts: computed once a session, by the encoder itself."""
    return _bundled().sha256, dict(zip(ALL_TEXTS, _bundled().encode(ALL_TEXTS), strict=True))


@cache
def _name_vector(text: str) -> NDArray[np.float32]:
    found: NDArray[np.float32] = _bundled().encode([text])[0]
    return found


def vectors(documents: Sequence[Document]) -> NDArray[np.float32]:
    """What the bundled encoder makes of these texts of the thirty, (n, 384)."""
    known = _vectors()[1]
    return np.stack([known[document.text] for document in documents])


def read(project: Project, *, without: Sequence[Document] = ()) -> None:
    """The store as a finished embedding run leaves it, without loading the encoder again; some texts came later."""
    from labeller.learning.bridges.pool import reader_of
    from modelsvc.stores.store import EmbeddingStore

    documents = [document for document in project.documents.all() if document not in without]
    store = EmbeddingStore(reader_of(project).store_folder, sha256=_vectors()[0])
    store.append(np.array([document.pk for document in documents]), vectors(documents))
    read_names(project)


def read_names(project: Project) -> None:
    """What the labels are called, where that is wanted, as a finished embedding run leaves it."""
    from labeller.learning.bridges.names import unread_names, write_names
    from labeller.learning.bridges.pool import reader_of

    folder = reader_of(project).store_folder
    if unread := unread_names(project, folder):
        write_names(folder, unread, np.stack([_name_vector(text) for text in unread]))


def put_near_kinds(
    project: Project,
    documents: Sequence[Document],
    kinds: Sequence[int],
    directions: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """The store with embeddings that are made up: each text lies near the direction of its kind."""
    from labeller.learning.bridges.pool import reader_of
    from modelsvc.stores.store import EmbeddingStore

    X = 0.12 * directions[kinds] + rng.normal(size=(len(documents), 384))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    store = EmbeddingStore(reader_of(project).store_folder, sha256="0" * 64)
    store.append(np.array([document.pk for document in documents]), X.astype(np.float32))


def refit(project: Project) -> int:
    """One quick refit, here and now."""
    services.request_refresh(project_id=project.pk)
    return refresh(project.pk)


def active(project: Project) -> list[QueueEntry]:
    """What is asked because it teaches, in order."""
    return list(QueueEntry.objects.filter(project=project, stream="active").order_by("rank"))


def audit(project: Project) -> list[int]:
    """Ids of the texts that are asked for the audit, in order."""
    entries = QueueEntry.objects.filter(project=project, stream="audit").order_by("rank")
    return list(entries.values_list("document_id", flat=True))


def make_run(project: Project, **fields: object) -> TrainingRun:
    """A row of a run, by default a full one that beats."""
    defaults: dict[str, object] = {"kind": "full", "heartbeat_at": timezone.now()}
    return TrainingRun.objects.create(project=project, **(defaults | fields))


def full(project: Project) -> TrainingRun:
    """A whole full run with the real encoder, here and now."""
    run = services.start_full(project=project, enqueue=False)
    tasks.fine_tune(run.pk)
    run.refresh_from_db()
    return run


def checked(project: Project) -> dict[str, Any]:
    """What `manage.py check_results` tells, as a program reads it."""
    out = io.StringIO()
    call_command("check_results", project.slug, "--json", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told
