"""What the mathematics predicts, to be drawn beside what is measured.

`moments` integrates over the activation, `mean_field` follows the result through the
layers, and `bounds` limits how a gradient can grow or shrink.
"""

from vgtools.theory.bounds import error_flow_bound, escape_width, jacobian_bound
from vgtools.theory.mean_field import (
    MeanField,
    backward_factor,
    batch_norm_factor,
    factor_per_layer,
    mean_field,
    slope_per_layer,
)
from vgtools.theory.moments import matched_gain, normal_mean, second_moments

__all__ = [
    "MeanField",
    "backward_factor",
    "batch_norm_factor",
    "error_flow_bound",
    "escape_width",
    "factor_per_layer",
    "jacobian_bound",
    "matched_gain",
    "mean_field",
    "normal_mean",
    "second_moments",
    "slope_per_layer",
]
