"""Equations: alter one place, and let the check that passed it decide again."""

from __future__ import annotations

import hashlib
import platform
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

import vgtools as vg
from mutation import chapters
from mutation.expressions import OTHER_SIGNS, alterations
from mutation.score import Score
from vgtools.derivation.definitions import with_meanings

SECONDS = 30
"""Processor time for one check; what has no verdict by then is tried again, for longer."""

CELL = 300
"""Processor time that no cell has: nbval and the build stop a cell after as many seconds."""

SLOW = "no verdict"

RESULTS = chapters.BOOK / "_build" / "mutation" / "equations"


class NoVerdict(Exception):
    """The check took too long."""


def refused(check: Callable[[], Any], seconds: float = SECONDS) -> str | None:
    """Run a check and say how it refused what it was given; None if it did not.

    Examples
    --------
    >>> x = sympy.symbols("x", real=True)
    >>> refused(lambda: vg.verify(2 * x, x + x, relation="<"))
    'refused'
    >>> refused(lambda: vg.verify((x + 1) ** 2, x**2 + 2 * x + 1))
    >>> refused(lambda: [None for _ in iter(int, 1)], seconds=0.1)
    'no verdict'
    """

    def stop(*_: Any) -> None:
        raise NoVerdict

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        check()
    except (vg.DerivationError, ValueError, TypeError):
        return "refused"
    except NoVerdict:
        return SLOW
    except Exception as error:
        return f"crashed with {type(error).__name__}: {error!s:.80}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    return None


def same(old: Any, new: Any, where: Mapping, given: Iterable[Relational] = ()) -> bool:
    """Whether SymPy, without the machinery of `vgtools`, proves two expressions equal.

    Examples
    --------
    >>> x = sympy.symbols("x", real=True)
    >>> same(sympy.cosh(x), sympy.cosh(-x), {}), same(x, x + 1, {})
    (True, False)
    >>> slopes = [sympy.Piecewise((1, c), (0, True)) for c in (x > 0, x >= 0)]
    >>> same(*slopes, {}), same(*slopes, {}, [sympy.Ne(x, 0)])
    (False, True)
    >>> a = sympy.symbols("a", positive=True)
    >>> leaky = [sympy.Piecewise((x, c), (a * x, True)) for c in (x > 0, x >= 0)]
    >>> same(*leaky, {}, [a < 1])
    True
    >>> [same(sympy.Eq(a * x, 0), sympy.Eq(other, 0), {}) for other in (x / a, x**2)]
    [True, False]
    >>> limits = [sympy.Limit(c * sympy.exp(x), x, 0, "-") for c in (a, 1 / a, 2 * a, -a)]
    >>> [same(sympy.Eq(limits[0], 1), sympy.Eq(other, 1), {}) for other in limits[1:]]
    [True, False, False]
    """
    equation = isinstance(old, sympy.Eq)
    if isinstance(old, Relational):
        if type(old) is not type(new):
            return False
        old, new = old.lhs - old.rhs, new.lhs - new.rhs
    found: list[bool] = []

    def compare() -> None:
        difference = with_meanings(old - new, where).doit()
        if equation:  # both sides may have changed their sign
            difference *= with_meanings(old + new, where).doit()
        forms = [
            lambda: difference,
            lambda: sympy.simplify(difference),
            lambda: sympy.simplify(difference.rewrite(sympy.exp)),
            lambda: sympy.simplify(sympy.piecewise_fold(difference)),
        ]
        found.append(getattr(difference, "is_ZeroMatrix", False))
        found.append(any(form() == 0 for form in forms))
        found.append(_zero_in_every_case(sympy.piecewise_fold(difference), given))
        if equation:  # or are multiples of each other
            ratio = with_meanings(old, where).doit() / with_meanings(new, where).doit()
            found.append(sympy.simplify(ratio).is_nonzero is True)

    refused(compare)
    return any(found)


def _zero_in_every_case(difference: Any, given: Iterable[Relational]) -> bool:
    """Whether a case distinction is zero wherever it differs from zero as an expression.

    That is so if such a case holds at single points only, and gives zero there.
    """
    if not isinstance(difference, sympy.Piecewise):
        return False
    symbols = set().union(*(condition.free_symbols for _, condition in difference.args))
    if len(symbols) != 1:
        return False
    [symbol] = symbols
    left = sympy.S.Reals
    for condition in given:
        if condition.free_symbols == symbols:
            left = left.intersect(condition.as_set())
    for value, condition in difference.args:
        region = left.intersect(condition.as_set())
        left = left - region
        points = region if isinstance(region, sympy.FiniteSet) else None
        if value != 0 and region is not sympy.S.EmptySet:
            if points is None or any(value.subs(symbol, point) != 0 for point in points):
                return False
    return True


