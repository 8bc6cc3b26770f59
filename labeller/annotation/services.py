"""The writes of this app, as its callers see them: views, commands, and later an API."""

from labeller.annotation.answers import AnswerRefused, Given, UndoRefused, answer, answer_and_serve, undo
from labeller.annotation.serving import Served, release, renew, serve

__all__ = [
    "AnswerRefused",
    "Given",
    "Served",
    "UndoRefused",
    "answer",
    "answer_and_serve",
    "release",
    "renew",
    "serve",
    "undo",
]
