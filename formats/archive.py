"""Zip archives whose bytes depend on nothing but what is in them."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime


def archive(files: Mapping[str, bytes], date: datetime, stored: Collection[str] = ()) -> bytes:
    """Pack files in the given order, with one date and the same rights for all.

    Parameters
    ----------
    files : mapping of str to bytes
        What each is called in the archive, and what it holds.
    date : datetime
        The date of every file, 1980 or later.
    stored : collection of str
        The files that are not compressed.

    Returns
    -------
    bytes

    Examples
    --------
    >>> from datetime import datetime
    >>> data = archive({"b": b"1", "a": b"2"}, datetime(2001, 2, 3))
    >>> zipfile.ZipFile(io.BytesIO(data)).namelist()
    ['b', 'a']
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, date.timetuple()[:6])
            entry.create_system = 3  # Unix, whatever made it
            entry.external_attr = 0o644 << 16
            how = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            target.writestr(entry, data, compress_type=how, compresslevel=9)
    return buffer.getvalue()