class Chapter:
    """The statements of one chapter, each of which can be checked again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls, self.derivations = chapters.statements(name)
        self.score = Score("equations", target=1.0)

    def run(self) -> Score:
        """Alter everything, one place at a time.

        A formula that was typed as LaTeX has no expressions to alter: it is tied to its check
        by the committed record alone, which holds its text and which nbval compares.
        """
        for call in self.calls:
            if call.function.__name__ == "define":
                self._definition(call)
            elif call.equation.written is None:
                self._equation(call)
        for derivation in self.derivations:
            self._derivation(derivation)
        return self.score

    def _judge(
        self, kind: str, name: str, old: Any, new: Any, where: Mapping,
        checks: Iterable[Callable[[], Any]], given: tuple = (),
    ) -> None:  # fmt: skip
        """Let the checks decide, one after the other, until one refuses.

        A check that does not end before the cell is stopped has noticed, too.
        """
        what = f"{self.name}, {name}: {old} → {new}"
        slow = []
        for check in checks:
            verdict = refused(check)
            if verdict == SLOW:
                slow.append(check)
            elif verdict:
                self._caught(kind, what, verdict)
                return
        if not isinstance(old, str) and same(old, new, where, given):
            self.score.equivalent[kind] += 1
        elif verdict := next(filter(None, (refused(check, CELL) for check in slow)), None):
            self._caught(kind, what, verdict)
        else:
            self.score.survivors.append((kind, what))

    def _caught(self, kind: str, what: str, verdict: str) -> None:
        self.score.caught[kind] += 1
        if verdict == SLOW:
            self.score.notes.append(f"{what}: no verdict in {CELL} s, when the cell is stopped")
        elif verdict != "refused":
            self.score.notes.append(f"{what}: {verdict}")

    def _equation(self, call: chapters.Call) -> None:
        equation = call.equation

        def judge(kind: str, old: Any, new: Any, **changed: Any) -> None:
            checks = [lambda: recheck(replace(equation, **changed), call)]
            self._judge(kind, call.name, old, new, equation.where, checks, equation.given)

        names = _names(equation.lhs, equation.rhs)
        for side, digits in (("lhs", None), ("rhs", equation.digits)):
            old = getattr(equation, side)
            for kind, new in alterations(old, *names, digits=digits):
                judge(kind, old, new, **{side: new})
        if equation.kind == "bound":
            for sign in OTHER_SIGNS[equation.relation]:
                judge("operator", equation.relation, sign, relation=sign)
        for symbol, value in (equation.tight_at or {}).items():
            if value.is_finite:
                at = {**equation.tight_at, symbol: value + 1}
                judge("constant", f"{symbol} = {value}", f"{symbol} = {value + 1}", tight_at=at)

    def _definition(self, call: chapters.Call) -> None:
        """A definition is checked by its second source, and by whatever uses it."""
        old = call.equation
        name = old.lhs.func if isinstance(old.lhs, AppliedUndef) else old.lhs
        for kind, meaning in alterations(old.rhs, *_names(old.lhs, old.rhs)):
            new = replace(old, rhs=meaning)
            checks = [lambda new=new: recheck(new, call), *self._uses(name, old, meaning)]
            self._judge(kind, call.name, old.rhs, meaning, old.where, checks, old.given)

    def _uses(self, name: Any, old: vg.Equation, meaning: Any) -> Iterator[Callable[[], Any]]:
        """Checks of everything in the chapter that a definition enters."""
        if isinstance(old.lhs, AppliedUndef):
            before, after = (sympy.Lambda(old.lhs.args, side) for side in (old.rhs, meaning))
        else:
            before, after = old.rhs, meaning
        for call in self.calls:
            if call.equation.where.get(name) == before:
                changed = replace(call.equation, where={**call.equation.where, name: after})
                yield lambda changed=changed, call=call: recheck(changed, call)
        for derivation in self.derivations:
            if derivation.where.get(name) == before:
                where = {**derivation.where, name: after}
                for k in range(1, len(derivation) + 1):
                    yield lambda d=derivation, k=k, w=where: _step(d, d.lines, k, w)

    def _derivation(self, derivation: vg.Derivation) -> None:
        lines = derivation.lines
        names = _names(*lines)
        for k, line in enumerate(lines):
            for kind, new in alterations(line, *names):
                altered = [*lines[:k], new, *lines[k + 1 :]]
                checks = [
                    lambda j=j, altered=altered: _step(derivation, altered, j, derivation.where)
                    for j in (k, k + 1)
                    if 1 <= j < len(lines)
                ]
                name = f"{derivation.label} ({k})"
                self._judge(kind, name, line, new, derivation.where, checks, derivation.given)


def recheck(equation: vg.Equation, call: chapters.Call) -> vg.Equation:
    """Make an equation again, with the function and the evidence of the first time."""
    if call.function.__name__ == "define":
        return vg.define(
            equation.lhs, equation.rhs, given=equation.given, where=equation.where,
            agrees_with=call.arguments.get("agrees_with"),
        )  # fmt: skip
    relation = "=" if equation.relation == "~" else equation.relation
    if call.function.__name__ == "numeric":
        kept = {k: v for k, v in call.arguments.items() if k in ("check", "rtol", "draws", "seed")}
        return vg.numeric(equation.lhs, equation.rhs, relation=relation, **kept)
    return vg.verify(
        equation.lhs, equation.rhs, relation=relation, given=equation.given,
        where=equation.where, proof=equation.proof, tight_at=equation.tight_at,
        digits=equation.digits,
    )  # fmt: skip


def _step(derivation: vg.Derivation, lines: list[Any], k: int, where: Mapping) -> None:
    """Prove the step of a derivation that leads to line k."""
    step = derivation.steps[k - 1]
    options = {} if step.relation == "==" else {
        "relation": step.relation, "proof": step.proof, "tight_at": step.tight_at
    }  # fmt: skip
    begun = vg.Derivation(lines[k - 1], given=derivation.given, where=where)
    begun.step(lines[k], because=step.because, **options)


def _names(*expressions: Any) -> tuple[set, set]:
    """The symbols, and the functions without a formula of their own, that occur."""
    symbols = set().union(*(e.free_symbols for e in expressions))
    functions = set().union(*({u.func for u in e.atoms(AppliedUndef)} for e in expressions))
    return {s for s in symbols if isinstance(s, sympy.Symbol)}, functions


def _key(name: str) -> str:
    """What the result for a chapter depends on: it, the proofs, and this command."""
    here, package = Path(__file__).parent, chapters.BOOK / "vgtools"
    paths = [here / f"{module}.py" for module in ("chapters", "equations", "expressions")]
    paths += [chapters.BOOK / "chapters" / f"{name}.ipynb", chapters.BOOK / "requirements.txt"]
    for room in ("activations", "derivation"):
        paths += sorted((package / room).glob("*.py"))
    digest = hashlib.sha256(platform.python_version().encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def run(names: list[str], workers: int = 2) -> Score:
    """Alter the equations of some chapters, each in a process of its own.

    Results are kept in ``_build/mutation`` until something that they depend on
    changes, so that a run that was stopped goes on with the next chapter.

    Parameters
    ----------
    names : list of str
        Such as ``02_sigmoid``.
    workers : int
        How many processes.

    Returns
    -------
    Score
    """
    RESULTS.mkdir(parents=True, exist_ok=True)
    total = Score("equations", target=1.0)

    files = {name: RESULTS / f"{name}-{_key(name)}.json" for name in names}
    todo = [(name, path) for name, path in files.items() if not path.exists()]
    # Forked, because SymPy and the package take seconds to import.
    with get_context("fork").Pool(workers, maxtasksperchild=1) as pool:
        for name, score in pool.imap_unordered(_one, todo, chunksize=1):
            print(f"{name}: {score.caught.total()} caught, {len(score.survivors)} survived",
                  flush=True)  # fmt: skip
    for path in files.values():
        total.add(Score.from_json(path.read_text(encoding="utf-8")))
    total.notes.insert(0, f"{len(names)} chapters")
    return total


def _one(task: tuple[str, Path]) -> tuple[str, Score]:
    """Alter one chapter and keep the result."""
    name, path = task
    score = Chapter(name).run()
    path.write_text(score.to_json(), encoding="utf-8")
    return name, score
