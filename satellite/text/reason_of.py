"""The reason of a failed system call, for a message that names the file itself."""

from __future__ import annotations


def reason_of(error: BaseException) -> str:
    """Return why something failed as one line: without error number, file name and class.

    Python's own text of an `OSError` is `[Errno 13] Permission denied: '/etc/x'`.
    """
    if isinstance(error, UnicodeError):
        return "it is not UTF-8 text"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return " ".join(text.split()) or type(error).__name__
