"""What a description says a label is, and what it says the label is not."""

from __future__ import annotations

import pytest

from modelsvc.heads.descriptions import what_it_is


@pytest.mark.parametrize(
    "description",
    [
        "Where to sue.",
        "No signal, no connection, calls drop.",
        "Never received the parcel.",
        "No internet.",
        "The card does not work.",
        "The app doesn't start, and the page won't load.",
        "No-fault divorce.",
        "Notice of a change; notes, knots.",
        "Not only courts but judges too.",
        "Whether or not to sue.",
        "Kein Netz, keine Verbindung, Anrufe brechen ab.",
        "Nie angekommen.",
        "z. B. nicht angekommen",
        "Die Karte funktioniert nicht.",
        "Nicht nur Gerichte, sondern auch Richter.",
        "Payment not received.",
        "Ends the contract without notice.",
        "Bestellungen ohne Rechnung.",
        "I can't log in.",
        "Ich kann nicht zahlen.",
        "",
    ],
)
def test_what_happened_or_what_is_missing_is_read_whole(description: str) -> None:
    assert what_it_is(description) == description


@pytest.mark.parametrize(
    ("description", "read"),
    [
        ("The money has not arrived. It isn’t in the account.", "The money has not arrived."),
        ("Where to sue. Not before whom. Seat of the court!", "Where to sue. Seat of the court!"),
        ("Not arbitration.", ""),
        ("A judge decides. No arbitration.", "A judge decides."),
        ("A judge decides. Does not include arbitration.", "A judge decides."),
        ("A judge decides. It does not cover arbitration, or mediation.", "A judge decides."),
        ("A judge decides. Doesn't include arbitration.", "A judge decides."),
        ("A judge decides. This is not about arbitration.", "A judge decides."),
        ("A judge decides. It isn't mediation.", "A judge decides."),
        ("A judge decides. Parcels do not count.", "A judge decides."),
        ("A judge decides, but not arbitration.", "A judge decides."),
        ("A judge decides, not an arbiter", "A judge decides"),
        ("A judge decides (not an arbiter) where to sue.", "A judge decides where to sue."),
        ("Sports news – not betting.", "Sports news."),
        ("Sports news and not betting, gambling or odds.", "Sports news."),
        ("Sports news, which does not cover betting.", "Sports news."),
        ("Sports news except for betting.", "Sports news."),
        ("Sports news, excluding betting; results.", "Sports news; results."),
        ("Not arbitration but the courts.", "the courts."),
        ("Orders. Without refunds.", "Orders."),
        ("Bestellungen. Ohne Retouren.", "Bestellungen."),
        ("Courts rather than arbiters.", "Courts."),
        ("Wo geklagt wird; nicht: Schiedsgerichte\nAußer Mahnungen", "Wo geklagt wird;"),
        ("Wo geklagt wird, aber nicht Schiedsgerichte.", "Wo geklagt wird."),
        ("Wo geklagt wird (keine Schiedsgerichte).", "Wo geklagt wird."),
        ("Gerichte. Umfasst keine Schiedsgerichte.", "Gerichte."),
        ("Gerichte. Mahnungen gehören nicht dazu.", "Gerichte."),
        ("Gerichte. Es geht nicht um Mahnungen.", "Gerichte."),
        ("Gerichte. Das ist keine Mahnung.", "Gerichte."),
        ("Gerichte, Mahnungen sind nicht gemeint.", "Gerichte."),
        ("Gerichte. Keine Mahnungen.", "Gerichte."),
        ("Sportnachrichten außer Wetten.", "Sportnachrichten."),
        ("Nicht Schiedsgerichte, sondern Gerichte.", "Gerichte."),
        ("Sport.\nNot: betting\nResults.", "Sport. Results."),
        ("Fees, excluding taxes", "Fees"),
        ("Fees (excluding taxes) of the seller", "Fees of the seller"),
        ("Fees (not taxes)", "Fees"),
        ("Fees. Not: taxes.", "Fees."),
        ("Sports news. Excludes betting.", "Sports news."),
        ("Sports news but never betting.", "Sports news."),
        ("Sports news. Betting is not included.", "Sports news."),
        ("Sports news. The label does not cover betting.", "Sports news."),
        ("Sports news, but betting does not count.", "Sports news."),
        ("Questions, not related to billing", "Questions"),
        ("Gebühren, nicht Steuern.", "Gebühren."),
        ("Gebühren (nicht Steuern)", "Gebühren"),
        ("Gebühren. Steuern zählen nicht.", "Gebühren."),
        ("Sport, wobei Wetten nicht dazu gehören.", "Sport."),
        ("Sport. Die Kategorie umfasst keine Wetten.", "Sport."),
    ],
)
def test_what_the_label_is_not_is_left_out(description: str, read: str) -> None:
    assert what_it_is(description) == read


@pytest.mark.parametrize(
    "description",
    [
        "Clauses excluding liability",
        "Excluding liability for damages",
        "The seller excludes liability for indirect damage.",
        "The contract does not apply to consumers",
        "Scope. The contract does not apply to consumers.",
        "Without prejudice letters",
        "Texts that do not belong anywhere else",
        "Rest. Texts that do not belong anywhere else.",
        "Goods that may not be returned",
        "Clauses under which the provider is not liable",
        "Klauseln, die Haftung ausschließen",
        "Der Vertrag gilt nicht für Verbraucher.",
        "Umfang. Der Vertrag gilt nicht für Verbraucher.",
        "Ohne Anerkennung einer Rechtspflicht",
        "Texte, die nicht zu anderen Labels gehören",
        "Bestellungen, die keine Rechnung enthalten",
    ],
)
def test_what_a_text_of_the_label_excludes_or_denies_is_read(description: str) -> None:
    assert what_it_is(description) == description


@pytest.mark.parametrize(
    "description",
    [
        "Paid, not delivered.",
        "Paid but not yet delivered.",
        "Ordered and never arrived.",
        "App that opens but does not count steps.",
        "It is not possible to log in.",
        "Bezahlt, aber nicht geliefert.",
        "Nicht angekommen.",
        "Bestellt und nie angekommen.",
        "Es geht nicht mehr.",
        "Es ist nicht möglich, sich anzumelden.",
    ],
)
def test_what_did_not_happen_is_no_exception(description: str) -> None:
    assert what_it_is(description) == description


@pytest.mark.parametrize(
    "description",
    [
        "Paid, but not delivered after two weeks",
        "Money was taken, but not credited to my account.",
        "Data is kept, and not deleted after the account is closed.",
        "Contracts, not governed by our law",
        "Bezahlt, aber nicht geliefert nach zwei Wochen.",
    ],
)
def test_where_a_not_may_mean_either_the_name_teaches_alone(description: str) -> None:
    assert what_it_is(description) == ""


@pytest.mark.parametrize("description", ["Sports and not betting", "Signal but no connection"])
def test_a_single_word_before_and_not_is_no_description_by_itself(description: str) -> None:
    assert what_it_is(description) == description


@pytest.mark.parametrize(
    "description",
    [
        "Everything except contracts.",
        "Texts other than contracts",
        "Clauses, which are not about liability.",
        "Alles außer Verträgen.",
        "Not arbitration. Not mediation.",
    ],
)
def test_where_nothing_is_left_or_a_word_that_fits_any_text_the_name_teaches_alone(description: str) -> None:
    assert what_it_is(description) == ""
