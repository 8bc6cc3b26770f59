"""Finding texts by their words: what may be typed, what it finds, what is marked."""

from __future__ import annotations

from unittest import mock

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeller.corpus import word_index, word_search
from labeller.corpus.folding import fold
from labeller.corpus.highlighting import SNIPPET, Part, marked, snippet
from labeller.corpus.models import Document
from labeller.corpus.query import Term, WordQuery, parse, to_fts5, to_tsquery, words_of
from labeller.corpus.word_search import find_words, has_words, share_most
from tests.cast import add_texts, make_project

TYPED = [
    ("late fee", [[("late",)], [("fee",)]], []),
    ('"late fee"', [[("late", "fee")]], []),
    ('"late fee', [[("late", "fee")]], []),  # an open quotation ends with the line
    ("licen*", [[("licen", "*")]], []),
    ('"late fe"*', [[("late", "fe", "*")]], []),
    ("l*", [[("l",)]], []),  # too short to stand for words that begin so
    ("fee OR charge", [[("fee",), ("charge",)]], []),
    ("fee | charge", [[("fee",), ("charge",)]], []),
    ("late fee OR charge", [[("late",)], [("fee",), ("charge",)]], []),
    ("fee or charge", [[("fee",)], [("or",)], [("charge",)]], []),
    ("OR fee OR", [[("fee",)]], []),
    ("fee -late", [[("fee",)]], [("late",)]),
    ('-"late fee"', [], [("late", "fee")]),
    ("fee OR -late charge", [[("fee",)], [("charge",)]], [("late",)]),
    ("e-mail", [[("e", "mail")]], []),
    ("don't", [[("don", "t")]], []),
    ("<b>without</b>", [[("b", "without", "b")]], []),
    ("Müll 北京", [[("Müll",)], [("北", "京")]], []),
    ("北京*", [[("北", "京")]], []),  # found wherever it stands, so it may go on anyway
    ("“late fee”", [[("late", "fee")]], []),
    ("„late fee“", [[("late", "fee")]], []),
    ("«late fee»", [[("late", "fee")]], []),
    ("＂late fee＂＊", [[("late", "fee", "*")]], []),
    ("fee –waiver", [[("fee",)]], [("waiver",)]),
    ("fee −waiver —late", [[("fee",)]], [("waiver",), ("late",)]),
    ("e‑mail", [[("e", "mail")]], []),
    ("Ku\u0308ndi\u00adgung", [[("Kündigung",)]], []),
    ("ﬁnal", [[("final",)]], []),
    ("don´t", [[("don", "t")]], []),
    ("Brand™", [[("Brand",)]], []),
    ('  -- "" * ( ) : ^ 🙂 ', [], []),
]


def tree(query: WordQuery) -> tuple[list[list[tuple[str, ...]]], list[tuple[str, ...]]]:
    def plain(term: Term) -> tuple[str, ...]:
        return (*term.words, "*") if term.prefix else term.words

    return [[plain(term) for term in group] for group in query.groups], [plain(term) for term in query.without]


@pytest.mark.parametrize(("typed", "groups", "without"), TYPED)
def test_what_is_typed_is_read_as_a_person_means_it(typed, groups, without):
    assert tree(parse(typed)) == (groups, without)


def having(project, typed: str) -> set[int]:
    """As a condition of the database."""
    return set(Document.objects.filter(has_words(project, parse(typed))).values_list("pk", flat=True))


def test_each_database_gets_its_own_spelling():
    query = parse('late fe* OR "due date" -waiver')
    wanted = '(project_id : "7" AND text : (("late") AND ("fe" * OR "due date")))'
    assert to_fts5(query, 7) == f'{wanted} NOT text : ("waiver")'
    assert to_tsquery(query) == "(('late')) & (('fe':*) | ('due' <-> 'date')) & !('waiver')"


@given(st.text(max_size=700))
def test_only_words_of_what_was_typed_reach_a_database(typed):
    query = parse(typed)
    found = [word for term in (*query.terms, *query.without) for word in term.words]
    assert all(words_of(word) == [word] for word in found)
    assert all(word in fold(typed) for word in found)


