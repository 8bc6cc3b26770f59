"""What is told in each project before versions were kept becomes its version 1."""

from django.db import migrations


def record_first_versions(apps, schema_editor):
    Project = apps.get_model("projects", "Project")
    Label = apps.get_model("projects", "Label")
    GuidelinesVersion = apps.get_model("projects", "GuidelinesVersion")
    for project in Project.objects.filter(guidelines_number=0).iterator():
        rows = Label.objects.filter(project=project).order_by("position", "id")
        labels = [{"id": row.pk, "name": row.name, "description": row.description} for row in rows]
        if project.guidelines or labels:
            GuidelinesVersion.objects.create(
                project=project, number=1, guidelines=project.guidelines, labels=labels, note="As it was before versions"
            )
            Project.objects.filter(pk=project.pk).update(guidelines_number=1)


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_version_guidelines_and_retire_labels")]

    operations = [migrations.RunPython(record_first_versions, migrations.RunPython.noop)]
