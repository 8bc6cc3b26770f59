import json

import numpy as np
import pytest

from modelsvc.stores.words import SPACED, Vocabulary, learn_vocabulary, split

TEXTS = ["The law of England applies.", "the courts of ENGLAND", "Cookies, cookies and more", "more law", ""]


def test_the_matrix_equals_scikit_learns():
    from sklearn.feature_extraction.text import TfidfVectorizer

    theirs = TfidfVectorizer(min_df=2, sublinear_tf=True).fit(TEXTS)
    vocabulary = learn_vocabulary(TEXTS)
    assert list(vocabulary.words) == sorted(theirs.vocabulary_)
    new = [*TEXTS, "law law law the unknown"]
    assert np.allclose(vocabulary.matrix(new).toarray(), theirs.transform(new).toarray(), atol=1e-6)


def test_a_text_without_known_words_is_a_row_of_zeros():
    rows = learn_vocabulary(TEXTS).matrix(["", "zebra"])
    assert rows.shape[0] == 2 and rows.nnz == 0


def test_words_have_two_letters_or_more_and_no_capitals():
    assert split("A Privacy-Policy, §3: ÜBER") == ["privacy", "policy", "über"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("法院的合同。", ["法院", "院的", "的合", "合同"]),
        ("第3条", ["第", "条"]),
        ("A社 2024年 ABC株式会社", ["社", "2024", "年", "abc", "株式", "式会", "会社"]),
        ("コンピュータ", ["コン", "ンピ", "ピュ", "ュー", "ータ"]),
        ("ที่นี่มี", ["ที่นี่", "นี่มี"]),
        ("ສັນຍາ", ["ສັນ", "ນຍ", "ຍາ"]),
        ("កិច្ច", ["កិច្", "ច្ច"]),
        ("စာချုပ်", ["စာချု", "ချုပ်"]),
    ],
)
def test_in_scripts_without_blanks_words_are_letters_two_by_two_each_with_its_marks(text, words):
    assert split(text) == words


@pytest.mark.parametrize(
    "text", [*TEXTS, "Die STRASSE in İstanbul", "계약의 해지", "договор № 12", "Ελλάδα", "हिन्दी में", "العقد ملزم"]
)
def test_all_other_scripts_are_split_at_their_blanks_as_ever(text):
    assert split(text) == split(text, SPACED)


def test_texts_without_blanks_share_words():
    vocabulary = learn_vocabulary(["争议由法院管辖", "法院在北京"])
    assert vocabulary.words == ("法院",)
    assert vocabulary.matrix(["本合同受法院管辖", "费用"]).nnz == 1


def test_a_vocabulary_stored_before_there_were_patterns_reads_as_it_did_then():
    stored = json.loads('{"words": ["law", "法院", "法院管辖"], "idf": [1.5, 1.2, 1.3]}')
    vocabulary = Vocabulary.from_dict(stored)
    assert vocabulary.matrix(["law, 法院管辖", "法院的合同 law"]).toarray().astype(bool).tolist() == [
        [True, False, True],
        [True, False, False],
    ]
    assert Vocabulary.from_dict(vocabulary.to_dict()) == vocabulary != Vocabulary(vocabulary.words, vocabulary.idf)


def test_no_texts_have_no_words():
    assert learn_vocabulary([]).matrix(["law"]).shape == (1, 0)
