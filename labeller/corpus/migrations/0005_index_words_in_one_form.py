from django.db import migrations

from labeller.corpus import word_index


def index_anew(apps, schema_editor):
    word_index.drop(schema_editor.connection)
    word_index.create(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('corpus', '0004_index_words'),
    ]

    operations = [
        migrations.RunPython(index_anew, migrations.RunPython.noop),
    ]