TEXTS = {
    "late": "A late fee is due when you pay after the date.",
    "fee": "The fee for delivery is shown before you pay; a second fee is not asked.",
    "licence": "We grant you a licence to use the app.",
    "licensed": "The LICENSED material stays ours, e-mail us to ask.",
    "html": "You agree <b>without</b> limits.",
    "umlaut": "Müll wird getrennt.",
    "decomposed": "Die Ku\u0308ndigung ist mo\u0308glich, auch beim 2. Mal.",
    "broken": "Die Haf\u00adtung ist aus\u00adge\u00adschlos\u00adsen.",
    "ligature": "The ﬁnal oﬀer of Brand™ isn´t ½ of it.",
    "chinese": "本公司对任何损失不承担责任。",
    "japanese": "当社は一切の責任を負いません。ｻｰﾋﾞｽ",
    "thai": "ผู้ให้บริการไม่รับผิดชอบต่อความเสียหายที่ทำ",
    "korean": "책임을 지지 않습니다.",
}


@pytest.fixture
def texts(project) -> dict[str, Document]:
    return dict(zip(TEXTS, add_texts(project, list(TEXTS.values())), strict=True))


FOUND = [
    ("fee", {"fee", "late"}),
    ("late fee", {"late"}),
    ('"fee is due"', {"late"}),
    ('"due is fee"', set()),
    ("licen*", {"licence", "licensed"}),
    ('"grant you a lic"*', {"licence"}),
    ("licensed", {"licensed"}),  # capitals do not count
    ("licence OR fee", {"licence", "fee", "late"}),
    ("fee -late", {"fee"}),
    ("-fee", TEXTS.keys() - {"late", "fee"}),
    ("without", {"html"}),
    ("b", {"html"}),  # what looks like a tag is text
    ("e-mail", {"licensed"}),
    ("mail", {"licensed"}),
    ("müll", {"umlaut"}),
    ("mull", set()),  # accents do
    ("Kündigung", {"decomposed"}),
    ("Ku\u0308ndi*", {"decomposed"}),
    ("haftung ausgeschlossen", {"broken"}),
    ('"haf\u00adtung ist ausge"*', {"broken"}),
    ("final offer brand isn't", {"ligature"}),
    ("责任", {"chinese"}),
    ("责任 任何 -一切", {"chinese"}),
    ("任责", set()),
    ("責任", {"japanese"}),
    ("サービス", {"japanese"}),
    ("ความเสียหาย", {"thai"}),
    ("ทำ", {"thai"}),
    ("ทา", set()),
    ("책임*", {"korean"}),
    ("\u110e\u1162\u11a8\u110b\u1175\u11b7*", {"korean"}),
    ("fees", set()),  # words are looked for as they stand
]


@pytest.mark.parametrize(("typed", "names"), FOUND)
def test_texts_are_found_by_their_words(project, texts, typed, names):
    wanted = {texts[name].pk for name in names}
    found = find_words(project, parse(typed))
    assert set(found.ids) == wanted and found.all_found
    assert having(project, typed) == wanted


def test_the_best_comes_first(project, texts):
    assert find_words(project, parse("fee")).ids == [texts["fee"].pk, texts["late"].pk]


def test_another_project_s_texts_stay_there(project, texts):
    other = make_project(name="Another")
    (there,) = add_texts(other, ["A fee elsewhere."])
    assert there.pk not in find_words(project, parse("fee")).ids
    assert find_words(other, parse("fee")).ids == [there.pk]
    assert find_words(other, parse("-licence")).ids == [there.pk]


def test_too_many_to_rank_come_in_the_order_of_their_import(project, texts):
    found = find_words(project, parse("fee OR licence"), most=2)
    assert found.ids == [texts["late"].pk, texts["fee"].pk] and not found.all_found


def test_of_some_texts_alone_the_best_comes_first_too(project, texts):
    some = project.documents.exclude(pk=texts["licence"].pk)
    assert find_words(project, parse("fee OR licence"), texts=some).ids == [texts["fee"].pk, texts["late"].pk]
    assert not find_words(project, parse("fee OR licence"), texts=some, most=1).all_found


