"""The progress of a download on the screen."""

from __future__ import annotations

import pytest

from satellite.cli.download import EVERY, Bar, Lines, duration, size


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (145_262_807, "145 MB"), (3.1e9, "3.1 GB")],
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (185, "3 min 05 s"), (7_800, "2 h 10 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_lines_come_at_most_every_two_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(lambda: now[0])
    lines.begin("piper:x", 100_000_000, 20_000_000)
    for _ in range(100):
        now[0] += EVERY / 8
        lines.advance(500_000)
    lines.end()
    output = capsys.readouterr().err.splitlines()
    assert output[0] == "piper:x: 100 MB, 20.0 MB of it on the disk already"
    assert output[1] == "piper:x: 24.0 MB of 100 MB (24%), 2.0 MB/s, 38 s left"
    assert output[-1] == "piper:x: 70.0 MB on the disk, 50.0 MB fetched in 25 s"
    assert len(output) == 1 + 100 // 8 + 1


def test_a_bar_shows_sizes_rate_and_messages(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.report("waiting")
    bar.begin("whisper:x", 1_000_000, 0)
    bar.advance(500_000)
    bar.begin("whisper:x", 2_000_000, 0)
    bar.report("again")
    bar.advance(500_000)
    bar.end()
    bar.advance(1)
    output = capsys.readouterr().err
    assert output.startswith("waiting\n")
    assert "again" in output
    assert "1.0/2.0 MB" in output
