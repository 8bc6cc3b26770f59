from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "labeller.annotation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from labeller.annotation.how_far import how_far
        from labeller.annotation.panel import annotation_panel
        from labeller.annotation.receivers import let_the_audit_catch_up, take_over_labels
        from labeller.annotation.turn import turn
        from labeller.corpus.signals import documents_imported, import_finished
        from labeller.projects import locks, overview, tiles

        documents_imported.connect(take_over_labels, dispatch_uid="annotation.take_over_labels")
        import_finished.connect(let_the_audit_catch_up, dispatch_uid="annotation.let_the_audit_catch_up")
        locks.turns.append(turn)
        overview.panels.append(annotation_panel)
        tiles.counters.append(how_far)
