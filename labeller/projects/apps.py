from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "labeller.projects"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from labeller.projects import redaction

        redaction.install()
