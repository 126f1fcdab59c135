"""Run the parts of the mutation tests, print the figures, fail if a target is missed."""

from __future__ import annotations

import argparse
import sys

from mutation import chapters


def main() -> None:
    """Read the arguments, run the parts, print one table for each."""
    parts = ("equations", "code")
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(parts)} (all)")
    parser.add_argument("--chapters", nargs="+", default=chapters.names(), metavar="NAME",
                        help="for equations: 02_sigmoid … (all)")  # fmt: skip
    parser.add_argument("--mutants", nargs="+", default=[], metavar="PATTERN",
                        help="for code: names such as 'vgtools.theory.*' (all)")  # fmt: skip
    parser.add_argument("--workers", type=int, default=2, help="processes at a time (2)")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(parts):
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(parts)}")
    if unknown := set(given.chapters) - set(chapters.names()):
        parser.error(f"there is no chapter {', '.join(unknown)}")
    scores = []
    for part in given.parts or parts:
        if part == "equations":
            from mutation.equations import run

            score = run(given.chapters, given.workers)
        else:
            from mutation.rooms import run

            score = run(given.mutants, given.workers)
        print(f"\n{score}\n", flush=True)
        scores.append(score)
    sys.exit(not all(score.passed for score in scores))


if __name__ == "__main__":
    main()
