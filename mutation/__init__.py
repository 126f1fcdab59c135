"""Altering the book one thing at a time, to see whether the checks notice.

``python -m mutation`` runs both parts, and each can be run alone:

* ``equations``: both sides of every verified equation and every line of a derivation,
* ``code``: the rooms of `vgtools` that hold the mathematics, with mutmut, which forks after
  the imports and runs only the tests that reach a function. It does not alter expressions of
  SymPy.
"""
