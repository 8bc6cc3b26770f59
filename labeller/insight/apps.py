from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "labeller.insight"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from labeller.insight.machine_views import machine_panel
        from labeller.insight.panels import results_panel
        from labeller.projects.overview import panels

        panels.append(results_panel)
        panels.append(machine_panel)
