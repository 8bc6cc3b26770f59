"""Where notices go: cleaned and checked; services save."""

from __future__ import annotations

import re

from django import forms
from django.conf import settings
from django.core.validators import validate_email
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from labeller.notices import outbound
from labeller.notices.sentences import in_words

MOST_ADDRESSES = 10


class NoticeForm(forms.Form):
    on_failure = forms.BooleanField(label=_("When a run fails"), required=False)
    on_stop = forms.BooleanField(label=_("When stopping is advised"), required=False)
    addresses = forms.CharField(
        label=_("E-mail addresses"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
        help_text=format_lazy(_("One a line, {most} at most. Each gets a letter of its own."), most=MOST_ADDRESSES),
    )
    webhook = forms.CharField(
        label=_("Webhook"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("An https address that takes a POST with JSON, as chat programs offer."),
    )

    def clean_addresses(self) -> list[str]:
        found = list(dict.fromkeys(part for part in re.split(r"[\s,;]+", self.cleaned_data["addresses"]) if part))
        if len(found) > MOST_ADDRESSES:
            raise forms.ValidationError(
                _("These are %(found)s addresses; %(most)s are the most.")
                % {"found": len(found), "most": MOST_ADDRESSES}
            )
        for address in found:
            try:
                validate_email(address)
            except forms.ValidationError:
                raise forms.ValidationError(
                    _("“%(address)s” is not an e-mail address.") % {"address": address[:80]}
                ) from None
        return found

    def clean_webhook(self) -> str:
        url = str(self.cleaned_data["webhook"])
        if url:
            try:
                outbound.parse(url, allowed=settings.WEBHOOK_HOSTS)
            except outbound.AddressRefused as refusal:
                raise forms.ValidationError(in_words(str(refusal))) from None
        return url
