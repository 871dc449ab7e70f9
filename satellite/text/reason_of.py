"""The reason of a failed system call, for a message that names the file itself."""

from __future__ import annotations

import os
import re

from satellite.text.quoted import quoted

_NUMBER = re.compile(r"^\[Errno -?\d+\] ")

_CALL, _SEVERAL = "Connect call failed", "Multiple exceptions"
"""How asyncio's errors of connections begin, with the Python forms of addresses behind it."""


def reason_of(error: BaseException) -> str:
    """Return why something failed as one line: without error number, file name and class.

    Python's own text of an `OSError` is `[Errno 13] Permission denied: '/etc/x'`, and that of a
    `KeyError` is `'x'`.
    """
    if isinstance(error, UnicodeError):
        return "it is not UTF-8 text"
    if isinstance(error, KeyError) and error.args:
        return f"there is no {quoted(error.args[0])}"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if text.startswith(_CALL) and isinstance(error, OSError) and error.errno:
        text = os.strerror(error.errno)
    elif text.startswith(_SEVERAL):
        text = "none of its addresses could be connected to"
    return " ".join(_NUMBER.sub("", text).split()) or type(error).__name__
