"""What was measured in one pass forward and back, whatever the framework."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Weights:
    """What theory needs of the weights that lead into a point.

    Attributes
    ----------
    fan_in, fan_out : int
        How many numbers one unit reads, and how many units read one number.
    mean_square, bias_mean_square : float
        Of the entries of the weights and of the biases: their variance, where their mean is 0.
    dense : bool
        Whether each unit reads all numbers; a convolution reads those near its place.
    """

    fan_in: int
    fan_out: int
    mean_square: float
    bias_mean_square: float
    dense: bool = True


@dataclass(frozen=True, eq=False)
class Point:
    """A place between two layers that every way from the first layer to the loss goes through.

    In a plain chain that is the output of each layer with weights, before its activation; in
    a residual network what a block returns.

    Attributes
    ----------
    name : str
        Of the layer, or of the block.
    gradient : ndarray, shape (n,)
        log10 of the Euclidean norm of dLoss/doutput for each of n samples; -inf where it is
        zero. Of shape (1,) where the samples could not be told apart.
    entry : float
        log10 of the root mean square of the gradient's entries, for all samples together.
    signal : float
        Root mean square of the output; NaN where it was not seen.
    width : int
        The smallest fan of the weights that lead here. The smaller it is, the more the gradient
        differs from one draw of the weights to another.
    weight_gradient : float
        Euclidean norm of dLoss/dW of the layer's own weights; NaN where there are several.
    lost : float
        Share of the gradient's entries that are zero in the precision of the model and are not
        zero in exact numbers.
    operations : tuple of str
        The activations, and whatever else theory has to know, between here and the next
        point, such as ``"layer_norm"``; ``"?"`` for what it does not know.
    weights : Weights or None
        Where one dense layer or one convolution leads here.
    shortcut : bool
        Whether a way past the layer ends here, in a residual sum.
    free : bool
        Whether the sum reaches the next one as it is, and no operation stands on every way.
    divided : float
        Root mean square of the output, where the next branch divides by it (pre-LN); otherwise
        NaN.
    """

    name: str
    gradient: NDArray[np.float64]
    entry: float
    signal: float
    width: int
    weight_gradient: float = np.nan
    lost: float = 0.0
    operations: tuple[str, ...] = ()
    weights: Weights | None = None
    shortcut: bool = False
    free: bool = False
    divided: float = np.nan


@dataclass(frozen=True, eq=False)
class Steps:
    """The gradient that arrives at each time step of a recurrent layer's input.

    Attributes
    ----------
    name : str
        Of the layer.
    gradient : ndarray, shape (steps, n)
        log10 of the Euclidean norm of dLoss/dinput, first step first.
    width : int
        Units of the layer.
    cell : str
        ``"RNN"``, ``"LSTM"``, ``"GRU"``, or ``""`` for anything else.
    keeping_bias : float
        Mean bias of the gate that keeps the state: forget gate of an LSTM, update gate of a
        GRU; NaN for a layer without one.
    """

    name: str
    gradient: NDArray[np.float64]
    width: int
    cell: str = ""
    keeping_bias: float = np.nan


@dataclass(frozen=True)
class Units:
    """What the units of one hidden activation do with the samples.

    Attributes
    ----------
    name : str
        Of the activation, or of the layer in front of it.
    activation : str
    units : int
        Features, or channels of a convolution.
    dead : float
        Share of units of a rectifier that are 0 for every sample (and at every place).
    silent : float
        Share of samples for which all units of a rectifier are 0 (and at every place).
    saturated : float
        Share of all outputs where the slope is below 5 % of its maximum.
    on_path : bool
        Whether there is no way around it.
    before : str
        The layer in front of it; ``""`` where it was not seen.
    bias : float
        Mean of that layer's biases; 0 without them.
    mean, spread : float
        Mean and standard deviation of what that layer gives to the activation; NaN where it was
        not seen.
    entering, entering_mean : float
        Root mean square and mean of what goes into that layer; NaN where it was not seen.
    padded : bool
        Whether it reads a residual sum whose shortcut fills up channels with zeros.
    """

    name: str
    activation: str
    units: int
    dead: float = 0.0
    silent: float = 0.0
    saturated: float = 0.0
    on_path: bool = True
    before: str = ""
    bias: float = 0.0
    mean: float = np.nan
    spread: float = np.nan
    entering: float = np.nan
    entering_mean: float = np.nan
    padded: bool = False


@dataclass(frozen=True)
class Broken:
    """The first place where a number is infinite or not a number.

    Attributes
    ----------
    name : str
        A layer, a parameter, ``"the input"`` or ``"the loss"``.
    where : {"input", "parameter", "forward", "loss", "backward"}
    share : float
        Of the numbers there that are not finite.
    """

    name: str
    where: str
    share: float


@dataclass(frozen=True)
class Attention:
    """The gradients of the three matrices of one attention.

    Attributes
    ----------
    name : str
        Of the module.
    query, key, value : float
        Euclidean norm of the gradient of the weights.
    """

    name: str
    query: float
    key: float
    value: float


@dataclass(frozen=True)
class Update:
    """What one step of an optimiser does to the weights of one layer.

    Attributes
    ----------
    name : str
        Of the layer.
    relative : float
        Length of the step over the length of the weights.
    unchanged : float
        Share of the weights that have a gradient and that rounding leaves as they were.
    broken : float
        Share of the weights that the step makes infinite or not a number.
    """

    name: str
    relative: float
    unchanged: float
    broken: float = 0.0


def lost(changed: int, meant: int) -> float:
    """Return the share of weights that a step of training meant to change and left as they were.

    If it changed none of them, they may belong to another optimiser, and nothing is said.

    Examples
    --------
    >>> lost(25, 100), lost(0, 100)
    (0.75, 0.0)
    """
    return max(0.0, 1 - changed / meant) if changed and meant else 0.0


def starts_near_zero(length: float, units: int) -> bool:
    """Tell whether weights of so many units are too short for a step to be compared with them.

    Weights of 0 have no length, and learn: the first step makes them. So do weights of less than
    a hundredth of the length that keeps the signal, with variance 1 / fan_in. Such a start is
    meant: heads of fine-tuned models have it.

    Examples
    --------
    >>> starts_near_zero(0.05, 100), starts_near_zero(10.0, 100)
    (True, False)
    """
    return length < 0.01 * math.sqrt(units)


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


@dataclass(frozen=True, eq=False)
class Trace:
    """One pass forward and back through a model.

    Attributes
    ----------
    model : str
        Its name.
    framework : str
    precision : str
        The float type of the gradients, such as ``"float32"``.
    least, most : float
        The smallest and the largest positive number of that type.
    samples : int
    loss : float
    points : sequence of Point
        First layer first, without the last one, whose output is what the loss reads.
    output_gradient : float
        log10 of the gradient at the output of that last layer; -inf where it is zero, NaN where
        there is none.
    input_mean_square : float
        What theory begins with; NaN if unknown.
    steps : sequence of Steps
    units : sequence of Units
    broken : Broken or None
    without_gradient : tuple of str
        Parameters that are to learn and that the loss does not depend on.
    frozen : tuple of str
        Parameters that are not to learn.
    zero_weights : tuple of str
        Layers whose weights are all 0: they let no gradient pass before the first step.
    symmetric : tuple of str
        Layers whose units all have the same weights in front of them and behind them.
    normalised : bool
        Whether batch normalisation with the batch's own statistics stands on the path.
    notes : tuple of str
        What could not be followed, in sentences.
    cut : tuple of (str, str) or None
        The layers between which the gradient is cut off: the last one that it does not reach,
        and the next one, or ``"the loss"``.
    unused : tuple of str
        Layers with parameters that forward leaves out.
    attention : sequence of Attention
    optimizer : str
        The optimiser whose first step was looked at, with its learning rate; ``""`` without, and
        for a step of training that was watched.
    updates : sequence of Update
    """

    model: str
    framework: str
    precision: str
    least: float
    most: float
    samples: int
    loss: float
    points: Sequence[Point] = ()
    output_gradient: float = np.nan
    input_mean_square: float = np.nan
    steps: Sequence[Steps] = ()
    units: Sequence[Units] = ()
    broken: Broken | None = None
    without_gradient: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    zero_weights: tuple[str, ...] = ()
    symmetric: tuple[str, ...] = ()
    normalised: bool = False
    notes: tuple[str, ...] = ()
    cut: tuple[str, str] | None = None
    unused: tuple[str, ...] = ()
    attention: Sequence[Attention] = ()
    optimizer: str = ""
    updates: Sequence[Update] = ()
