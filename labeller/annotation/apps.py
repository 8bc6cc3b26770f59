from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "labeller.annotation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from labeller.annotation.panel import annotation_panel
        from labeller.annotation.receivers import take_over_labels
        from labeller.corpus.signals import documents_imported
        from labeller.projects import overview

        documents_imported.connect(take_over_labels, dispatch_uid="annotation.take_over_labels")
        overview.panels.append(annotation_panel)
