from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "labeller.learning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_delete
        from django_q.signals import post_spawn

        from labeller.annotation.signals import annotations_changed, queue_order_asked, words_asked
        from labeller.corpus.signals import import_finished
        from labeller.corpus.testset import TestSet
        from labeller.learning import artifacts, checks, closing, panel, pulse, receivers, set_apart
        from labeller.projects import archiving, deleting, overview, services
        from labeller.projects.signals import labels_changed

        checks.register_all()
        post_spawn.connect(pulse.on_spawn, dispatch_uid="learning.pulse")
        annotations_changed.connect(receivers.on_annotations_changed, dispatch_uid="learning.refresh")
        labels_changed.connect(receivers.on_labels_changed, dispatch_uid="learning.labels")
        import_finished.connect(receivers.on_import_finished, dispatch_uid="learning.embed")
        post_delete.connect(receivers.on_test_set_deleted, sender=TestSet, dispatch_uid="learning.test_set")
        words_asked.connect(receivers.on_words_asked, dispatch_uid="learning.words")
        queue_order_asked.connect(receivers.on_queue_order_asked, dispatch_uid="learning.kept")
        overview.panels.append(panel.learning_panel)
        overview.panels.append(panel.encoders_panel)
        services.against_audit.append(set_apart.why_not)
        archiving.to_stop.append(closing.stop_learning)
        archiving.to_resume.append(closing.resume_learning)
        deleting.under_way.append(closing.is_learning)
        deleting.folders.append(artifacts.project_folder)
