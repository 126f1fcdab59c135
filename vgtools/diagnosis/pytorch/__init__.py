"""A PyTorch module, followed forward and back. Only a reader who has PyTorch loads this.

In order: `state` keeps the model as it was, `inputs` checks what was given, `forward` records
the layers, `graph` finds the path that everything takes, `backward` measures the gradient on
it, `layers` and `units` say what a layer is made of and what its units do, `training_step` what
the next step would change. `following` puts them together, and `watching` does so while the
module is trained.
"""

from vgtools.diagnosis.pytorch.following import follow
from vgtools.diagnosis.pytorch.watching import Watcher

__all__ = ["Watcher", "follow"]
