"""The gradient of a network of one's own: what is wrong, why, and what to do.

In order: `trace` says what is measured, whatever the framework; `pytorch` and `book` measure
it; `judging` says whether a change along a path is more than a healthy network can have;
`expected` what theory makes of the weights; `recipes` which weights an activation needs, and
`chapters` where the book explains what. `finding` is one thing that is wrong, `findings` looks
for all of them, with `unit_findings`, `path_findings` and `step_findings`; `diagnosis` is the
answer, `page` shows it in a notebook, and `entry` is the one call.
"""

from vgtools.diagnosis.diagnosis import Diagnosis, UnhealthyError
from vgtools.diagnosis.entry import diagnose
from vgtools.diagnosis.finding import Finding

__all__ = ["Diagnosis", "Finding", "UnhealthyError", "diagnose"]
