"""Words for computed sentences: numbers and lists that follow the data."""

from __future__ import annotations

from collections.abc import Iterable

NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
).split()


def number(count: int) -> str:
    """Write a whole number as a sentence does: in words up to twenty, then in digits.

    Parameters
    ----------
    count : int
        From 0 on.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is no whole number, or below 0.

    Examples
    --------
    >>> number(3), number(20), number(21)
    ('three', 'twenty', '21')
    >>> f"{number(4).capitalize()} of {number(1200)}"
    'Four of 1,200'
    """
    if isinstance(count, bool) or count != int(count) or count < 0:
        raise ValueError(f"count={count!r}: a whole number from 0 on")
    return NUMBERS[int(count)] if count < len(NUMBERS) else f"{int(count):,}"


def listing(items: Iterable[object]) -> str:
    """Write a list as a sentence does.

    Parameters
    ----------
    items : iterable
        Whatever can be written as text; at least one.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is nothing to list.

    Examples
    --------
    >>> listing(["tanh"]), listing(["tanh", "ELU"]), listing(["tanh", "ELU", 3])
    ('tanh', 'tanh and ELU', 'tanh, ELU and 3')
    """
    words = [str(item) for item in items]
    if not words:
        raise ValueError("there is nothing to list")
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
