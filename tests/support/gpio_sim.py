"""A GPIO chip of the kernel's simulator gpio-sim, with real lines that a test pulls.

Needs root, a kernel with that module, and configfs; otherwise the tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

CONFIGURATION = Path("/sys/kernel/config/gpio-sim")
LINES = 8


class Chip:
    """A simulated chip of eight lines."""

    def __init__(self, device: Path, controls: Path) -> None:
        self.device = device
        self._controls = controls

    def pull(self, line: int, *, down: bool) -> None:
        """Pull a line to ground, as a pressed button does, or up."""
        text = "pull-down" if down else "pull-up"
        (self._controls / f"sim_gpio{line}" / "pull").write_text(text)


@pytest.fixture
def chip() -> Iterator[Chip]:
    pytest.importorskip("gpiod", reason="Python package gpiod: pip install 'satellite-voice[gpio]'")
    if os.geteuid() == 0 and not CONFIGURATION.exists():
        subprocess.run(["modprobe", "gpio-sim"], capture_output=True)
    if not os.access(CONFIGURATION, os.W_OK):
        pytest.skip("needs root and the kernel's module gpio-sim")
    made = CONFIGURATION / f"satellite-{os.getpid()}"
    bank = made / "bank0"
    made.mkdir()
    bank.mkdir()
    try:
        (bank / "num_lines").write_text(str(LINES))
        (made / "live").write_text("1")
        name = (bank / "chip_name").read_text().strip()
        platform = (made / "dev_name").read_text().strip()
        chip = Chip(Path("/dev") / name, Path("/sys/devices/platform") / platform / name)
        for line in range(LINES):
            chip.pull(line, down=False)
        yield chip
    finally:
        (made / "live").write_text("0")
        bank.rmdir()
        made.rmdir()
