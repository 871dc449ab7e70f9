"""The terminal: keys as they are pressed, and standard input as it comes."""

from __future__ import annotations

import asyncio
import ctypes
import os
import select
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager, suppress
from typing import Any

_INPUT = -10
"""STD_INPUT_HANDLE of Windows."""
_PROCESSED, _LINES, _ECHO = 1, 2, 4
"""Modes of a console of Windows (SetConsoleMode): Ctrl-C interrupts, lines, echo."""


@contextmanager
def keys_at_once() -> Generator[None, None, None]:
    """Deliver every key of the terminal at once, without showing it; Ctrl-C is a key, too."""
    if sys.platform == "win32":
        with _console_without(_PROCESSED | _LINES | _ECHO):
            yield
        return
    import termios  # exists elsewhere alone

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    now = termios.tcgetattr(descriptor)
    now[3] &= ~(termios.ICANON | termios.ECHO)
    now[6] = [*now[6]]
    now[6][termios.VINTR] = b"\0"  # no character interrupts: _POSIX_VDISABLE
    now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSADRAIN, now)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def without_echo() -> Generator[None, None, None]:
    """Show nothing of what is typed."""
    if sys.platform == "win32":
        with _console_without(_ECHO):
            yield
        return
    import termios  # exists elsewhere alone

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    unseen = before.copy()
    unseen[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, unseen)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def input_pieces(most: int) -> AsyncGenerator[bytes, None]:
    """Yield what is typed, or written into a pipe or file, as it comes; at its end, nothing (b"").

    Each piece has `most` bytes at most. Cancellation is immediate. Windows reads in a thread: a
    line that is typed after a cancellation is lost there.
    """
    descriptor = sys.stdin.fileno()
    if sys.platform == "win32":
        while True:
            piece = await _read_in_thread(descriptor, most)
            yield piece
            if not piece:
                return
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    watched = True
    try:
        loop.add_reader(descriptor, came.set)
    except PermissionError:  # a file is always readable, which epoll refuses to watch
        watched = False
    try:
        while True:
            if watched:
                await came.wait()  # without a limit: people think
                came.clear()
            else:
                await asyncio.sleep(0)
            # the loop may have noticed a second time what was read since: a read would block
            if not select.select([descriptor], [], [], 0)[0]:
                continue
            piece = os.read(descriptor, most)
            yield piece
            if not piece:
                return
    finally:
        loop.remove_reader(descriptor)


async def _read_in_thread(descriptor: int, most: int) -> bytes:
    loop = asyncio.get_running_loop()
    piece: asyncio.Future[bytes] = loop.create_future()

    def settle(read: bytes) -> None:
        if not piece.done():
            piece.set_result(read)

    def read() -> None:
        try:
            content = os.read(descriptor, most)
        except OSError:  # closed
            content = b""
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, content)

    # a daemon: nothing ends a read of a console, and it must not hold up the end of the program
    threading.Thread(target=read, name="terminal", daemon=True).start()
    return await piece


@contextmanager
def _console_without(modes: int) -> Generator[None, None, None]:
    """Switch modes of the console off in this block."""
    if sys.platform == "win32":
        kernel: Any = ctypes.windll.kernel32
        handle, before = kernel.GetStdHandle(_INPUT), ctypes.c_ulong()
        if not kernel.GetConsoleMode(handle, ctypes.byref(before)):
            yield  # no console: a pipe has no echo
            return
        kernel.SetConsoleMode(handle, before.value & ~modes)
        try:
            yield
        finally:
            kernel.SetConsoleMode(handle, before.value)
    else:
        yield
