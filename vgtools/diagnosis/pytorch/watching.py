"""A PyTorch module is watched while a loop of the reader's own trains it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import torch
from torch import nn

from vgtools.diagnosis.judging import together
from vgtools.diagnosis.moments import Moment, Row
from vgtools.diagnosis.pytorch import backward, following, forward, graph, inputs, reach
from vgtools.diagnosis.pytorch.units import units_of
from vgtools.diagnosis.trace import Broken, Point, Steps, Trace, Weights


class ModuleWatcher:
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

    Attributes
    ----------
    moments : list of Moment
    passes : int
        How many forward passes in training there were.
    """

    framework = "PyTorch"

    def __init__(self, model: nn.Module, every: int, inside: nn.Module | None = None) -> None:
        if isinstance(model, torch.jit.ScriptModule) or _compiled(model):
            raise TypeError(
                "model must be a module that PyTorch runs line by line: inside of a compiled or "
                "scripted one nothing can be seen. Watch it without torch.compile"
            )
        self.model, self.every = model, every
        self.inside = inputs.check_model(model if inside is None else inside)
        self.name = type(model).__name__
        self.moments: list[Moment] = []
        self.passes = 0
        self._open: _Pass | None = None
        self._due = False
        self._handles: list = []

    def start(self) -> None:
        """Begin to count."""
        self._handles = [self.model.register_forward_pre_hook(self._begins, with_kwargs=True)]

    def stop(self) -> None:
        """Take every hook away."""
        for handle in self._handles:
            handle.remove()
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
            if changed or new or not self._open.arrived:
                self._close(changed)
        if new or self._due:
            self._due = False
            self._open = _Pass(self, number, [arguments, keywords])
            # Behind the hook that records the model, should it be one layer alone.
            self._open.handles.append(self.model.register_forward_hook(self._ends))

    def _close(self, changed: bool) -> None:
        closing, self._open = self._open, None
        closing.remove()
        if closing.arrived:
            self.moments.append(closing.moment(changed))
        else:  # nobody went back from this pass: the next one is watched in its place
            self._due = True

    def _ends(self, module: nn.Module, arguments: tuple, output: object) -> None:
        if self._open is not None and self._open.record.active:
            self._open.look(output)


