from __future__ import annotations

import subprocess

import pytest

from satellite.text.shell import quoted_word


@pytest.mark.parametrize("word", ["satellite-voice[server]", "a>=1,<2", "it's", "$HOME", 'a "b"'])
def test_a_shell_takes_a_quoted_word_as_one(word: str) -> None:
    command = f"printf '%s|' {quoted_word(word)}"
    printed = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=10)
    assert printed.stdout == f"{word}|"


def test_cmd_of_windows_can_read_it() -> None:
    assert quoted_word("openwakeword>=0.4,<0.5") == '"openwakeword>=0.4,<0.5"'
