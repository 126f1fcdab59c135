"""Models that are healthy, and models that are not, with what is wrong and where that is from.

`patient` says what a model of the zoo is; `healthy`, `unstable` and `broken` list them; the
other modules have the networks.
"""

from zoo.broken import NUMBERS, SILENT, UNITS
from zoo.healthy import HEALTHY
from zoo.parts import LastStep, chain, he, recurrent, remembering
from zoo.patient import Patient, cross_entropy, overlap
from zoo.pictures import resnet
from zoo.unstable import EXPLODING, VANISHING

SICK = VANISHING + EXPLODING + UNITS + NUMBERS + SILENT
ZOO = HEALTHY + SICK

__all__ = [
    "HEALTHY",
    "SICK",
    "ZOO",
    "LastStep",
    "Patient",
    "chain",
    "cross_entropy",
    "he",
    "overlap",
    "recurrent",
    "remembering",
    "resnet",
]
