"""A skip or an unsure in words."""

from django import template

from labeller.annotation.said import said_of

register = template.Library()
register.filter("said_of", said_of)
