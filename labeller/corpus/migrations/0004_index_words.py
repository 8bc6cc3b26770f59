from django.db import migrations

from labeller.corpus import word_index


def create(apps, schema_editor):
    word_index.create(schema_editor.connection)


def drop(apps, schema_editor):
    word_index.drop(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('corpus', '0003_set_test_texts_apart'),
    ]

    operations = [
        migrations.RunPython(create, drop),
    ]
