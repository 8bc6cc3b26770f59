from django.apps import AppConfig


class CorpusConfig(AppConfig):
    name = "labeller.corpus"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from labeller.corpus.panel import texts_panel
        from labeller.projects import overview

        overview.panels.append(texts_panel)
