"""A delivery from its claim to its outcome. Runs in a worker; may be called twice without harm."""

from __future__ import annotations

import http.client
import smtplib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import Schedule

from labeller.notices import outbound, sentences, webhook
from labeller.notices.models import Delivery, Notice
from labeller.notices.sentences import in_words
from labeller.notices.services import DELIVER_TASK
from labeller.projects.accounts import email_works

WAITS = (timedelta(seconds=30), timedelta(minutes=5))  # before the second and the third try
HELD = timedelta(minutes=2)  # longer than any try takes: then its worker must have died


@dataclass(frozen=True)
class Outcome:
    is_sent: bool
    words: str
    is_final: bool = True  # trying again would change nothing


def deliver(delivery_id: int) -> bool:
    """Try once. False when it is finished, not due, or in another process's hands."""
    now = timezone.now()
    due = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.QUEUED, due_at__lte=now)
    if not due.update(due_at=now + HELD, attempts=F("attempts") + 1):
        return False
    delivery = Delivery.objects.select_related("notice__project").get(pk=delivery_id)
    _record(delivery, _by_mail(delivery) if delivery.channel == Delivery.Channel.EMAIL else _by_webhook(delivery))
    return True


def _record(delivery: Delivery, outcome: Outcome) -> None:
    mine = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.QUEUED, attempts=delivery.attempts)
    if outcome.is_sent or outcome.is_final or delivery.attempts >= Delivery.MAX_ATTEMPTS:
        state = Delivery.State.SENT if outcome.is_sent else Delivery.State.FAILED
        mine.update(state=state, outcome=outcome.words, finished_at=timezone.now())
        return
    due_at = timezone.now() + WAITS[delivery.attempts - 1]
    if mine.update(due_at=due_at, outcome=outcome.words):
        # A moment later than it is due, so that it never comes too early and is passed over.
        Schedule.objects.create(
            func=DELIVER_TASK,
            args=str(delivery.pk),
            schedule_type=Schedule.ONCE,
            next_run=due_at + timedelta(seconds=1),
            cluster="quick",
        )


def _by_mail(delivery: Delivery) -> Outcome:
    notice = delivery.notice
    subject = " ".join(f"{notice.project.name}: {notice.get_kind_display()}".split())
    why = _("Labeller sent this because a manager of the project wants it so.")
    body = f"{in_words(notice.sentence)}\n\n{link_to(notice)}\n\n{why}\n"
    try:
        EmailMessage(subject, body, None, [delivery.target]).send()
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = [code for code, _ in refusal.recipients.values()]
        if any(code < 500 for code in codes):  # greylisting: "come again later"
            return Outcome(False, sentences.NOT_YET, is_final=False)
        return Outcome(False, sentences.ADDRESS_REFUSED)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(False, sentences.NO_MAIL % {"error": type(error).__name__}, is_final=False)
    if not email_works():
        return Outcome(True, sentences.LOGGED)
    return Outcome(True, sentences.TAKEN)


def _by_webhook(delivery: Delivery) -> Outcome:
    try:
        target = outbound.parse(delivery.target, allowed=settings.WEBHOOK_HOSTS)
        status = webhook.post(target, outbound.resolve(target), message_of(delivery.notice))
    except outbound.AddressRefused as refusal:
        return Outcome(False, str(refusal))
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return Outcome(False, sentences.NO_ANSWER % {"error": type(error).__name__}, is_final=False)
    if 200 <= status < 300:
        return Outcome(True, sentences.ANSWERED % {"status": status})
    if 300 <= status < 400:
        return Outcome(False, sentences.LEADS_ELSEWHERE % {"status": status})
    return Outcome(
        False, sentences.ANSWERED % {"status": status}, is_final=status < 500 and status not in (408, 425, 429)
    )


def message_of(notice: Notice) -> dict[str, Any]:
    """What a webhook gets. `text` is where chat programs look for words."""
    project, sentence = notice.project, in_words(notice.sentence)
    return {
        "event": {"failed": "run_failed", "stop": "stop_advised"}.get(notice.kind, notice.kind),
        "project": {"slug": project.slug, "name": project.name},
        "text": f"{project.name}: {sentence}",
        "sentence": sentence,
        "at": notice.created_at.isoformat(),
        "link": link_to(notice),
    }


def link_to(notice: Notice) -> str:
    """To the project. Empty where the owner has not told the server's own name: a worker sees no request."""
    page = "results" if notice.kind == Notice.Kind.STOP else "project"
    origin = next((origin for origin in settings.CSRF_TRUSTED_ORIGINS if "*" not in origin), "")
    return f"{origin}{reverse(page, args=[notice.project.slug])}" if origin else ""
