"""How exact the kernels are, beside other libraries: the largest errors that were measured.

`benchmarks/accuracy.py` measures them and writes the table, ``errors.csv``; this reads it.
"""

from __future__ import annotations

import csv
from pathlib import Path

ERRORS = Path(__file__).with_name("errors.csv")
"""The table: one line for each float type, function and library."""

COLUMNS = ("float type", "function", "library", "f", "f'")

OURS = "vgtools"
"""How the table calls this package."""

FLOAT_TYPES = ("float64", "float32", "float16")


def worst_errors(float_type: str = "float64") -> dict[str, dict[str, tuple[float, float]]]:
    """Return the largest error that was found of each function and of its derivative.

    Parameters
    ----------
    float_type : {"float64", "float32", "float16"}

    Returns
    -------
    dict of str to dict of str to (float, float)
        By function and library, the errors of f and of f' in units in the last place
        (ulp) of the exact value, which is computed with 400 digits: the largest in a
        sample of numbers of every size, so that single numbers between them may be
        worse. Those of vgtools are rounded up to a tenth: NumPy's exp and tanh are others
        on another processor, and the largest of three is taken, with AVX-512, with AVX2
        and with neither. Those of other libraries were measured on one processor, with
        AVX-512, and are rounded to three digits. PyTorch and JAX differentiate by
        themselves; SciPy has no slopes, so its functions are put into their formulas. A
        library has no entry where it has no such function.

    Raises
    ------
    ValueError
        If there is no table for the float type.

    Examples
    --------
    >>> worst_errors("float32")["tanh"]["vgtools"]
    (0.5, 0.5)
    """
    if float_type not in FLOAT_TYPES:
        raise ValueError(f"float_type must be one of {', '.join(FLOAT_TYPES)}, not {float_type!r}")
    found: dict[str, dict[str, tuple[float, float]]] = {}
    with ERRORS.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["float type"] == float_type:
                pair = float(line["f"]), float(line["f'"])
                found.setdefault(line["function"], {})[line["library"]] = pair
    return found