class TestTextsThatShareMostOfASentence:
    def test_a_rare_word_counts_more_than_a_frequent_one(self, project, texts):
        """ "fee" stands in two texts, "material" in one."""
        assert share_most(project, ["fee", "material"], 1) == [texts["licensed"].pk]

    def test_two_words_count_more_than_one_and_of_equals_the_shorter(self, project, texts):
        assert share_most(project, ["late", "fee"], 3) == [texts["late"].pk, texts["fee"].pk]
        assert share_most(project, ["you", "you"], 5) == [texts[name].pk for name in ("html", "licence", "late", "fee")]

    def test_words_that_no_text_has_find_none(self, project, texts):
        assert share_most(project, ["zeppelin"], 5) == share_most(project, [], 5) == []

    def test_where_all_words_are_frequent_texts_with_all_of_them_are_meant(self, project, texts, monkeypatch):
        monkeypatch.setattr(word_search, "FREQUENT", 1)
        assert share_most(project, ["fee", "you", "pay"], 5) == [texts["late"].pk, texts["fee"].pk]
        assert share_most(project, ["a", "to"], 5) == [texts["licence"].pk]

    def test_where_no_text_has_all_of_them_any_will_do(self, project, texts, monkeypatch):
        monkeypatch.setattr(word_search, "FREQUENT", 1)
        assert set(share_most(project, ["fee", "licence", "grant"], 5)) <= {row.pk for row in texts.values()}


def test_the_index_follows_what_is_changed_and_deleted(project, texts):
    texts["late"].text = "A charge."
    texts["late"].save()
    Document.objects.filter(pk=texts["fee"].pk).delete()
    assert find_words(project, parse("fee")).ids == []
    assert find_words(project, parse("charge")).ids == [texts["late"].pk]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    "fee",
                    "OR",
                    "-",
                    '"',
                    "*",
                    "late",
                    "(",
                    ")",
                    "NEAR",
                    "'",
                    "\\",
                    "\0",
                    ":",
                    "AND",
                    "NOT",
                    "ſ",
                    "北",
                    "\ud800",
                    "İ",
                    "1e5",
                    "a@b.c",
                    "é",
                    "\u0301",
                    "٣",
                ]
            ),
            max_size=30,
        ).map(" ".join),
        st.lists(st.sampled_from("fe \"*-|OR'&!<>():^{}\\"), max_size=60).map("".join),
    )
)
def test_whatever_is_typed_is_no_error_of_the_database(project, texts, typed):
    query = parse(typed)
    assert set(find_words(project, query).ids) == (set() if query.is_empty else having(project, typed))


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite calls the function itself")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="aü u\u0308\u00ad™´´ﬁ½²责任々カｶﾞーทำวั่ບຳ책\u110e\u1162\u11a8'\\\\%", max_size=30))
def test_both_databases_write_a_word_in_the_same_form(text):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {word_index.FOLDED} FROM (SELECT %s::text AS text) AS one", [text])
        assert cursor.fetchone() == (fold(text),)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps a generated column whatever is changed")
def test_triggers_lost_when_a_table_was_copied_are_put_back(project, texts):
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER corpus_words_added")
    (unseen,) = add_texts(project, ["A surcharge."])
    assert find_words(project, parse("surcharge")).ids == []
    assert word_index.mend(connection)
    assert find_words(project, parse("surcharge")).ids == [unseen.pk]
    assert not word_index.mend(connection)


def test_a_database_without_full_text_search_is_left_alone():
    cursor = mock.MagicMock()
    word_index.create(mock.MagicMock(vendor="oracle", cursor=cursor))
    assert cursor.return_value.__enter__.return_value.execute.mock_calls == []


