"""The sentences of the effort page."""

from __future__ import annotations

from django import template

from labeller.insight.effort_sentences import target_sentences, work_sentences

register = template.Library()
register.filter("target_sentences", target_sentences)
register.filter("work_sentences", work_sentences)
