"""Residual networks: blocks whose input goes past their layers, and is there again behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.networks import checks
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.layers import ActivationLayer, Dense, Layer
from vgtools.networks.network import Chain
from vgtools.networks.normalisation import normalisation_layer
from vgtools.networks.parameters import Parameter
from vgtools.networks.rectifiers import PReLU, RReLU, activation_layer
from vgtools.networks.shortcuts import SHORTCUTS, Shortcut, Sum, make_shortcut

MOST_LAYERS = 10**4
"""The most dense layers in the blocks of a network, for the sake of the memory."""


class Residual(Layer):
    """A block: layers, the branch, and a shortcut that leads x past them.

    Forward, with x of shape (n, units)::

        f = branch(x)
        y = x + f                         or what else the shortcut says

    Backward, from g = dLoss/dy::

        dLoss/dx = g + branch backward(g)

    The g stands there by itself. A branch may shrink the gradient to nothing: what arrives
    at x is still g. That is true of a sum; other shortcuts have other formulas.

    Source: He, Zhang, Ren and Sun (2016), doi 10.1007/978-3-319-46493-0_38.

    Parameters
    ----------
    branch : sequence of Layer
        At least one; together they keep the shape of x.
    shortcut : Shortcut, optional
        One of `vgtools.networks.shortcuts`; a plain `Sum` if it is left out.

    Attributes
    ----------
    output : ndarray or None
        y of the last forward pass.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> block = Residual([ActivationLayer("relu")])
    >>> block.forward(np.array([[-1.0, 2.0]]))
    array([[-1.,  4.]])
    >>> block.backward(np.array([[1.0, 1.0]]))
    array([[1., 2.]])
    """

    def __init__(self, branch: Sequence[Layer], shortcut: Shortcut | None = None) -> None:
        layers = isinstance(branch, Sequence) and all(isinstance(part, Layer) for part in branch)
        if not layers or len(branch) == 0:
            raise TypeError(f"branch must be a sequence of one layer or more, not {branch!r}")
        if not isinstance(shortcut, (Shortcut, type(None))):
            raise TypeError(f"shortcut must be a Shortcut such as Sum(), not {shortcut!r}")
        self.branch = list(branch)
        self.shortcut = Sum() if shortcut is None else shortcut
        self.output: NDArray | None = None

    def __repr__(self) -> str:
        return f"Residual({self.branch}, {self.shortcut})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return x + f, or what else the shortcut makes of x and f."""
        f = x = checks.as_array("the input", x)
        for layer in self.branch:
            f = layer.forward(f, training)
        if f.shape != x.shape:
            raise ValueError(f"{self} needs a branch that keeps the shape {x.shape}, not {f.shape}")
        self.output = self.shortcut.forward(x.astype(f.dtype, copy=False), f)
        return self.output

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, of the shape of x."""
        y = checks.from_forward(self, self.output)
        past, to_branch = self.shortcut.backward(
            checks.output_gradient(self, gradient, y.shape, y.dtype)
        )
        for layer in reversed(self.branch):
            to_branch = layer.backward(to_branch)
        return past + to_branch

    def parameters(self) -> list[Parameter]:
        """Return what the branch learns, and then what the shortcut learns."""
        of_branch = [parameter for layer in self.branch for parameter in layer.parameters()]
        return of_branch + self.shortcut.parameters()

    def inside(self) -> list[Layer]:
        """Return the block, and the layers of its branch."""
        return [self, *(inner for layer in self.branch for inner in layer.inside())]


class ScalarBias(Layer):
    """Add one number, the same for all units: what Fixup has in the place of biases.

    Forward::

        y = x + b

    Backward, from g = dLoss/dy::

        dLoss/db = sum of g over all entries
        dLoss/dx = g

    Source: Zhang, Dauphin and Ma (2019), arXiv:1901.09321.

    Parameters
    ----------
    dtype : float32 or float64
    name : str
        The name of the parameter.

    Attributes
    ----------
    bias : Parameter
        b, of shape (1,); it starts at 0.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = ScalarBias()
    >>> layer.bias.value[:] = 10.0
    >>> layer.forward(np.array([[1.0, 2.0]]))
    array([[11., 12.]])
    """

    def __init__(self, dtype: DTypeLike = np.float64, name: str = "scalar bias") -> None:
        self.bias = Parameter(name, np.zeros(1, checks.float_type(dtype)))
        self._shape: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        return "ScalarBias()"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return x + b, of the shape of x."""
        y = checks.floats("the input", x, self.bias.value.dtype) + self.bias.value
        self._shape = y.shape
        return y

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return g."""
        shape = checks.from_forward(self, self._shape)
        g = checks.output_gradient(self, gradient, shape, self.bias.value.dtype)
        self.bias.gradient[:] = np.sum(g)
        return g

    def parameters(self) -> list[Parameter]:
        """Return b."""
        return [self.bias]


def fixup(branch: Sequence[Layer], blocks: int, dtype: DTypeLike = np.float64) -> list[Layer]:
    """Start a branch as Fixup does: the last dense layer at 0, and the others smaller.

    With m dense layers in the branch, the weights of the others are multiplied by
    blocks**(-1 / (2m - 2)). A `ScalarBias` stands before each dense layer and activation.

    Source: Zhang, Dauphin and Ma (2019), arXiv:1901.09321.

    Parameters
    ----------
    branch : sequence of Layer
        With one dense layer or more, which change in place.
    blocks : int
        How many blocks the network has.
    dtype : float32 or float64

    Returns
    -------
    list of Layer

    Raises
    ------
    ValueError
        If the branch has no dense layer.

    Examples
    --------
    >>> fixup([ActivationLayer("relu"), Dense(2, 2)], blocks=9)
    [ScalarBias(), ActivationLayer('relu'), ScalarBias(), Dense(2, 2)]
    """
    found = [layer for layer in branch if isinstance(layer, Dense)]
    if not found:
        raise ValueError(f"branch must hold a dense layer, not {list(branch)}")
    *others, last = found
    for dense in others:
        dense.weight.value *= blocks ** (-1 / (2 * len(others)))
    last.weight.value[:] = 0
    layers: list[Layer] = []
    for layer in branch:
        if isinstance(layer, (ActivationLayer, Dense)):
            number = 1 + sum(isinstance(before, ScalarBias) for before in layers)
            layers.append(ScalarBias(dtype, f"scalar bias {number}"))
        layers.append(layer)
    return layers


class ResidualMLP(Chain):
    """Dense layers in residual blocks of one width, between a first and a last dense layer.

    Forward, for the blocks l = 1, ..., L::

        x_0 = x W_in + b_in                       (n, width)
        f_l = branch_l(x_(l-1))                   (n, width)
        x_l = x_(l-1) + f_l                       (n, width), or what else the shortcut says
        logits = x_L W_out + b_out                (n, outputs)

    A branch has `branch_layers` times: normalisation if there is any, activation, dense
    layer. This is the order of pre-activation: nothing stands on the way of the sum.

    What a block returns, x_l, for the input x of the block and f of its branch:

    ============== ============================ ==========================================
    ``shortcut``   x_l                          at the start
    ============== ============================ ==========================================
    ``"none"``     f                            the plain network of the same layers
    ``"sum"``      x + f                        E x_l**2 = 2 E x**2 if E f**2 = E x**2
    ``"scaled"``   x + f / sqrt(L)              E x_L**2 < e E x_0**2 if E f**2 = E x**2
    ``"skipinit"`` x + a f, with a learned      a = 0: the block is the identity
    ``"rezero"``   x + a f, with a learned      a = 0: the block is the identity
    ``"fixup"``    x + a f, with a learned      a = 1, last dense layer of the branch 0:
                                                the block is the identity
    ``"highway"``  t f + (1 - t) x, with a      t is small where `gate_bias` is far below 0
                   gate t = sigmoid(x W + b)
    ============== ============================ ==========================================

    The two formulas for means of squares hold where f and x are not correlated, as with new
    weights. They are means over the draws of the weights.

    - ``"sum"``: He, Zhang, Ren and Sun (2016), doi 10.1007/978-3-319-46493-0_38.
    - ``"skipinit"``: De and Smith (2020), arXiv:2002.10444, for networks that do without
      batch normalisation: a scalar at the end of each branch. It may also start at a small
      number.
    - ``"rezero"``: Bachlechner et al. (2020), arXiv:2003.04887. The formula and the start
      are those of SkipInit, and so is what is computed here. What differs is what it is
      for, residual layers of any kind, and where a stands: all branches of a transformer
      layer share one.
    - ``"fixup"``: Zhang, Dauphin and Ma (2019), arXiv:1901.09321; see `fixup`. There the
      last layer of the network starts at 0, too, and the layers of a branch have no other
      biases. Here they have, and the last layer of the network starts as `init` says: with
      0, no block would get a gradient at first.
    - ``"highway"``: Srivastava, Greff and Schmidhuber (2015), arXiv:1505.00387. It gates, it
      does not add; see `vgtools.networks.shortcuts.Highway`.

    Parameters
    ----------
    sizes : sequence of three int
        Features, the width of the blocks, outputs.
    blocks : int
        L.
    activation : str, Activation, PReLU or RReLU
        As for `MLP`.
    init : str or Initialiser
        How the weights start (see `initialiser`); biases start at zero.
    seed : int or numpy.random.Generator
        Where the weights come from. The same seed gives the same weights, whatever the
        activation, the normalisation and the shortcut (but for what Fixup makes of them).
    dtype : float32 or float64
        Kept through the whole network: inputs are converted to it.
    normalisation : None, "batch", "layer", "rms", "tanh" or "erf"
        As for `MLP`; in the branches alone.
    shortcut : str
        One of the table above.
    branch_layers : int
        How many dense layers a branch has.
    gate_bias : float
        Where the biases of the gates of ``"highway"`` start.

    Attributes
    ----------
    layers : list of Layer
        The first dense layer, the blocks, the last dense layer.
    blocks : list of Residual
        What diagnostics look at.
    dense : list of Dense
        All dense layers, those of the branches included and those of gates left out.
    hidden : list of ActivationLayer
        The activation layers: `branch_layers` of them in each block.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> network = ResidualMLP([2, 3, 1], blocks=2, shortcut="rezero")
    >>> x = np.array([[0.5, -1.0], [2.0, 0.0]])
    >>> logits = network.forward(x)
    >>> first, last = network.dense[0], network.dense[-1]
    >>> bool(np.all(logits == last.forward(first.forward(x))))
    True
    >>> [parameter.name for parameter in network.parameters()][4:6]
    ['block 1 shortcut multiplier', 'block 2 dense 1 weight']
    """

    def __init__(
        self,
        sizes: Sequence[int],
        blocks: int,
        activation: str | Activation | PReLU | RReLU = "relu",
        init: str | Initialiser = "he",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        normalisation: str | None = None,
        shortcut: str = "sum",
        branch_layers: int = 1,
        gate_bias: float = -2.0,
    ) -> None:
        self.sizes = _three(sizes)
        features, width, outputs = self.sizes
        blocks, branch_layers = _depth(blocks, branch_layers, width)
        self.dtype = checks.float_type(dtype)
        self.init = initialiser(init)
        self.shortcut = checks.one_of("shortcut", shortcut, SHORTCUTS)
        gate_bias = checks.fitting("gate_bias", gate_bias, self.dtype)
        rng = checks.generator(seed)

        self.layers: list[Layer] = [Dense(features, width, self.init, rng, self.dtype, "dense in")]
        for number in range(1, blocks + 1):
            branch: list[Layer] = []
            for part in range(1, branch_layers + 1):
                branch += normalisation_layer(normalisation, width, part, self.dtype)
                branch.append(activation_layer(activation, width, part, rng, self.dtype))
                branch.append(Dense(width, width, self.init, rng, self.dtype, f"dense {part}"))
            if shortcut == "fixup":
                branch = fixup(branch, blocks, self.dtype)
            # A stream of their own: the weights are the same with and without gates.
            gates = rng.spawn(1)[0] if shortcut == "highway" else rng
            joined = make_shortcut(shortcut, width, blocks, gate_bias, self.init, gates, self.dtype)
            block = Residual(branch, joined)
            for parameter in block.parameters():
                parameter.name = f"block {number} {parameter.name}"
            self.layers.append(block)
        self.layers.append(Dense(width, outputs, self.init, rng, self.dtype, "dense out"))

    def __repr__(self) -> str:
        activation = self.hidden[0].activation.name
        return (
            f"ResidualMLP({list(self.sizes)}, blocks={len(self.blocks)}, "
            f"activation={activation!r}, init={self.init}, shortcut={self.shortcut!r})"
        )

    @property
    def blocks(self) -> list[Residual]:
        """The residual blocks: L of them."""
        return self.layers[1:-1]


def _three(sizes: Sequence[int]) -> tuple[int, int, int]:
    widths = checks.sizes(sizes)
    if len(widths) != 3:
        raise ValueError(
            f"sizes must be three widths, features, blocks and outputs, not {list(widths)}"
        )
    return widths


def _depth(blocks: int, branch_layers: int, width: int) -> tuple[int, int]:
    blocks = checks.count("blocks", blocks)
    branch_layers = checks.count("branch_layers", branch_layers)
    layers = blocks * branch_layers
    if layers > MOST_LAYERS:
        raise ValueError(f"blocks times branch_layers must be at most {MOST_LAYERS}, not {layers}")
    if layers * width**2 > checks.MOST_WEIGHTS:
        raise ValueError(
            f"blocks times branch_layers times sizes[1] squared must be at most "
            f"{checks.MOST_WEIGHTS}, not {layers * width**2}"
        )
    return blocks, branch_layers