MARKED = [
    ("A late fee.", "fee", "A late [fee]."),
    ("A Late Fee, a late charge", '"late fee"', "A [Late Fee], a late charge"),
    ("Licence, licensed, lice", "licen*", "[Licence], [licensed], lice"),
    ("e-mail and mail", "e-mail", "[e-mail] and mail"),
    ("fee fee", "fee", "[fee] [fee]"),
    ("no fees here", "fee -here", "no fees here"),
    ("<mark>fee</mark>", "fee", "<mark>[fee]</mark>"),
    ("Haf\u00adtung, Haftung", "haftung", "[Haf\u00adtung], [Haftung]"),
    ("Ku\u0308ndigung", "Kündi*", "[Ku\u0308ndigung]"),
    ("the ﬁnal one", "final", "the [ﬁnal] one"),
    ("Brand™ and brand", "brand", "[Brand]™ and [brand]"),
    ("½ of 1", "1 OR 2", "[½] of [1]"),
    ("本公司对任何损失不承担责任。", "责任", "本公司对任何损失不承担[责任]。"),
    ("本公司2020年", "公司 2020", "本[公司][2020]年"),
    ("ต่อความเสียหายที่ทำ", "เสียหาย ทำ", "ต่อความ[เสียหาย]ที่[ทำ]"),
]


@pytest.mark.parametrize(("text", "typed", "shown"), MARKED)
def test_hits_are_marked(text, typed, shown):
    parts = marked(text, parse(typed).terms)
    assert "".join(f"[{part.text}]" if part.is_hit else part.text for part in parts) == shown


@given(
    st.text(alphabet="ab c-é\n\u0301\u00adﬁ½责任ทำ™", max_size=80), st.text(alphabet='abfi12责任ทำ "*-', max_size=12)
)
def test_marked_parts_are_the_text(text, typed):
    parts = marked(text, parse(typed).terms)
    assert "".join(part.text for part in parts) == text
    assert all(part.text for part in parts)


def test_a_long_text_is_cut_to_where_its_hits_are():
    text = "Nothing here. " * 100 + "The late fee is a fee. " + "Nothing there. " * 100
    parts = snippet(text, parse("fee late").terms)
    joined = "".join(part.text for part in parts)
    assert [part.text for part in parts if part.is_hit] == ["late", "fee", "fee"]
    assert joined.startswith("… ") and joined.endswith(" …") and len(joined) <= SNIPPET + 4
    assert snippet("short", ()) == [Part("short")]
    assert "".join(part.text for part in snippet("word " * 200, ())).startswith("word word")


DEEP = [
    ("indemnity", "The indemnity cap is waived.", ["indemnity"]),
    ("INDEMN*", "The indemnity cap is waived.", ["indemnity"]),
    ('"indemnity cap"', "The indemnity, of which the indemnity cap.", ["indemnity cap"]),
    ("words indemnity", "The words of an indemnity cap.", ["words", "indemnity"]),
    ("Kündigung", "Die Ku\u0308n\u00addigung ist frei.", ["Ku\u0308n\u00addigung"]),
    ("责任", "本公司不承担责任。", ["责任"]),
    ("final", "The ﬁnal offer.", ["ﬁnal"]),
]


@pytest.mark.parametrize(("typed", "sentence", "hits"), DEEP)
def test_a_word_far_down_in_a_long_text_is_shown_and_marked(typed, sentence, hits):
    before = "Boilerplate words, preindemnity cap. " * 700
    text = f"{before}{sentence} {before}"
    shown, whole = (cut(text, parse(typed).terms) for cut in (snippet, marked))
    assert sentence in "".join(part.text for part in shown)
    assert [part.text for part in shown if part.is_hit and part.text != "words"] == [
        one for one in hits if one != "words"
    ]
    assert set(hits) <= {part.text for part in whole if part.is_hit}
    assert "".join(part.text for part in whole) == text


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 30_000), st.sampled_from(["fee", "责任", "Gebühr"]), st.sampled_from(["a ", "责 ", "nü\n", "word"])
)
def test_a_word_is_marked_wherever_it_stands(place, word, filling):
    filled = (filling * (30_000 // len(filling)))[:place]
    text = f"{filled} {word} {filling * 100}"
    assert [part.text for part in marked(text, parse(word).terms) if part.is_hit] == [word]
