"""A parametrisation whose steps change a wide network as much as a narrow one."""

from __future__ import annotations

import math

from vgtools.networks import checks
from vgtools.networks.mlp import MLP

RULES = ["sgd", "adam"]
"""The optimisers whose rates are known."""


def maximal_update(network: MLP, base: int, optimiser: str = "adam") -> MLP:
    """Change a fresh network and its rates from the standard to the maximal update form.

    With r = width / base, where all hidden layers have the same width:

    ===================== ============= ============= ==============
    parameter             at the start  SGD, rate     Adam, rate
    ===================== ============= ============= ==============
    first weights         as they are   times r       times 1
    weights between       as they are   times 1       divided by r
    last weights          / sqrt(r)     divided by r  divided by r
    one number per unit   as they are   times r       times 1
    last biases           as they are   times 1       times 1
    ===================== ============= ============= ==============

    "One number per unit" are the biases of hidden layers, and scale, shift or gain of a
    normalisation. The variance of the weights must be proportional to 1/fan_in, as in the
    recipes ``"lecun"`` and ``"he"``. The rates are kept in `Parameter.rate_factor`. At the
    width `base` nothing changes.

    Source: Yang et al. (2022), arXiv:2203.03466; the form without multipliers.

    Parameters
    ----------
    network : MLP
        Not trained yet; it is changed in place.
    base : int
        The width at which the learning rate was chosen.
    optimiser : {"sgd", "adam"}
        With "sgd", with or without momentum.

    Returns
    -------
    MLP
        The same network.

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above, the hidden layers differ in width, there is
        none, or a parameter has no rule.

    Examples
    --------
    >>> network = maximal_update(MLP([3, 8, 8, 2], init="lecun"), base=4)
    >>> [parameter.rate_factor for parameter in network.parameters()]
    [1.0, 1.0, 0.5, 1.0, 0.5, 1.0]
    """
    if not isinstance(network, MLP):
        raise TypeError(f"network must be an MLP, not {type(network).__name__}")
    base = checks.count("base", base)
    checks.one_of("optimiser", optimiser, RULES)
    widths = set(network.sizes[1:-1])
    if len(widths) != 1:
        raise ValueError(f"network must have hidden layers of one width, not {network.sizes}")
    r = widths.pop() / base
    sgd = optimiser == "sgd"

    first, *between, last = network.dense
    factors = {first.weight.key: r if sgd else 1.0, last.weight.key: 1 / r, last.bias.key: 1.0}
    factors |= {dense.weight.key: 1.0 if sgd else 1 / r for dense in between}
    for parameter in network.parameters():
        if parameter.key not in factors and parameter.value.shape != (network.sizes[1],):
            raise ValueError(f"{parameter.name} has no rule: it is not one number per unit")
    for parameter in network.parameters():
        parameter.rate_factor = factors.get(parameter.key, r if sgd else 1.0)
    last.weight.value /= math.sqrt(r)
    return network
