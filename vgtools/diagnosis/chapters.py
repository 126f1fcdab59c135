"""Where the book explains what."""

from __future__ import annotations

from dataclasses import dataclass

ADDRESS = ""
"""Where the book is published, with a slash at the end; empty as long as it is nowhere."""


@dataclass(frozen=True)
class Chapter:
    """A section of the book.

    Attributes
    ----------
    title : str
        Of the chapter and of the section.
    page : str
        The name of its notebook, and of its page.
    anchor : str
        The place on the page.
    """

    title: str
    page: str
    anchor: str

    @property
    def address(self) -> str:
        """Where the section is on the net; empty as long as the book is nowhere."""
        return f"{ADDRESS}chapters/{self.page}.html#{self.anchor}" if ADDRESS else ""

    def __str__(self) -> str:
        return f"{self.title} ({self.address})" if ADDRESS else self.title


ATTENTION = Chapter(
    "Attention and depth: Attention makes tokens alike",
    "14_attention_and_depth",
    "attention-makes-tokens-alike",
)
BATCH_NORM = Chapter(
    "Normalisation: The experiment: a gradient that grows with depth",
    "13_normalisation",
    "the-experiment-a-gradient-that-grows-with-depth",
)
CHAOS = Chapter("Order and chaos: Three maps", "11_order_and_chaos", "three-maps")
DEAD = Chapter("ReLU: Born dead", "04_relu", "born-dead")
EXPLODING = Chapter(
    "What vanishes, and why it mattered: The other side: width, and explosion",
    "intro",
    "the-other-side-width-and-explosion",
)
FORGET_BIAS = Chapter(
    "Through time: RNN and LSTM: The forget bias", "09_rnn_lstm", "the-forget-bias"
)
FORMATS = Chapter(
    "Large models: What the bits of a format can hold",
    "16_large_models",
    "what-the-bits-of-a-format-can-hold",
)
HE = Chapter("ReLU: The factor two", "04_relu", "the-factor-two")
LONG_STEPS = Chapter(
    "Large models: How far one step goes in a wide layer",
    "16_large_models",
    "how-far-one-step-goes-in-a-wide-layer",
)
LOSS_SCALING = Chapter("Large models: Loss scaling", "16_large_models", "loss-scaling")
PRODUCT = Chapter(
    "What vanishes, and why it mattered: The mathematics: a product of slopes and weights",
    "intro",
    "the-mathematics-a-product-of-slopes-and-weights",
)
SATURATED = Chapter(
    "The sigmoid: Can a large weight save it?", "02_sigmoid", "can-a-large-weight-save-it"
)
SELU = Chapter(
    "The variations: Going deeper: SELU, constants from two conditions",
    "10_variations",
    "going-deeper-selu-constants-from-two-conditions",
)
SHORTCUTS = Chapter("Shortcuts: A product of sums", "12_shortcuts", "a-product-of-sums")
SIGMOID = Chapter(
    "The sigmoid: The experiment: each earlier layer is slower",
    "02_sigmoid",
    "the-experiment-each-earlier-layer-is-slower",
)
SMALL_STEPS = Chapter(
    "Large models: Going deeper: steps that are too small for the weights",
    "16_large_models",
    "going-deeper-steps-that-are-too-small-for-the-weights",
)
SUMS = Chapter(
    "Shortcuts: The way forward: what the sum does to the signal",
    "12_shortcuts",
    "the-way-forward-what-the-sum-does-to-the-signal",
)
TANH = Chapter("Tanh: Weights that keep the variance", "03_tanh", "weights-that-keep-the-variance")
TIME = Chapter(
    "Through time: RNN and LSTM: From the recurrence to the product of Jacobians",
    "09_rnn_lstm",
    "from-the-recurrence-to-the-product-of-jacobians",
)
