"""The writes of this app, as its callers see them: views, commands, and later an API."""

from labeller.annotation.answers import Given, Said, answer, answer_and_serve
from labeller.annotation.changing import Changed, change
from labeller.annotation.given_labels import AnswerRefused
from labeller.annotation.leaving import give_back
from labeller.annotation.serving import Served, renew, serve
from labeller.annotation.undoing import UndoRefused, undo

__all__ = [
    "AnswerRefused",
    "Changed",
    "Given",
    "Said",
    "Served",
    "UndoRefused",
    "answer",
    "answer_and_serve",
    "change",
    "give_back",
    "renew",
    "serve",
    "undo",
]
