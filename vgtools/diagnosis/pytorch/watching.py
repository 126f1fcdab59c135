"""A PyTorch module is watched while a loop of the reader's own trains it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial

import torch
from torch import nn

from vgtools.diagnosis.judging import power
from vgtools.diagnosis.pytorch import backward, forward, inputs
from vgtools.diagnosis.pytorch.following import Pass, Source, broken_before
from vgtools.diagnosis.pytorch.forward import norm
from vgtools.diagnosis.trace import Broken, Update, lost, starts_near_zero
from vgtools.diagnosis.watching import Moment, Rows


class Watcher:
    """Measures every so many forward passes of a module, and changes nothing of the training.

    Between the watched passes one hook counts. A watched pass begins with the forward pass:
    its layers and its output get hooks, and the weights are copied. It ends at the next forward
    pass that finds the weights changed, or when the watch ends.

    Parameters
    ----------
    model : torch.nn.Module
        What the reader calls.
    every : int
    inside : torch.nn.Module, optional
        Whose named modules are watched, if it is not the model itself.
    source : Source, optional
        Without it, a module of PyTorch.

    Attributes
    ----------
    moments : list of Moment
    called : set of str
        Layers that a watched pass called, or a later one after a watched one had left them out.
    """

    def __init__(
        self,
        model: nn.Module,
        every: int,
        inside: nn.Module | None = None,
        source: Source | None = None,
    ) -> None:
        if _compiled(model):
            raise TypeError(
                "model must be a module that PyTorch runs line by line: inside of a compiled one "
                "nothing can be seen. Watch it without torch.compile"
            )
        self.model, self.every = model, every
        self.inside = inputs.check_model(model if inside is None else inside)
        self.source = source or Source(type(model).__name__)
        self.title = f"{self.source.model} ({self.source.framework})"
        self.moments: list[Moment] = []
        self.called: set[str] = set()
        self._awaited: set[str] = set()
        self.passes = 0
        self._open: _Watched | None = None
        self._due = False
        self._hooks = ExitStack()

    def start(self) -> None:
        """Begin to count."""
        hook = self.model.register_forward_pre_hook(self._begins, with_kwargs=True)
        self._hooks.callback(hook.remove)

    def stop(self) -> None:
        """Take every hook away."""
        self._hooks.close()
        if self._open is not None:
            self._close(self._open.changed())

    def counts(self, keywords: Mapping) -> bool:
        """Tell whether a forward pass belongs to training."""
        return self.model.training and torch.is_grad_enabled()

    def _begins(self, module: nn.Module, arguments: tuple, keywords: dict) -> None:
        if not self.counts(keywords):
            return
        number = self.passes
        self.passes += 1
        new = number % self.every == 0
        if self._open is not None:
            changed = self._open.changed()
            if changed or new or not self._open.came_back:
                self._close(changed)
        if new or self._due:
            self._due = False
            self._open = _Watched(self, number, [arguments, keywords])

    def _close(self, changed: bool) -> None:
        closing, self._open = self._open, None
        closing.hooks.close()
        if closing.came_back:
            moment = closing.moment(changed)
            self.moments.append(moment)
            self.called |= {call.name for call in closing.record.calls}
            self._await(set(moment.trace.unused) - self.called - self._awaited)
        else:  # no gradient came back from this pass: the next one is watched in its place
            self._due = True

    def _await(self, unused: set[str]) -> None:
        """See whether a later pass of the training calls layers that one left out."""
        if not unused:
            return

        def calls(name: str, module: nn.Module, given: tuple) -> None:
            if module.training:
                self.called.add(name)
                hooks[name].remove()

        hooks = {}
        for name, module in self.inside.named_modules():
            if (name := forward.shown(name, module)) in unused:
                hooks[name] = module.register_forward_pre_hook(partial(calls, name))
                self._hooks.callback(hooks[name].remove)
        self._awaited |= unused


class _Watched(Pass):
    """One watched pass: forward, back, and the step that follows.

    Attributes
    ----------
    before : dict of str to Tensor
        The parameters that are to learn, before the step.
    arrived : dict of node to Arrived
        At the places of the path, and at other layers with weights.
    sizes : dict of str to (float, float)
        Of the gradient of each parameter, as in `Pass.trace`.
    read : dict of int to Tensor
        The gradient of what each recurrent layer read.
    meant : dict of str to int
        How many entries of the gradient are not 0, for each matrix of 16 bits: so many weights a
        step means to change, or more.
    updates : list of Update
        What the step did to the weights of each layer.
    """

    def __init__(self, watcher: Watcher, number: int, given: list) -> None:
        super().__init__(watcher.inside, inputs.batch_size(given, None), watcher.source)
        self.number, self.given = number, given
        self.before = {name: each.detach().clone() for name, each in self.learning.items()}
        self.broken: Broken | None = None
        self.nothing_to_come = False
        self.arrived: backward.Arrivals = {}
        self.sizes: dict[str, tuple[float, float]] = {}
        self.read: dict[int, torch.Tensor] = {}
        self.meant: dict[str, int] = {}
        self.updates: list[Update] = []
        self.hooks = ExitStack()
        self.record = self.hooks.enter_context(forward.recording(self.model))
        # Hooks run in this order: a model that is one layer is recorded before this one.
        self._hook(watcher.model.register_forward_hook, self._returns)

    @property
    def came_back(self) -> bool:
        """Whether anything came back, or it is known that nothing will, which is the finding."""
        return self.nothing_to_come or bool(self.arrived or self.sizes)

    def _hook(self, register: Callable, hook: Callable) -> None:
        self.hooks.callback(register(hook).remove)

    def _returns(self, module: nn.Module, arguments: tuple, output: object) -> None:
        """Look at the way forward, and wait for the way back."""
        self.hooks.close()
        made = [each for each in inputs.tensors(output) if each.is_floating_point()]
        if self.record.broken is not None:
            self.broken = broken_before(self.given, self.before.items()) or self.record.broken
        self.given = None
        learning = [each for each in made if each.grad_fn is not None]
        self.nothing_to_come = self.broken is not None or (bool(made) and not learning)
        if self.nothing_to_come or not learning:
            return
        root = learning[0] if len(learning) == 1 else sum(each.sum() for each in learning)
        self.look(root.grad_fn, [root.grad_fn])
        layers = [node for call in self.record.calls if call.weighted for node in call.nodes]
        nodes = list(dict.fromkeys([*self.nodes, *layers]))
        listening = backward.listening(nodes, self.samples, counted=False)
        self.arrived = self.hooks.enter_context(listening)
        for name, parameter in self.learning.items():
            self.hooks.callback(_forget_hooks, parameter)  # once the hook is gone
            self._hook(parameter.register_hook, partial(self._at_parameter, name))
        for index, (_, _, read) in enumerate(self.record.sequences):
            self._hook(read.register_hook, partial(self._at_read, index))

    def _at_parameter(self, name: str, gradient: torch.Tensor) -> None:
        if name not in self.sizes:
            self.sizes[name] = backward.size(gradient)
            if gradient.ndim > 1 and gradient.dtype.itemsize < 4:
                entries = gradient.coalesce().values() if gradient.is_sparse else gradient
                self.meant[name] = int(torch.count_nonzero(entries))

    def _at_read(self, index: int, gradient: torch.Tensor) -> None:
        self.read.setdefault(index, gradient.detach().clone())

    def changed(self) -> bool:
        """Tell whether a step has changed the weights since this pass began."""
        return any(
            not torch.equal(self.learning[name].detach(), self.before[name])
            for name in self.learning
        )

    def moment(self, changed: bool) -> Moment:
        """Return what was measured; without a step there is no update."""
        unknown = torch.tensor(math.nan)
        read = [self.read.get(index) for index in range(len(self.record.sequences))]
        rows = self._rows(changed)
        updates = tuple(self.updates)
        found = self.trace(
            unknown, self.broken, self.arrived, None, self.sizes, read, updates=updates
        )
        return Moment(self.number, rows, found)

    def _rows(self, changed: bool) -> Rows:
        rows: Rows = {}
        nodes: dict[str, list] = {}
        activations = {each.name for each in self.units}
        for call in self.record.calls:
            if call.weighted or call.name in activations:
                rows.setdefault(call.name, {})["signal"] = call.signal
            if call.weighted:
                nodes.setdefault(call.name, []).extend(dict.fromkeys(call.nodes))
        for name, own in nodes.items():
            found = [power(self.arrived[node].total) for node in own if node in self.arrived]
            if found:
                rows[name]["gradient"] = math.hypot(*found) / math.sqrt(self.samples)
        self._add_weights(rows, changed)
        for each in self.units:
            row = rows.setdefault(each.name, {})
            seen = "dead" if each.activation == "relu" else "saturated"
            row[seen] = max(getattr(each, seen), row.get(seen, 0.0))
        return rows

    def _add_weights(self, rows: Rows, changed: bool) -> None:
        """Add the norm of the gradient of each layer's matrices, and their relative change."""
        for layer, module in {c.name: c.module for c in self.record.calls if c.weighted}.items():
            own = [name for name in self.matrices(module) if name in self.learning]
            if not own:
                continue
            gradients = [self.sizes[name][0] for name in own if name in self.sizes]
            if gradients:
                rows[layer]["weight_gradient"] = math.hypot(*gradients)
            length = math.hypot(*(norm(self.before[name]) for name in own))
            if changed and length:
                steps = [self.learning[name].detach() - self.before[name] for name in own]
                relative = rows[layer]["update"] = math.hypot(*map(norm, steps)) / length
                units = sum(self.before[name].shape[self.source.units_axis] for name in own)
                if not starts_near_zero(length, units):
                    meant = sum(self.meant.get(name, 0) for name in own)
                    moved = sum(int(torch.count_nonzero(each)) for each in steps) if meant else 0
                    self.updates.append(Update(layer, relative, lost(moved, meant)))


def _forget_hooks(parameter: nn.Parameter) -> None:
    """Take away an empty table of hooks: each step would call into it, for 1 % of a small step."""
    if not parameter._backward_hooks:
        parameter._backward_hooks = None


def _compiled(model: nn.Module) -> bool:
    if hasattr(model, "_orig_mod"):
        return True
    return any(getattr(each, "_compiled_call_impl", None) for each in model.modules())
