"""Networks run on TensorFlow Lite's C library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from satellite.builtin.wake.tflite import TfLiteModel, TfLiteNetwork, package_folder
from satellite.errors import EngineFailed

PACKAGE = "pyopen_wakeword"
PACKAGES = (PACKAGE, "pymicro_wakeword")
EMBEDDING = package_folder(PACKAGE) / "models" / "embedding_model.tflite"

_ACCELERATED = """
import os, threading
from satellite.builtin.wake import tflite
begun = len(os.listdir("/proc/self/task"))
os.write(2, b"before\\n")
model = tflite.TfLiteModel("pyopen_wakeword", tflite.package_folder("pyopen_wakeword")
    / "models" / "embedding_model.tflite")
tflite.TfLiteNetwork(model, (1, 76, 32, 1), accelerate=True)
os.write(2, b"after\\n")
print(len(os.listdir("/proc/self/task")) - begun)
"""


def test_acceleration_changes_only_the_speed() -> None:
    model = TfLiteModel(PACKAGE, EMBEDDING)
    mels = np.random.default_rng(0).normal(0, 1, (1, 76, 32, 1)).astype(np.float32)
    plain = TfLiteNetwork(model, (1, 76, 32, 1)).run(mels)
    quick = TfLiteNetwork(model, (1, 76, 32, 1), accelerate=True).run(mels)
    assert np.std(plain) > 1
    np.testing.assert_allclose(quick, plain, atol=1e-4)


def test_networks_of_one_model_outlive_it() -> None:
    model = TfLiteModel(PACKAGE, EMBEDDING)
    networks = [TfLiteNetwork(model, (1, 76, 32, 1)) for _ in range(2)]
    del model
    ones = np.ones((1, 76, 32, 1), np.float32)
    np.testing.assert_array_equal(networks[0].run(ones), networks[1].run(ones))


def test_makes_no_thread_and_leaves_standard_error_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ACCELERATED], capture_output=True, timeout=60, check=True
    )
    assert done.stderr == b"before\nafter\n"
    assert int(done.stdout) == 0


def test_standard_error_may_be_closed() -> None:
    """As a daemon's may be; acceleration works all the same."""
    code = "import os; os.close(2)\n" + _ACCELERATED.replace("os.write", "print")
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=60, check=True
    )
    assert done.stdout.split()[-1] == b"0"


@pytest.mark.parametrize("content", ["", "<html>404</html>" * 100, "half"])
def test_an_invalid_model_file(
    tmp_path: Path, content: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """It raises an error, and prints nothing."""
    path = tmp_path / "broken.tflite"
    whole = EMBEDDING.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content == "half" else content.encode())
    with pytest.raises(EngineFailed, match=r"broken\.tflite is not a TensorFlow Lite model"):
        TfLiteModel(PACKAGE, path)
    assert capfd.readouterr().err == ""


def test_packages_with_the_same_library_share_it() -> None:
    files = [next((package_folder(p) / "lib").glob("*tensorflowlite_c.*")) for p in PACKAGES]
    models = [next((package_folder(p) / "models").glob("*.tflite")) for p in PACKAGES]
    first, second = (TfLiteModel(p, path).library for p, path in zip(PACKAGES, models, strict=True))
    assert (first is second) == (files[0].read_bytes() == files[1].read_bytes())


def test_a_missing_package() -> None:
    with pytest.raises(EngineFailed, match="pip install no_such_package"):
        package_folder("no_such_package")
