"""What one step of training would do: updates beside their weights, and attention's parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vgtools.diagnosis import chapters
from vgtools.diagnosis.finding import Finding, listed, number
from vgtools.diagnosis.judging import NOTICEABLE
from vgtools.diagnosis.trace import Trace

TOO_LARGE = 1.0
"""From which length of the first step on, in lengths of the weights, it is too large.

The new weights then stand at 45 degrees to the old ones, or more: a gradient, which is a slope
at one place, says nothing about the loss there.
"""

LOST = 0.5
"""From which share of weights that rounding leaves as they were a step is too small."""


def first_step(rule: str, learning_rate: float, epsilon: float, gradient: Any) -> Any:
    """Return the first step of an optimiser, an array or a tensor like the gradient.

    ::

        SGD    learning_rate * g
        Adam   learning_rate * g / (|g| + epsilon)

    It has seen nothing yet: momentum adds nothing, and the running means of Adam, once they
    are corrected for their start, are g and g squared. Weight decay and clipping are left out.

    Examples
    --------
    >>> import numpy as np
    >>> first_step("Adam", 0.001, 1e-8, np.array([2.0, -50.0])).round(6).tolist()
    [0.001, -0.001]
    """
    if rule == "SGD":
        return learning_rate * gradient
    return learning_rate * gradient / (abs(gradient) + epsilon)


def updates(trace: Trace) -> Iterator[Finding]:
    """Find layers whose first step is too large or too small beside their weights."""
    large = [each for each in trace.updates if each.relative >= TOO_LARGE]
    if large:
        worst = max(large, key=lambda each: each.relative)
        yield Finding(
            "updates too large",
            tuple(each.name for each in large),
            f"a first step of {trace.optimizer} changes the weights of {worst.name} by "
            f"{number(worst.relative)} times their own length",
            worst.relative,
            None,
            None,
            "The gradient is the slope at the weights as they are, and says nothing about "
            "weights so far away.",
            f"Divide the learning rate by about {number(10 * worst.relative)}, so that a step "
            f"changes {listed(each.name for each in large)} by a tenth at most.",
            chapters.EXPLODING,
        )
    small = [each for each in trace.updates if each.unchanged > LOST]
    if small:
        worst = max(small, key=lambda each: each.unchanged)
        yield Finding(
            "updates too small",
            tuple(each.name for each in small),
            f"a first step of {trace.optimizer} leaves {worst.unchanged:.0%} of the weights of "
            f"{worst.name} as they are"
            + (
                f", and most of {listed(e.name for e in small if e is not worst)}"
                * (len(small) > 1)
            ),
            worst.unchanged,
            None,
            None,
            f"The step is below half of the distance between neighbouring numbers of "
            f"{trace.precision}, so that rounding takes it away.",
            "Keep the weights in a wider float type (float32 beside bfloat16), or take a larger "
            "learning rate. Where the gradient vanishes, mend that first.",
            chapters.PRECISION,
        )


def starved(trace: Trace) -> Iterator[Finding]:
    """Find attention whose queries and keys get far less gradient than its values."""
    limit = 10.0**-NOTICEABLE
    found = [each for each in trace.attention if 0 < max(each.query, each.key) < limit * each.value]
    if not found:
        return
    worst = min(found, key=lambda each: max(each.query, each.key) / each.value)
    ratio = worst.value / max(worst.query, worst.key)
    yield Finding(
        "starved queries and keys",
        tuple(each.name for each in found),
        f"the gradient of the query and key weights of {worst.name} is {number(ratio)} times "
        "smaller than that of its value weights"
        + (f"; too small in {listed(each.name for each in found)}" if len(found) > 1 else ""),
        ratio,
        None,
        None,
        "Values get the mean of the gradient over the tokens, queries and keys only what tells "
        "one token from another: here the tokens that come in are nearly alike, or the weights "
        "of attention nearly all 0 or 1.",
        "Put layer normalisation in front of each branch instead of behind the sum (pre-LN), or "
        "make the branches smaller at the start, so that tokens stay different; with plain "
        "gradient descent, take Adam.",
        chapters.SHORTCUTS,
    )
