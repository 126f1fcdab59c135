"""Models that are healthy, and models that are not, with what is wrong and where that is from.

`patient` says what a model of the zoo is; `healthy`, `unstable`, `broken` and `hard` list them;
the other modules have the networks.
"""

from zoo.broken import NUMBERS, SILENT, UNITS, frozen
from zoo.hard import HARD_HEALTHY, HARD_SICK
from zoo.healthy import DENSE, PICTURES, SEQUENCES
from zoo.parts import LastStep, chain, he, recurrent, remembering
from zoo.patient import Patient, cross_entropy, overlap
from zoo.pictures import resnet
from zoo.unstable import EXPLODING, VANISHING

HEALTHY = DENSE + PICTURES + SEQUENCES + HARD_HEALTHY
SICK = VANISHING + EXPLODING + UNITS + NUMBERS + SILENT + HARD_SICK
ZOO = HEALTHY + SICK

__all__ = [
    "HEALTHY",
    "SICK",
    "ZOO",
    "LastStep",
    "Patient",
    "chain",
    "cross_entropy",
    "frozen",
    "he",
    "overlap",
    "recurrent",
    "remembering",
    "resnet",
]
