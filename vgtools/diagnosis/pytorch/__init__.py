"""A PyTorch module, followed forward and back. Only a reader who has PyTorch loads this.

In order: `state` keeps the model as it was, `inputs` checks what was given, `forward` records
the layers, `graph` finds the path that everything takes, `backward` measures the gradient on
it, and `following` puts the three together.
"""
