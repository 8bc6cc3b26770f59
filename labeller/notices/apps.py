from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "labeller.notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from labeller.learning.signals import looking, run_ended, stop_advised
        from labeller.notices import receivers

        run_ended.connect(receivers.on_run_ended, dispatch_uid="notices.run")
        stop_advised.connect(receivers.on_stop_advised, dispatch_uid="notices.stop")
        looking.connect(receivers.on_looking, dispatch_uid="notices.looking")
