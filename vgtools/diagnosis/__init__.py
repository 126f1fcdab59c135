"""The gradient of a network of one's own: what is wrong, why, and what to do.

In order: `trace` says what is measured, whatever the framework; `frameworks` chooses who
measures it: `pytorch`, `keras` or `book`. `judging` says whether a change along a path is more
than a healthy network can have, `expected` what theory makes of the weights, and `recipes` which
weights an activation needs. `finding` is one thing that is wrong, in the words of
`findings.toml`, `chapters` where the book explains it, and `findings` looks for all of them, with
`unit_findings` and `path_findings`. `diagnosis` is one call and its answer, which `page` shows
in a notebook; `watching` is the call around a training loop, which `watch_figure` draws.
"""

from vgtools.diagnosis.diagnosis import Diagnosis, UnhealthyError, diagnose
from vgtools.diagnosis.finding import Finding
from vgtools.diagnosis.watching import Watch, watch

__all__ = ["Diagnosis", "Finding", "UnhealthyError", "Watch", "diagnose", "watch"]
