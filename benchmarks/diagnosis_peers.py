"""What other tools say about a model, in the words of `vgtools.diagnosis`.

Each is used as its documentation says, with the thresholds that it ships with::

    pip install torchdiag==0.1.0 traintools==0.6.2 torchlens==2.36.1

torchdiag
    `check_gradients` after the way back, `check_dead_neurons` (what it calls critical), and
    whether the loss is finite, as `verify_step` looks at it.
traintools
    `GradientHealthMonitor.inspect` without its optional learning rate and clipping, and the
    layers that `PlasticityProbe` flags as dormant.
torchlens
    `gradient_flow_audit_rows` of a trace, told that the loss has no scale of mixed precision,
    and `find_nan` where the loss is not finite.
SageMaker
    The rules VanishingGradient, ExplodingTensor, DeadRelu and SaturatedActivation of SageMaker
    Debugger run inside its service only; here are their documented thresholds, on the same
    numbers (docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html).

Not here, because they give no verdict about one model: anyinit 0.4.0 sets weights and judges the
activations then, so it never sees those of the model; torchexplorer 1.1.2, dead-relu-viz 0.1.0,
cockpit-for-pytorch 1.0.2 and `wandb.watch` draw (cockpit also needs `pkg_resources`, which
setuptools has no longer); nndiagnostics 0.1.9 writes statistics, and of its own looks only for
numbers that are not finite; opguard 0.1.0 compares two runs; hyperassist 0.0.3 reads the log of
a training; pulseml 1.3.14 watches a training with a language model; smdebug 1.0.34 has the hooks
of SageMaker Debugger and not its rules.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import NamedTuple

import torch
from torch import nn

from vgtools.diagnosis import diagnose


class Found(NamedTuple):
    """One finding, as `vgtools.diagnosis.Finding` names it."""

    kind: str
    layers: tuple[str, ...]


class Tool(NamedTuple):
    """A package, and the function that judges a model with several losses."""

    package: str | None
    judge: Callable[[nn.Module, tuple, Sequence[Callable]], list[list[Found]]]


def missing(tool: str) -> str:
    """Return which package a tool needs and has not, or nothing."""
    package = TOOLS[tool].package
    return f"pip install {package}" if package and find_spec(package) is None else ""


def call(model, inputs):
    return model(*inputs) if isinstance(inputs, tuple) else model(inputs)


def own(model, batch, losses):
    return [list(diagnose(model, batch, loss).findings) for loss in losses]


def with_gradients(judge):
    """Send each loss back through the model, and pass the model on with its gradients."""

    def judged(model, batch, losses):
        answers = []
        for loss in losses:
            model.zero_grad(set_to_none=True)
            value = loss(call(model, batch[0]), batch[1])
            if value.grad_fn is not None:
                value.backward()
            answers.append(gathered(judge(model, batch[0], float(value.detach()))))
        return answers

    return judged


def gathered(found) -> list[Found]:
    """Put findings of one kind together, in the order in which they came."""
    layers: dict[str, dict[str, None]] = {}
    for kind, layer in found:
        layers.setdefault(kind, {})[layer] = None
    return [Found(kind, tuple(names)) for kind, names in layers.items()]


def layer_of(parameter: str) -> str:
    return parameter.rpartition(".")[0] or parameter


def torchdiag(model, x, loss):
    import torchdiag

    if not math.isfinite(loss):
        yield "non-finite values", "the loss"
    kinds = {"VANISH": "vanishing", "EXPLODE": "exploding", "no_grad": "no gradient"}
    with contextlib.redirect_stdout(io.StringIO()):
        gradients = torchdiag.check_gradients(model)
        dead = torchdiag.check_dead_neurons(model, x) if isinstance(x, torch.Tensor) else {}
    if not gradients:  # what `summary` says
        yield "no gradient", "every layer"
    for name, each in gradients.items():
        if each["status"] in kinds:
            yield kinds[each["status"]], layer_of(name)
    for name, each in dead.items():
        if each["dead_pct"] > 50:
            yield "dead units", name


def traintools(model, x, loss):
    from traintools import GradientHealthMonitor, PlasticityProbe

    words = {
        "non-finite": "non-finite values",
        "appears vanished": "vanishing",
        "very large": "exploding",
        "no gradients found": "no gradient",
    }
    for warning in GradientHealthMonitor().inspect(model).warnings:
        for word, kind in words.items():
            if word in warning:
                yield kind, layer_of(warning.split()[0])
    probe = PlasticityProbe(model)
    with torch.no_grad():
        call(model, x)
    for layer in probe.measure().layers:
        if any(flag.startswith("DORMANT") for flag in layer.flags):
            yield "dead units", layer.name
    probe.remove_hooks()


def torchlens(model, batch, losses):
    """Trace the model once, and send every loss back through the trace."""
    import torchlens as tl

    x, y = batch
    arguments = list(x) if isinstance(x, tuple) else x
    capture = tl.options.CaptureOptions(save_grads=True)
    trace = tl.trace(model, arguments, capture=capture)
    outputs = [trace[label].out for label in trace.output_layers]
    output = outputs[0] if len(outputs) == 1 else tuple(outputs)
    values = [loss(output, y) for loss in losses]
    kinds = {
        "vanishing": "vanishing",
        "exploding": "exploding",
        "dead": "no gradient",
        "nonfinite": "non-finite values",
    }
    answers, passes = [], 0
    for value in values:
        if not torch.isfinite(value):
            first = tl.debug.find_nan(model, arguments)
            answers.append([Found("non-finite values", (first.module_address or "the loss",))])
            continue
        if value.grad_fn is None:
            answers.append([Found("no gradient", ("every layer",))])
            continue
        trace.log_backward(value, retain_graph=True)
        passes += 1
        rows, _ = tl.debug.gradient_flow_audit_rows(trace, bwd=passes, grad_scale=1.0)
        found = [(r["verdict"], r["module"] or "") for r in rows]
        answers.append(gathered((kinds[word], module) for word, module in found if word in kinds))
    return answers


def sagemaker(model, x, loss):
    if not math.isfinite(loss):
        yield "non-finite values", "the loss"
    for name, parameter in model.named_parameters():
        gradient = parameter.grad
        if gradient is None:
            continue
        if not torch.isfinite(gradient).all():
            yield "non-finite values", layer_of(name)
        elif gradient.abs().mean() < 1e-7:
            yield "vanishing", layer_of(name)
    limits = {nn.ReLU: (0.0, math.inf), nn.Tanh: (-9.4999, 9.4999), nn.Sigmoid: (-23.0, 16.99999)}
    seen, handles = {}, []
    for name, module in model.named_modules():
        if type(module) in limits:
            low, high = limits[type(module)]
            seen[name] = [0, 0, type(module)]

            def look(module, inputs, output, name=name, low=low, high=high):
                before = output if isinstance(module, nn.ReLU) else inputs[0]
                active = ((before > low) & (before < high)).flatten(1).double()
                share = active.mean(dim=0)
                seen[name][:2] = int((share < 0.01).sum()), len(share)

            handles.append(module.register_forward_hook(look))
    with torch.no_grad():
        call(model, x)
    for handle in handles:
        handle.remove()
    for name, (off, units, kind) in seen.items():
        if off > 0.5 * units:
            yield "dead units" if kind is nn.ReLU else "saturated units", name


TOOLS = {
    "diagnose": Tool(None, own),
    "torchdiag": Tool("torchdiag", with_gradients(torchdiag)),
    "traintools": Tool("traintools", with_gradients(traintools)),
    "SageMaker": Tool(None, with_gradients(sagemaker)),
    "torchlens": Tool("torchlens", torchlens),
}
