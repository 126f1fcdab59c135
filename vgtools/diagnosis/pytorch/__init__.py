"""A PyTorch module, followed forward and back. Only a reader who has PyTorch loads this.

In order: `state` keeps the model as it was, `inputs` checks what was given, `forward` records
the layers, `graph` finds the path that everything takes, `backward` measures the gradient on
it, `units`, `reach` and `training_step` look at units, at parameters that get no gradient and
at the step that would follow, and `following` puts them together.
"""
