"""What the button that imports says it will do: with numbers, once the whole file was tried."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from labeller.corpus.mapping import Mapping
from labeller.corpus.models import ImportJob
from labeller.numerals import whole


def import_words(job: ImportJob) -> str:
    mapping = Mapping.from_json(job.settings)
    if job.dry_run.get("state") == "done":
        return _counted(mapping, job.dry_run["added"], job.dry_run["labelled"])
    if mapping.is_by_machine:
        return _("Import texts and the LLM's labels")
    return _("Import texts and answers") if mapping.takes_answers else pgettext("verb", "Import")


def _counted(mapping: Mapping, added: int, labelled: int) -> str:
    texts = ngettext("%(count)s text", "%(count)s texts", added) % {"count": whole(added)}
    if not mapping.takes_answers:
        return _("Import %(what)s") % {"what": texts}
    if mapping.is_by_machine:
        labels = ngettext("%(count)s label of the LLM", "%(count)s labels of the LLM", labelled)
    else:
        labels = ngettext("%(count)s answer", "%(count)s answers", labelled)
    labels %= {"count": whole(labelled)}
    if not added:  # the texts are in the project already
        return _("Import %(what)s") % {"what": labels}
    return _("Import %(texts)s and %(labels)s") % {"texts": texts, "labels": labels}
