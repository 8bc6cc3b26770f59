"""Models from before a merge of labels that were measured on the test file after it: what they said by the old name was
counted as wrong. These scores go, and a run waits that measures the models again."""

from django.db import migrations, models


def measure_again(apps, schema_editor):
    LabelMerge = apps.get_model("projects", "LabelMerge")
    TestScore = apps.get_model("learning", "TestScore")
    TrainingRun = apps.get_model("learning", "TrainingRun")
    for merge in LabelMerge.objects.order_by("id").iterator():
        gone = {label["id"] for label in merge.merged}
        scores = TestScore.objects.filter(version__project_id=merge.project_id, created_at__gte=merge.made_at)
        if merge.undone_at is not None:
            scores = scores.filter(created_at__lte=merge.undone_at)
        known = scores.order_by().values_list("pk", "version__label_ids")
        false = [pk for pk, label_ids in known if not gone.isdisjoint(label_ids)]
        if not TestScore.objects.filter(pk__in=false).delete()[0]:
            continue
        # A run that nobody has enqueued is taken up by the training worker as soon as it is idle.
        runs = TrainingRun.objects.filter(project_id=merge.project_id, kind="test")
        if not runs.filter(state__in=["queued", "running"]).exists():
            runs.create(project_id=merge.project_id, kind="test", state="queued")


class Migration(migrations.Migration):
    dependencies = [
        ("learning", "0010_readings_tell_of_each_label"),
        ("projects", "0005_version_guidelines_and_retire_labels"),
    ]

    operations = [
        migrations.AlterField(
            model_name="testscore",
            name="label_ids",
            field=models.JSONField(
                help_text="Columns: the version's labels in its order, of merged ones what they became, then those not known."
            ),
        ),
        migrations.RunPython(measure_again, migrations.RunPython.noop),
    ]
