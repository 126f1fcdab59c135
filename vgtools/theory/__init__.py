"""What the mathematics predicts, to be drawn beside what is measured.

`moments` integrates over the activation, `mean_field` follows the result through the
layers, `criticality` follows two inputs and finds the line between order and chaos, and
`bounds` limits how a gradient can grow or shrink.
"""

from vgtools.theory.bounds import error_flow_bound, escape_width, jacobian_bound
from vgtools.theory.criticality import (
    chi,
    correlation_map,
    critical_point,
    critical_weight_std,
    depth_scale,
    fixed_variance,
    length_map,
)
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
    "chi",
    "correlation_map",
    "critical_point",
    "critical_weight_std",
    "depth_scale",
    "error_flow_bound",
    "escape_width",
    "factor_per_layer",
    "fixed_variance",
    "jacobian_bound",
    "length_map",
    "matched_gain",
    "mean_field",
    "normal_mean",
    "second_moments",
    "slope_per_layer",
]
