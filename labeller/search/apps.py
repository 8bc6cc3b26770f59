from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "labeller.search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from labeller.projects import archiving, overview
        from labeller.search import bulk
        from labeller.search.panel import rare_labels_panel

        overview.panels.append(rare_labels_panel)
        archiving.to_stop.append(bulk.stop)