class _Pass:
    """One watched pass: forward, back, and the step that follows."""

    def __init__(self, watcher: ModuleWatcher, number: int, given: list) -> None:
        self.watcher, self.number, self.model = watcher, number, watcher.inside
        self.samples = inputs.batch_size(given, None)
        self.given = given
        named = dict(self.model.named_parameters())
        self.frozen = tuple(name for name, each in named.items() if not each.requires_grad)
        self.learning = {name: each for name, each in named.items() if each.requires_grad}
        with torch.no_grad():
            self.before = [each.detach().clone() for each in self.learning.values()]
        self.arrived = False  # whether anything came back
        # Tensors until the pass is over, so that nothing waits for them.
        self.at_places: dict[int, tuple[torch.Tensor, torch.dtype, int]] = {}
        self.at_calls: dict[object, list[torch.Tensor]] = {}
        self.at_weights: dict[str, torch.Tensor] = {}
        self.at_reads: dict[int, torch.Tensor] = {}
        self.places: list[graph.Place] = []
        self.units: list = []
        self.zero_weights: tuple[str, ...] = ()
        self.broken: Broken | None = None
        self.handles: list = []
        self._recording = forward.recording(self.model)
        self.record = self._recording.__enter__()

    def remove(self) -> None:
        """Take the hooks away; the graph may go."""
        if self._recording is not None:
            self._recording.__exit__(None, None, None)
            self._recording = None
        for handle in self.handles:
            handle.remove()
        self.handles = []

    def look(self, output: object) -> None:
        """Look at the way forward, and wait for the way back."""
        self.remove()
        made = [each for each in inputs.tensors(output) if each.is_floating_point()]
        self.broken = self._broken_forward() if self.record.broken is not None else None
        self.given = None
        learning = [each for each in made if each.grad_fn is not None]
        if self.broken is not None or (made and not learning):
            self.arrived = True  # nothing will come back, and that is the finding
            return
        if not learning:
            return
        root = learning[0] if len(learning) == 1 else sum(each.sum() for each in learning)
        self.places = graph.places(root.grad_fn, self.record.calls)
        last = getattr(self.model, "channels_last", False)
        self.units = units_of(
            [root.grad_fn], self.record.calls, self.places, self.samples, channels_last=last
        )
        self.zero_weights = tuple(self._zero_weights())
        self._wait()

    def _wait(self) -> None:
        of_places = {place.node for place in self.places}
        for index, place in enumerate(self.places):
            self.handles.append(place.node.register_prehook(self._at_place(index)))
        for call in self.record.calls:
            for node in dict.fromkeys(call.nodes if call.weighted else ()):
                if node not in of_places:
                    self.handles.append(node.register_prehook(self._at_call(node)))
        for name, parameter in self.learning.items():
            self.handles.append(parameter.register_hook(self._at_weight(name)))
        for index, (_, _, read) in enumerate(self.record.sequences):
            self.handles.append(read.register_hook(self._at_read(index)))

    def _at_place(self, index: int) -> Callable:
        def hook(gradients: tuple) -> None:
            there = [each.detach() for each in gradients if each is not None]
            if not there or index in self.at_places:
                return
            self.arrived = True
            rows = [backward.by_sample(each, self.samples) for each in there]
            if len({len(each) for each in rows}) > 1:
                rows = [each.reshape(1, -1) for each in rows]
            whole = rows[0] if len(rows) == 1 else torch.cat(rows, dim=1)
            self.at_places[index] = (_norm(whole, 1), whole.dtype, whole.numel())

        return hook

    def _at_call(self, node: object) -> Callable:
        def hook(gradients: tuple) -> None:
            if node not in self.at_calls:
                self.arrived = True
                self.at_calls[node] = [_norm(each) for each in gradients if each is not None]

        return hook

    def _at_weight(self, name: str) -> Callable:
        def hook(gradient: torch.Tensor) -> None:
            if name not in self.at_weights:
                self.arrived = True
                self.at_weights[name] = _norm(gradient)

        return hook

    def _at_read(self, index: int) -> Callable:
        def hook(gradient: torch.Tensor) -> None:
            self.at_reads.setdefault(index, gradient.detach().clone())

        return hook

    def changed(self) -> bool:
        """Tell whether a step has changed the weights since this pass began."""
        pairs = zip(self.learning.values(), self.before)
        return any(not torch.equal(now.detach(), before) for now, before in pairs)

    def moment(self, changed: bool) -> Moment:
        """Return what was measured; without a step there is no update."""
        self.norms = {i: each.numpy(force=True) for i, (each, _, _) in self.at_places.items()}
        self.of_weights = dict(zip(self.at_weights, _numbers(self.at_weights.values())))
        self.sizes = dict(zip(self.learning, _foreach_norm(self.before)))
        return Moment(self.number, self._rows(changed), self._trace())

    def _rows(self, changed: bool) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        squares: dict[str, list[float]] = {}
        activations = {each.name for each in self.units}
        places = {place.node: index for index, place in enumerate(self.places)}
        for call in self.record.calls:
            if not call.weighted and call.name not in activations:
                continue
            rows.setdefault(call.name, Row()).signal = call.signal
            for node in dict.fromkeys(call.nodes if call.weighted else ()):
                found = squares.setdefault(call.name, [])
                if places.get(node) in self.norms:
                    found.append(float((self.norms[places[node]] ** 2).sum()))
                elif node in self.at_calls:
                    found += [each**2 for each in _numbers(self.at_calls[node])]
        for name, found in squares.items():
            if found:
                rows[name].gradient = math.sqrt(sum(found) / self.samples)
        self._add_weights(rows, changed)
        for each in self.units:
            row = rows.setdefault(each.name, Row())
            seen = "dead" if each.activation == "relu" else "saturated"
            worst = max(getattr(each, seen), np.nan_to_num(getattr(row, seen)))
            setattr(row, seen, float(worst))
        return rows

    def _add_weights(self, rows: dict[str, Row], changed: bool) -> None:
        """Add the norm of the gradient of each layer's matrices, and their relative change."""
        names = {id(each): name for name, each in self.learning.items() if each.ndim > 1}
        after = [each.detach() for each in self.learning.values()]
        moved = torch._foreach_sub(after, self.before) if after else []
        steps = dict(zip(self.learning, _foreach_norm(moved)))
        for layer, module in {call.name: call.module for call in self.record.calls}.items():
            own = [names[id(each)] for each in module.parameters() if id(each) in names]
            if layer not in rows or not own:
                continue
            gradients = [self.of_weights[name] for name in own if name in self.of_weights]
            if gradients:
                rows[layer].weight_gradient = math.hypot(*gradients)
            size = math.hypot(*(self.sizes[name] for name in own))
            if changed and size:
                rows[layer].update = math.hypot(*(steps[name] for name in own)) / size

    def _trace(self) -> Trace:
        parameters = [each.dtype for each in self.learning.values() if each.is_floating_point()]
        types = [dtype for _, dtype, _ in self.at_places.values()]
        dtype = max([*types, *parameters] or [torch.get_default_dtype()], key=following._least)
        last = self.norms.get(len(self.places) - 1)
        waited = self.broken is None
        return Trace(
            model=self.watcher.name,
            framework=self.watcher.framework,
            precision=str(dtype).removeprefix("torch."),
            least=following._least(dtype),
            most=torch.finfo(dtype).max,
            samples=self.samples,
            loss=math.nan,
            points=tuple(map(self._point, range(len(self.places) - 1))) if waited else (),
            output_gradient=math.nan if last is None else together(backward._log(last)),
            steps=tuple(self._steps()) if waited else (),
            units=tuple(self.units),
            broken=self.broken or self._broken_backward(),
            **(self._silent() if waited else {}),
            frozen=self.frozen,
            zero_weights=self.zero_weights,
            normalised=any(
                following._batch_norm(call) for place in self.places for call in place.others
            ),
        )

    def _point(self, index: int) -> Point:
        place, one = self.places[index], None
        if len(place.calls) == 1:
            one = place.calls[0]
        norms = self.norms.get(index, np.zeros(1))
        entries = self.at_places[index][2] if index in self.at_places else 1
        return Point(
            name=graph.label(place, self.model),
            gradient=backward._log(norms),
            entry=float(backward._log(math.sqrt(np.square(norms).sum() / entries))),
            signal=math.nan if one is None else one.signal,
            width=min(width for call in place.calls for width in following._fans(call)),
            operations=tuple(following._operations(place)),
            weights=None if one is None else self._weights(one),
            shortcut=place.joins,
        )

    def _weights(self, call: forward.Call) -> Weights | None:
        module = call.module
        if not isinstance(module, following.READ_AS_MATRICES):
            return None
        squares = {"weight": math.nan, "bias": 0.0}
        for name, each in module._parameters.items():
            own = [key for key, learns in self.learning.items() if learns is each]
            if own:
                squares[name] = self.sizes[own[0]] ** 2 / each.numel()
        dense = isinstance(module, nn.Linear)
        return Weights(*following._fans(call), *squares.values(), dense)

    def _silent(self) -> dict[str, object]:
        """Return the parameters that got no gradient, and where they are cut off."""
        silent = tuple(name for name in self.learning if name not in self.at_weights)
        ids = {id(self.learning[name]) for name in silent}
        return {"without_gradient": silent, **reach.of(self.model, self.record.calls, ids)}

    def _steps(self) -> Iterator[Steps]:
        for index, (name, module, _) in enumerate(self.record.sequences):
            gradient = self.at_reads.get(index)
            if gradient is None or gradient.ndim < 2 or module.bidirectional:
                continue
            axis = 1 if module.batch_first and gradient.ndim == 3 else 0
            norms = backward.norms_of_steps(gradient, axis)
            yield Steps(name, norms, module.hidden_size, *following._memory(module))

    def _zero_weights(self) -> Iterator[str]:
        for place in self.places:
            matrix = following._matrix(place.calls[0]) if len(place.calls) == 1 else None
            if matrix is not None and not matrix.any():
                yield place.calls[0].name

    def _broken_forward(self) -> Broken:
        for tensor in inputs.tensors(self.given):
            if tensor.is_floating_point() and (share := forward.not_finite(tensor)):
                return Broken("the input", "input", share)
        for name, before in zip(self.learning, self.before):
            if share := forward.not_finite(before):
                return Broken(name, "parameter", share)
        return Broken(self.record.broken[0], "forward", self.record.broken[1])

    def _broken_backward(self) -> Broken | None:
        for index in sorted(self.norms, reverse=True):
            share = float(np.mean(~np.isfinite(self.norms[index])))
            if share:
                return Broken(graph.label(self.places[index], self.model), "backward", share)
        for name, size in self.of_weights.items():
            if not math.isfinite(size):
                return Broken(name, "backward", 1.0)
        return None


def _compiled(model: nn.Module) -> bool:
    if hasattr(model, "_orig_mod"):
        return True
    return any(getattr(each, "_compiled_call_impl", None) for each in model.modules())


def _norm(tensor: torch.Tensor, axis: int | None = None) -> torch.Tensor:
    """Return Euclidean norms in double precision: the square of 1e-25 is 0 in single."""
    return torch.linalg.vector_norm(tensor.detach(), dim=axis, dtype=torch.float64)


def _numbers(norms: Iterable[torch.Tensor]) -> list[float]:
    norms = list(norms)
    return torch.stack([each.double() for each in norms]).tolist() if norms else []


def _foreach_norm(tensors: list[torch.Tensor]) -> list[float]:
    return _numbers(torch._foreach_norm(tensors)) if tensors else []
