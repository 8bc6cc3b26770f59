"""Where notices go: cleaned and checked; services save."""

from __future__ import annotations

import re

from django import forms
from django.conf import settings
from django.core.validators import validate_email

from labeller.notices import outbound

MOST_ADDRESSES = 10


class NoticeForm(forms.Form):
    on_failure = forms.BooleanField(label="When a run fails", required=False)
    on_stop = forms.BooleanField(label="When stopping is advised", required=False)
    addresses = forms.CharField(
        label="E-mail addresses",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
        help_text=f"One a line, {MOST_ADDRESSES} at most. Each gets a letter of its own.",
    )
    webhook = forms.CharField(
        label="Webhook",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
        help_text="An https address that takes a POST with JSON, as chat programs offer.",
    )

    def clean_addresses(self) -> list[str]:
        found = list(dict.fromkeys(part for part in re.split(r"[\s,;]+", self.cleaned_data["addresses"]) if part))
        if len(found) > MOST_ADDRESSES:
            raise forms.ValidationError(f"These are {len(found)} addresses; {MOST_ADDRESSES} are the most.")
        for address in found:
            try:
                validate_email(address)
            except forms.ValidationError:
                raise forms.ValidationError(f"“{address[:80]}” is not an e-mail address.") from None
        return found

    def clean_webhook(self) -> str:
        url = str(self.cleaned_data["webhook"])
        if url:
            try:
                outbound.parse(url, allowed=settings.WEBHOOK_HOSTS)
            except outbound.AddressRefused as refusal:
                raise forms.ValidationError(str(refusal)) from None
        return url
