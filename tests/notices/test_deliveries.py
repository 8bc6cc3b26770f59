"""Letters and webhooks: who gets which, what becomes of them, and the settings page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import Settings

from labeller.learning import pulse
from labeller.notices import services
from labeller.notices.delivering import deliver
from labeller.notices.models import Delivery, Notice
from labeller.notices.selectors import settings_of
from labeller.projects.models import Project, User
from tests.beside import Beside
from tests.notices.servers import Hook, Mail, running
from tests.notices.test_notices import ended
from tests.projects.refusals import refused_to_others

ClientOf = Callable[[User], Client]


def goes_to(
    project: Project, *addresses: str, webhook: str = "", on_failure: bool = True, on_stop: bool = True
) -> None:
    services.change_settings(
        project=project, addresses=addresses, webhook=webhook, on_failure=on_failure, on_stop=on_stop
    )


def sent(project: Project, hook: Hook | None = None, settings: Settings | None = None) -> Delivery:
    """One delivery of a failed run, tried once."""
    if hook is not None and settings is not None:
        settings.WEBHOOK_HOSTS = [f"127.0.0.1:{hook.port}"]
        goes_to(project, webhook=f"http://127.0.0.1:{hook.port}/hook")
    services.note_run_ended(ended(project).pk)
    delivery = Delivery.objects.get()
    assert deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def try_again(delivery: Delivery) -> Delivery:
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    assert deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


class TestWhatGoesOut:
    def test_nothing_without_an_address(self, project: Project) -> None:
        services.note_run_ended(ended(project).pk)
        goes_to(project)
        services.note_run_ended(ended(project).pk)
        assert Notice.objects.count() == 2 and not Delivery.objects.exists()

    @pytest.mark.parametrize(("on_failure", "on_stop"), [(True, True), (True, False), (False, True), (False, False)])
    def test_failures_and_advice_as_the_manager_wants_and_successes_never(
        self, project: Project, on_failure: bool, on_stop: bool
    ) -> None:
        goes_to(project, "a@example.org", on_failure=on_failure, on_stop=on_stop)
        services.note_run_ended(ended(project).pk)
        services.note_run_ended(ended(project, kind="check", state="done").pk)
        services.note_stop_advised(project, labels=200, sentence="Stop here.")
        kinds = set(Delivery.objects.values_list("notice__kind", flat=True))
        assert kinds == {kind for kind, wanted in (("failed", on_failure), ("stop", on_stop)) if wanted}

    def test_one_delivery_for_each_notice_and_address(self, project: Project) -> None:
        goes_to(project, "a@example.org", "b@example.org", webhook="https://example.org/hook")
        services.note_run_ended(ended(project).pk)
        assert sorted(Delivery.objects.values_list("target", flat=True)) == [
            "a@example.org",
            "b@example.org",
            "https://example.org/hook",
        ]
        again = Delivery(notice=Notice.objects.get(), channel="email", target="a@example.org", due_at=timezone.now())
        with pytest.raises(IntegrityError), transaction.atomic():
            again.save()


class TestLetters:
    def test_a_letter_says_what_happened_and_where(self, project: Project, settings: Settings) -> None:
        settings.CSRF_TRUSTED_ORIGINS = ["https://labels.example.org"]
        Project.objects.filter(pk=project.pk).update(name="Terms\nof service")
        project.refresh_from_db()
        goes_to(project, "a@example.org")
        delivery = sent(project)
        (letter,) = mail.outbox
        assert (letter.to, letter.subject) == (["a@example.org"], "Terms of service: A run has failed")
        assert "Fine-tuning failed: The disk is full." in letter.body
        assert f"https://labels.example.org/p/{project.slug}/" in letter.body
        assert (delivery.state, delivery.attempts) == ("sent", 1)
        assert delivery.outcome.startswith("Written to the server's log only")  # the tests' mail goes nowhere

    def test_a_mail_server_takes_it(self, project: Project, settings: Settings) -> None:
        with running(Mail()) as server:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
            settings.EMAIL_USE_TLS = False
            goes_to(project, "a@example.org")
            delivery = sent(project)
        assert (delivery.state, delivery.outcome) == ("sent", "Taken by the mail server.")
        assert "The disk is full." in server.letters[0]

    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [(b"450 come again", "queued", "did not take it yet"), (b"550 nobody here", "failed", "refused this address")],
    )
    def test_an_address_refused_for_now_is_tried_again_and_one_refused_for_good_is_not(
        self, project: Project, settings: Settings, answer: bytes, state: str, words: str
    ) -> None:
        with running(Mail(recipient=answer)) as server:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
            settings.EMAIL_USE_TLS = False
            goes_to(project, "a@example.org")
            delivery = sent(project)
        assert delivery.state == state and words in delivery.outcome

    def test_a_mail_server_that_is_away_is_tried_again(self, project: Project, settings: Settings) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
        goes_to(project, "a@example.org")
        delivery = sent(project)
        assert (delivery.state, delivery.outcome) == (
            "queued",
            "The mail server could not be used (ConnectionRefusedError).",
        )


class TestWebhooks:
    def test_it_gets_the_event_as_json(self, project: Project, settings: Settings) -> None:
        with running(Hook(204)) as hook:
            delivery = sent(project, hook, settings)
        assert (delivery.state, delivery.outcome) == ("sent", "Answered 204.")
        (got,) = hook.got
        assert got["event"] == "run_failed" and got["project"] == {"slug": project.slug, "name": project.name}
        assert got["text"] == "Terms of service: Fine-tuning failed: The disk is full."
        assert got["link"] == ""  # the owner has not told the server's name

    def test_a_redirect_is_not_followed(self, project: Project, settings: Settings) -> None:
        with running(Hook(302)) as hook:
            delivery = sent(project, hook, settings)
        assert delivery.state == "failed" and "not followed" in delivery.outcome and len(hook.got) == 1

    def test_a_refusal_is_final(self, project: Project, settings: Settings) -> None:
        with running(Hook(404)) as hook:
            assert sent(project, hook, settings).state == "failed"

    def test_an_error_of_theirs_is_tried_three_times(self, project: Project, settings: Settings) -> None:
        with running(Hook(503)) as hook:
            delivery = sent(project, hook, settings)
            assert (delivery.state, delivery.attempts) == ("queued", 1)
            assert not deliver(delivery.pk)  # not due yet
            planned = Schedule.objects.get()
            assert (planned.func, planned.args, planned.cluster) == (services.DELIVER_TASK, str(delivery.pk), "quick")
            assert planned.next_run > delivery.due_at
            assert try_again(delivery).state == "queued"
            last = try_again(delivery)
        assert (last.state, last.attempts, last.outcome, len(hook.got)) == ("failed", 3, "Answered 503.", 3)

    def test_an_address_allowed_once_and_not_any_more_is_not_opened(self, project: Project) -> None:
        goes_to(project, webhook="http://127.0.0.1:9/hook")
        delivery = sent(project)
        assert delivery.state == "failed" and "LABELLER_WEBHOOK_HOSTS" in delivery.outcome

    def test_a_task_handed_out_twice_sends_once(self, project: Project, settings: Settings) -> None:
        with running(Hook(200)) as hook:
            delivery = sent(project, hook, settings)
            assert not deliver(delivery.pk)
        assert len(hook.got) == 1

    def test_one_whose_worker_was_killed_is_due_again(self, project: Project) -> None:
        goes_to(project, webhook="https://example.org/hook")
        services.note_run_ended(ended(project).pk)
        assert services.catch_up() == 0  # its task is on its way
        Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=1))
        assert services.catch_up() == 1  # the broker had lost it
        assert services.catch_up() == 0  # handed out by another process
        Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=1), attempts=1)  # in a worker's hands
        assert services.catch_up() == 0

    @pytest.mark.django_db(transaction=True)
    def test_workers_look_for_such_ones_again_and_again(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        goes_to(project, webhook="http://127.0.0.1:9/hook")
        services.note_run_ended(ended(project).pk)
        monkeypatch.setattr(pulse, "PULSE_S", 0.02)
        monkeypatch.setattr(pulse, "TELL_S", 0.02)
        stop = threading.Event()
        worker = threading.Thread(target=pulse.recover_on, kwargs={"stop": stop})
        worker.start()
        try:
            for _again in range(2):
                lost = timezone.now() - timedelta(minutes=1)
                Delivery.objects.update(due_at=lost, attempts=1)  # whose worker was killed
                deadline = timezone.now() + timedelta(seconds=20)
                while Delivery.objects.get().due_at == lost and timezone.now() < deadline:
                    pass
                assert Delivery.objects.get().due_at > lost
        finally:
            stop.set()
            worker.join()


class TestTheSettingsPage:
    def page(self, project: Project) -> str:
        return reverse("notice-settings", args=[project.slug])

    @pytest.mark.parametrize(
        ("name", "method"),
        [
            ("notice-settings", "get"),
            ("notice-settings", "post"),
            ("notice-test", "post"),
            ("notice-deliveries", "get"),
        ],
    )
    def test_it_is_for_managers(
        self, project: Project, client_of: ClientOf, bob: User, rita: User, mallory: User, name: str, method: str
    ) -> None:
        refused_to_others(
            client_of, reverse(name, args=[project.slug]), method=method, bob=bob, rita=rita, mallory=mallory
        )

    def test_addresses_are_cleaned_and_kept(self, project: Project, client_of: ClientOf, alice: User) -> None:
        data = {"addresses": "a@example.org, b@example.org\n a@example.org", "webhook": "", "on_stop": "on"}
        assert client_of(alice).post(self.page(project), data).status_code == 302
        kept = settings_of(project)
        assert (kept.addresses, kept.on_failure, kept.on_stop) == (["a@example.org", "b@example.org"], False, True)
        page = client_of(alice).get(self.page(project)).content.decode()
        assert "a@example.org\nb@example.org</textarea>" in page

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("addresses", "a@example.org nobody", "“nobody” is not an e-mail address."),
            ("addresses", " ".join(f"a{n}@example.org" for n in range(11)), "These are 11 addresses; 10 are the most."),
            ("addresses", "a@example.org\r\nBcc:b@example.org", "“Bcc:b@example.org” is not an e-mail address."),
            ("webhook", "http://example.org/", "Without TLS (http) example.org is not opened."),
            ("webhook", "https://169.254.169.254/", "not a public address"),
        ],
    )
    def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_kept(
        self, project: Project, client_of: ClientOf, alice: User, field: str, value: str, words: str
    ) -> None:
        answer = client_of(alice).post(self.page(project), {field: value})
        assert answer.status_code == 422 and words in answer.content.decode()
        assert settings_of(project).pk is None

    def test_a_test_is_sent_to_every_address_and_shown(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        client = client_of(alice)
        assert "Send a test</button>" not in client.get(self.page(project)).content.decode()
        goes_to(project, "a@example.org", "b@example.org", on_failure=False)
        client.post(reverse("notice-test", args=[project.slug]))
        page = client.get(self.page(project)).content.decode()
        assert page.count("On its way") == 2 and 'hx-trigger="every 2s"' in page
        for delivery in Delivery.objects.all():
            deliver(delivery.pk)
        page = client.get(reverse("notice-deliveries", args=[project.slug])).content.decode()
        assert page.count("Sent: Written to the server&#x27;s log only") == 2 and "hx-trigger" not in page
        assert {letter.to[0] for letter in mail.outbox} == {"a@example.org", "b@example.org"}

    def test_a_second_test_at_once_is_refused(self, project: Project, client_of: ClientOf, alice: User) -> None:
        goes_to(project, "a@example.org")
        client, address = client_of(alice), reverse("notice-test", args=[project.slug])
        client.post(address)
        page = client.post(address, follow=True).content.decode()
        assert "A test was sent a moment ago." in page and Delivery.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_two_clicks_at_once_send_one(self, project: Project, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labeller.queueing.async_task", lambda *_, **__: None)
        goes_to(project, "a@example.org")
        with transaction.atomic():
            services.send_test(project=project, by=alice)
            second = Beside(lambda: services.send_test(project=project, by=alice)).until_it_waits()
        with pytest.raises(services.NoTestNow, match="a moment ago"):
            second.outcome()
        assert Delivery.objects.count() == 1
