"""Altering the book one thing at a time, to see whether the checks notice.

``python -m mutation`` runs every part, and each part can be run alone:

* ``equations``: both sides of every verified equation and every line of a derivation,
* ``outputs``: every number in the stored outputs of the notebooks,
* ``code``: the rooms of `vgtools` that hold the mathematics, with mutmut.

``python -m mutation.kill_build`` kills builds of the book and builds again.
"""
