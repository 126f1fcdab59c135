"""What the search of the book finds."""

from urllib.parse import quote

import pytest

# What readers ask, as they put it in forums, and where the answer stands.
QUESTIONS = {
    "what is the vanishing gradient problem": "intro",
    "why does sigmoid saturate": "02_sigmoid",
    "why is tanh better than sigmoid": "03_tanh",
    "backpropagation": "intro.html#whole-layers",
    "dying relu": "04_relu.html#dying-during-training",
    "dead neurons relu": "04_relu.html#born-dead",
    "xavier vs he initialization": "04_relu.html#the-factor-two",
    "why is there a factor of 2 in he initialization": "04_relu.html#the-factor-two",
    "does batch normalization solve vanishing gradients": "04_relu.html#what-batch-normalisation",
    "is relu differentiable at zero": "04_relu.html#going-deeper-what-computers-say-at-0",
    "leaky relu negative slope": "05_leaky_relu",
    "prelu weight decay": "06_prelu.html#why-no-weight-decay",
    "rrelu test time average": "07_rrelu.html#three-averages",
    "zero centered activations": "08_elu.html#",
    "LSTM forget gate bias": "09_rnn_lstm.html#the-forget-bias",
    "how does LSTM prevent vanishing gradient": "09_rnn_lstm.html#the-constant-error-carousel",
    "GRU vs LSTM": "09_rnn_lstm.html#going-deeper-gru-in-brief",
    "selu self normalizing": "10_variations.html#going-deeper-selu",
    "gelu vs swish": "10_variations.html#gates-swish-gelu-mish",
    "perfect separation logistic regression does not converge": "01_logit.html#no-finite-optimum",
    "edge of chaos": "11_order_and_chaos",
    "resnet": "12_shortcuts",
    "shattered gradients": "12_shortcuts.html#the-right-size-and-no-direction",
    "skip connection scaling with depth": "12_shortcuts",
    "layernorm vs rmsnorm": "13_normalisation.html#one-operation-three-directions",
    "why does batch norm explode": "13_normalisation",
}

FIRST = {
    "odds": "01_logit",
    "newton's method": "01_logit.html#newtons-method",
    "bias shift": "08_elu",
    "forget gate": "09_rnn_lstm",
    "batch normalisation": "04_relu",
    "PReLU": "06_prelu",
    "claims": "claims",
    "sigma": "notation",
}
"""What a reader may type, and the page that comes first: the one that introduces it."""


@pytest.fixture
def find(visit, book):
    page = visit((book / "search.html").as_uri())

    def find(words):
        page.goto(f"{(book / 'search.html').as_uri()}?q={quote(words)}")
        page.wait_for_selector(".search-summary")
        links = page.locator("#search-results ul.search > li > a").all()
        return [link.get_attribute("href").removeprefix("chapters/") for link in links]

    yield find
    assert page.troubles == []


def test_a_question_leads_to_the_section_that_answers(find):
    found = {question: find(question)[:3] for question in QUESTIONS}
    missed = {
        question: places
        for question, places in found.items()
        if not any(one.startswith(QUESTIONS[question]) for one in places)
    }
    assert len(missed) <= 2, missed


def test_a_term_leads_to_the_page_that_introduces_it(find):
    found = {words: (find(words) or [""])[0] for words in FIRST}
    assert {words: one for words, one in found.items() if not one.startswith(FIRST[words])} == {}


def test_other_spellings_and_slips_of_the_pen_find_the_same(find):
    assert find("normalization") == find("normalisation") != []
    assert find("back-propagation")[0] == find("backpropagation")[0]
    assert any(one.startswith("02_sigmoid") for one in find("sigmoyd")[:3])


@pytest.mark.parametrize("word", ["constructor", "__proto__", "hasOwnProperty", "the of and"])
def test_what_the_book_does_not_have_is_not_found(find, word):
    assert find(word) == []
