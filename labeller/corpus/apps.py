from django.apps import AppConfig


class CorpusConfig(AppConfig):
    name = "labeller.corpus"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created
        from django.db.models.signals import post_migrate

        from labeller.corpus import closing, word_index
        from labeller.corpus.panel import texts_panel
        from labeller.projects import archiving, deleting, overview

        overview.panels.append(texts_panel)
        archiving.to_stop.append(closing.stop_imports)
        deleting.under_way.append(closing.has_import)
        deleting.folders.append(closing.uploads_folder)
        deleting.indexes.append(word_index.forget_deleted)
        connection_created.connect(word_index.connect, dispatch_uid="corpus.fold_words")
        post_migrate.connect(word_index.after_migrate, sender=self, dispatch_uid="corpus.mend_word_index")
