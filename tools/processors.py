"""Run the tests as other processors would: with fewer of NumPy's instructions, another BLAS.

A processor without AVX-512 takes other routines of NumPy and of OpenBLAS, which round
differently. Both can be told to take them here, too. What this processor cannot do is
left out.

Usage: python tools/processors.py [arguments for pytest]
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np

PATHS = ("tests", "vgtools", "formats", "mutation", "chapters", "--ignore=tests/browser")
"""What is run: everything but the pages, which were built without these settings."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
THREADS = {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}


def optional_features() -> list[str]:
    """Return the instructions that NumPy was built to use where they are, and that are here."""
    return np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])


def wide_features(features: Sequence[str]) -> list[str]:
    """Return those that belong to AVX-512."""
    return [name for name in features if name.startswith("AVX512") or name == "X86_V4"]


def without(features: Sequence[str]) -> dict[str, str]:
    """Return the environment in which NumPy does without these instructions."""
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(features)} if features else {}


def settings(features: Sequence[str], machine: str | None = None) -> dict[str, dict[str, str]]:
    """Return names of processors to imitate, with the environment that does so.

    Parameters
    ----------
    features : sequence of str
        What can be switched off, as from `optional_features`. NumPy warns of others.
    machine : str
        The architecture, by default this one. OpenBLAS is given names of its own for x86
        only, and only those whose instructions this processor has.
    """
    wide = wide_features(features)
    x86 = (machine or platform.machine()).lower() in ("x86_64", "amd64")
    has_avx2 = not {"X86_V3", "AVX2"}.isdisjoint(features)
    haswell = {"OPENBLAS_CORETYPE": "Haswell"} if x86 and has_avx2 else {}
    nehalem = {"OPENBLAS_CORETYPE": "Nehalem"} if x86 else {}
    wanted = {
        "another BLAS": haswell,
        "NumPy without AVX-512": without(wide),
        "NumPy's least, an old BLAS": without(features) | nehalem,
        "two threads": THREADS,
    }
    return {name: environment for name, environment in wanted.items() if environment}


def main(arguments: list[str]) -> int:
    """Run pytest under every setting, and return how many of the runs failed."""
    failed = []
    environments = settings(optional_features())
    for name, environment in environments.items():
        said = " ".join(f'{key}="{value}"' for key, value in environment.items())
        print(f"\n=== {name}: {said}", flush=True)
        start = time.monotonic()
        # Threads that wait for a core turn a cell of a minute into one of five.
        workers = "1" if environment == THREADS else "2"
        given = arguments or ["-n", workers, "--nbval-cell-timeout=900", *PATHS]
        command = [sys.executable, "-m", "pytest", "-q", *given]
        if subprocess.run(command, env=os.environ | ONE_THREAD | environment).returncode:
            failed.append(name)
        print(f"{time.monotonic() - start:.0f} s")
    print(f"\n{len(environments) - len(failed)} of {len(environments)} settings passed.")
    for name in failed:
        print(f"Failed: {name}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
