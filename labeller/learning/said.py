"""What workers wrote down about runs, told in the page's language: stages, reasons, decisions, how a figure was made.

Here stand the sentences of modules that know no Django, or whose values are in them when they are stored. They are held
to what those modules really say by tests/learning/test_said.py.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from labeller.learning.exports import GONE
from labeller.learning.reasons import OUT_OF_MEMORY
from labeller.learning.runs import DIED_TWICE, EXPORT_DIED_TWICE
from labeller.retelling import retold

# Parts of other sentences too.
MODEL = gettext_noop("Model %(number)s")
STAGES = [
    gettext_noop("Waiting for the worker"),
    gettext_noop("loading the labels"),
    gettext_noop("loading the encoder"),
    gettext_noop("comparing"),
    gettext_noop("comparing with the model that serves"),
    gettext_noop("comparing texts"),
    gettext_noop("comparing people's answers"),
    gettext_noop("comparing orders of labelling"),
    gettext_noop("asking a model that has not learnt them"),
    gettext_noop("reading what was labelled with the encoder as it came"),
    gettext_noop("reading the test file: %(stage)s"),
    gettext_noop("reading with %(encoder)s"),
    gettext_noop("reading the pool"),
    gettext_noop("reading the labelled texts"),
    gettext_noop("reading %(done)s of %(total)s texts"),
    gettext_noop("reading embedding"),
    gettext_noop("measuring model %(number)s"),
    gettext_noop("embedding"),
    gettext_noop("fine-tuning"),
    gettext_noop("adapting"),
    gettext_noop("%(stage)s (%(labels)s labels, %(kept)s kept for the audit)"),
    gettext_noop("%(stage)s (%(labels)s labels)"),
    gettext_noop("loading %(encoder)s"),
]
RANKED_BY = [
    gettext_noop("groups of similar texts, before there is a model"),
    gettext_noop("the quick model over fine-tuned model %(number)s"),
    gettext_noop("the quick model"),
]
DECISIONS = [
    gettext_noop("%(decision)s Model %(number)s gives way to the encoder as it came: %(plain)s"),
    gettext_noop(
        "%(decision)s Its students, which learn from the pool, were not asked: that they help is expected, not shown "
        "here."
    ),
    gettext_noop(
        "Not promoted yet: %(n)s audit labels that both it and the model before have read are too few to compare them; "
        "%(needed)s are needed. It comes again as labels grow."
    ),
    gettext_noop(
        "Not promoted yet: of %(n)s audit texts that both it and the model before have read %(carrying)s carry a "
        "label; %(needed)s are needed to compare them. It comes again as labels grow."
    ),
    gettext_noop(
        "Not promoted: %(right)s of %(n)s audit texts right, %(before)s before; macro-F1 %(f1)s, %(f1_before)s before "
        "(p of being worse %(p)s). The model before goes on serving; more labels usually mend this."
    ),
    gettext_noop(
        "Not promoted: %(right)s of %(n)s audit texts right, %(before)s before (p of being worse %(p)s). The model "
        "before goes on serving; more labels usually mend this."
    ),
    gettext_noop("Not promoted: %(counts)s The model before goes on serving; more labels usually mend this."),
    gettext_noop(
        "Promoted: %(right)s of %(n)s audit texts right, %(before)s before; macro-F1 %(f1)s, %(f1_before)s before (p "
        "of being worse %(p)s)."
    ),
    gettext_noop("Promoted: %(right)s of %(n)s audit texts right, %(before)s before (p of being worse %(p)s)."),
    gettext_noop(
        "Not promoted yet: only labels given since the run began could compare it with the model before, and they are "
        "too few; %(needed)s are needed. It comes again as labels grow."
    ),
    gettext_noop(
        "Promoted: of %(n)s labels, each half foretold by models of the other half, the tuned encoder had %(right)s "
        "right and the encoder as it came %(frozen)s (p of being worse %(p)s)."
    ),
    gettext_noop(
        "Not promoted: of %(n)s labels, each half foretold by models of the other half, the tuned encoder had "
        "%(right)s right and the encoder as it came %(frozen)s (p of being worse %(p)s). The model before goes on "
        "serving."
    ),
    gettext_noop(
        "Promoted: of %(n)s labels, each half put in order by models of the other half, the tuned encoder had an "
        "average precision of %(precision)s and the encoder as it came %(frozen)s (p of being worse %(p)s)."
    ),
    gettext_noop(
        "Not promoted: of %(n)s labels, each half put in order by models of the other half, the tuned encoder had an "
        "average precision of %(precision)s and the encoder as it came %(frozen)s (p of being worse %(p)s). The model "
        "before goes on serving."
    ),
    gettext_noop(
        "Not promoted: %(carrying)s texts that carry a label are too few to compare models of one half of them on the "
        "other half: of each label both halves need examples. The model before goes on serving; more of them mend this."
    ),
    gettext_noop(
        "Not promoted: %(right)s of %(n)s labels given since it began foretold, %(before)s before (p of being worse "
        "%(p)s). The model before goes on serving."
    ),
    gettext_noop(
        "Promoted: %(right)s of %(n)s labels given since it began foretold, %(before)s before (p of being worse %(p)s)."
    ),
    gettext_noop("Not promoted: %(model)s is pinned. It would be: %(found)s"),
    # Beside the encoder as it came.
    gettext_noop(
        "%(right)s of %(n)s audit texts right, %(plain)s by the encoder as it came; macro-F1 %(f1)s, %(f1_plain)s by "
        "the encoder as it came (p of being worse %(p)s)."
    ),
    gettext_noop("%(right)s of %(n)s audit texts right, %(plain)s by the encoder as it came (p of being worse %(p)s)."),
    gettext_noop(
        "%(right)s of %(n)s labels given since it learnt foretold, %(plain)s by the encoder as it came; macro-F1 "
        "%(f1)s, %(f1_plain)s by the encoder as it came (p of being worse %(p)s)."
    ),
    gettext_noop(
        "%(right)s of %(n)s labels given since it learnt foretold, %(plain)s by the encoder as it came (p of being "
        "worse %(p)s)."
    ),
    # What would be, of a model that is not promoted because another is pinned.
    gettext_noop(
        "of %(n)s labels, each half foretold by models of the other half, the tuned encoder had %(right)s right and "
        "the encoder as it came %(frozen)s (p of being worse %(p)s)."
    ),
    gettext_noop(
        "of %(n)s labels, each half put in order by models of the other half, the tuned encoder had an average "
        "precision of %(precision)s and the encoder as it came %(frozen)s (p of being worse %(p)s)."
    ),
    gettext_noop(
        "%(right)s of %(n)s audit texts right, %(before)s before; macro-F1 %(f1)s, %(f1_before)s before (p of being "
        "worse %(p)s)."
    ),
    gettext_noop("%(right)s of %(n)s audit texts right, %(before)s before (p of being worse %(p)s)."),
    gettext_noop(
        "%(right)s of %(n)s labels given since it began foretold, %(before)s before (p of being worse %(p)s)."
    ),
]
POOL = [
    gettext_noop("The pool was not used: the recipe leaves it out."),
    gettext_noop(
        "The pool was not used: with several labels a text, sure answers are mostly 'none', which teaches nothing."
    ),
    gettext_noop("The pool was not used: %(labels)s labels cannot tell how far to trust the model; %(needed)s can."),
    gettext_noop("The pool was not used: %(texts)s unlabelled texts are too few; %(needed)s are needed."),
    gettext_noop(
        "The pool was not used: of labelled texts that it had not seen, such a model had %(right)s right, and of its "
        "surest %(of_sure)s; %(needed)s are needed."
    ),
    gettext_noop("The pool was not used: the neighbours of its texts did not agree with the model's answers."),
    gettext_noop(
        "The pool was not used: of %(n)s labels, each half foretold by models of the other half, tuned ones had "
        "%(right)s right and a head over the encoder as it came %(frozen)s."
    ),
]
WHY = [
    gettext_noop("Fine-tuned on the labels: with several labels a text a head for each label needs no pairs."),
    gettext_noop("Fine-tuned on the labels: with %(labels)s of them pairs bring no more."),
    gettext_noop("Fine-tuned on the labels: %(labels)s of them leave most kinds without a pair."),
    gettext_noop("Tuned on pairs of texts: %(labels)s labels make many pairs."),
    gettext_noop(
        "Fresh encoders learnt from the labels and from %(texts)s unlabelled texts with the model's own surest "
        "answers, about %(right)s of them right by the labels at hand."
    ),
    gettext_noop(
        "Fresh encoders learnt from the labels and from %(texts)s unlabelled texts with the model's own surest "
        "answers, about %(right)s of them right by labelled texts that a head over the encoder as it came had not seen."
    ),
    gettext_noop(
        "Fresh encoders learnt from the labels and from %(texts)s unlabelled texts with the model's own surest "
        "answers, about %(right)s of them right by labelled texts that such a model had not seen."
    ),
]
HEADS = [
    gettext_noop("logistic regression, L2, and labels spread over the pool, %(share)s of the sum"),
    gettext_noop("logistic regression, L2"),
    gettext_noop(
        "logistic regression, L2, of texts and label names, and labels spread over the pool, %(share)s of the sum"
    ),
    gettext_noop("logistic regression, L2, of texts and label names"),
    gettext_noop("logistic regressions, L2: %(share)s by the embedding, the rest by the words of the text"),
]
SCORED = [
    gettext_noop("Cross-fitted: each audit text is scored by a head that has not seen it."),
    gettext_noop("Not scored: no audit text was labelled yet."),
]
FAILURES = [
    *DIED_TWICE.values(),
    EXPORT_DIED_TWICE,
    GONE,
    OUT_OF_MEMORY,
    gettext_noop(
        "A full run needs texts of at least two kinds besides the audit texts; there are %(kinds)s. Label more."
    ),
    gettext_noop("Texts of two kinds are needed to compare encoders; there are %(kinds)s. Label more."),
    gettext_noop("No other language model could be read. %(reasons)s"),
    gettext_noop("The encoder '%(encoder)s' is not in this server's list (%(known)s). Add it to that list."),
    gettext_noop("The language model %(encoder)s is another one now than when it was made."),
    gettext_noop("The process that reads texts gave no answer: %(reason)s"),
    gettext_noop("There is no encoder folder '%(folder)s'."),
    gettext_noop(
        "At step %(step)s the loss was %(loss)s and its gradient's norm %(norm)s: no numbers to learn from. Start the "
        "run again; if that does not help, lower the learning rate or choose another encoder."
    ),
    gettext_noop(
        "The encoder finds no vector for %(lost)s of %(texts)s texts (their ids: %(ids)s): NaN or infinity came out. "
        "Leave them out, or choose another encoder."
    ),
    gettext_noop("No stored model knows this label yet. It will after a few more answers."),
]
READ = gettext_noop("%(done)s of %(total)s texts")  # of the pool, and of a test file
SAID = [*STAGES, *RANKED_BY, *DECISIONS, *POOL, *WHY, *HEADS, *SCORED, *FAILURES, MODEL, READ]


def in_words(stored: str) -> str:
    """The sentence in the active language; one that nobody knows as it was stored."""
    return retold(stored, SAID)
