import numpy as np

from modelsvc.words import learn_vocabulary, split

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


def test_no_texts_have_no_words():
    assert learn_vocabulary([]).matrix(["law"]).shape == (1, 0)
