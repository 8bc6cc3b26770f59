"""Redis is away: people sign in, label and import as before, and what dies meanwhile is still found."""

from __future__ import annotations

from tests.operations.conftest import free_port
from tests.operations.processes import python

# Each step would raise, or answer 500, if it trusted the broker or a shared cache.
STEPS = """
import uuid
from datetime import timedelta
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from labeller.annotation import services as annotation
from labeller.corpus import dry_run, services as corpus
from labeller.corpus.models import ImportJob
from labeller.learning import exports, pulse, recovery, services
from labeller.learning.models import LoopState, ModelExport, ModelVersion, TrainingRun
from tests import cast
from tests.corpus.files import upload

project, alice = cast.make_project(), cast.make_user("alice")
cast.join(project, alice, "manager")
cast.add_texts(project, ["one text", "another text"])
client = Client(SERVER_NAME="localhost")
signed_in = client.post(reverse("account_login"), {"login": "alice", "password": cast.PASSWORD})
assert signed_in.status_code == 302 and "_auth_user_id" in client.session, signed_in

served = annotation.serve(project=project, annotator=alice)[0]
given = {"lease": served.key, "key": uuid.uuid4(), "label": project.labels.first().pk}
answered = client.post(reverse("label-answer", args=[project.slug]), given)
assert answered.status_code == 302, answered
assert project.annotations.count() == 1 and LoopState.objects.get().refresh_pending

dry_run.INLINE_BYTES = 10
job = upload(project, "text\\nthree\\nfour\\n")
dry_run.request_dry_run(job=job)
assert job.dry_run["state"] == "queued"
corpus.start_import(job=job)
assert job.state == "queued"
run = services.start_embedding(project=project)
facts = {"label_ids": [], "n_labels": 2, "seed": 1, "duration_s": 1}
version = ModelVersion.objects.create(project=project, number=1, kind="quick", **facts)
assert exports.request(version=version).state == "queued"

long_ago = timezone.now() - timedelta(hours=1)
pulse.beat("training")
TrainingRun.objects.update(heartbeat_at=long_ago)  # lost, as far as its row tells
ModelExport.objects.update(state="running", attempts=1, claim=uuid.uuid4(), heartbeat_at=long_ago)
LoopState.objects.update(refresh_pending=False, refresh_claim=uuid.uuid4(), refresh_claimed_at=long_ago)
ImportJob.objects.update(state="running", attempts=1, heartbeat_at=long_ago)
assert recovery.recover() == 3
print(ModelExport.objects.get().state, LoopState.objects.get().refresh_pending, ImportJob.objects.get().state)
"""


def test_people_and_recovery_go_on_without_redis(installation):
    env = installation | {"LABELLER_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    assert python("manage.py", "migrate", "-v0", env=env).returncode == 0
    done = python("manage.py", "shell", "--no-imports", "-c", STEPS, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["queued", "True", "queued"]
    assert "task_not_enqueued" in done.stdout + done.stderr
