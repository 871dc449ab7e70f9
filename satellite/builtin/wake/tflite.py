"""TensorFlow Lite through its C library, which the wake word packages carry in their wheels.

The packages' own Python runs each network on as many threads as there are cores and without
XNNPACK (the C library's optimised kernels). This one uses one thread, and XNNPACK where asked:
openWakeWord's embedding network then takes a quarter of the processor time. A network's memory
is given back when its last reference goes.

Functions and their meaning: tensorflow/lite/core/c/c_api.h of TensorFlow 2.17.
"""

from __future__ import annotations

import ctypes
import filecmp
import functools
import logging
import math
import weakref
from ctypes import POINTER, c_char_p, c_float, c_int, c_int32, c_size_t, c_void_p
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from satellite.builtin.wake.mapped_file import MappedFile
from satellite.builtin.wake.quiet_stderr import quiet_stderr
from satellite.errors import EngineFailed
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

_THREADS = 1
"""One is enough for networks of a few milliseconds; more cost more than they gain."""

_DTYPES: dict[int, Any] = {1: np.float32, 3: np.uint8, 9: np.int8}
"""Numbers of TfLiteType."""

_BROKEN = "is not a TensorFlow Lite model; replace it with a complete one"


class _Quantization(ctypes.Structure):
    _fields_ = (("scale", c_float), ("zero_point", c_int32))


_REPORTER = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, c_void_p)


def _log(_data: int | None, message: bytes, _arguments: int | None) -> None:
    _LOGGER.debug("TensorFlow Lite: %s", message.decode(errors="replace"))


_report = _REPORTER(_log)
"""Receives the C library's error messages, without the values of their % placeholders."""

_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "TfLiteModelCreateWithErrorReporter": (c_void_p, [c_void_p, c_size_t, _REPORTER, c_void_p]),
    "TfLiteModelDelete": (None, [c_void_p]),
    "TfLiteInterpreterOptionsCreate": (c_void_p, []),
    "TfLiteInterpreterOptionsDelete": (None, [c_void_p]),
    "TfLiteInterpreterOptionsSetNumThreads": (None, [c_void_p, c_int32]),
    "TfLiteInterpreterOptionsSetErrorReporter": (None, [c_void_p, _REPORTER, c_void_p]),
    "TfLiteInterpreterOptionsAddDelegate": (None, [c_void_p, c_void_p]),
    "TfLiteXNNPackDelegateCreate": (c_void_p, [c_void_p]),
    "TfLiteXNNPackDelegateDelete": (None, [c_void_p]),
    "TfLiteInterpreterCreate": (c_void_p, [c_void_p, c_void_p]),
    "TfLiteInterpreterDelete": (None, [c_void_p]),
    "TfLiteInterpreterResizeInputTensor": (c_int, [c_void_p, c_int32, POINTER(c_int32), c_int32]),
    "TfLiteInterpreterAllocateTensors": (c_int, [c_void_p]),
    "TfLiteInterpreterInvoke": (c_int, [c_void_p]),
    "TfLiteInterpreterGetInputTensor": (c_void_p, [c_void_p, c_int32]),
    "TfLiteInterpreterGetOutputTensor": (c_void_p, [c_void_p, c_int32]),
    "TfLiteTensorType": (c_int, [c_void_p]),
    "TfLiteTensorNumDims": (c_int32, [c_void_p]),
    "TfLiteTensorDim": (c_int32, [c_void_p, c_int32]),
    "TfLiteTensorQuantizationParams": (_Quantization, [c_void_p]),
    "TfLiteTensorData": (c_void_p, [c_void_p]),
}


_PACKAGES = ("pymicro_wakeword", "pyopen_wakeword")
"""Packages that may carry the same library, of which one copy is loaded."""


class Tensor:
    """The one input or output of a network: its values, and their quantization.

    A real number is `(integer - zero_point) * scale`; `scale` is 0 for networks of floats.
    """

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        """Raises `EngineFailed` for other types than float32, int8 and uint8."""
        rank = library.TfLiteTensorNumDims(handle)
        self.shape = tuple(library.TfLiteTensorDim(handle, axis) for axis in range(rank))
        self.dtype = _DTYPES.get(library.TfLiteTensorType(handle))
        quantization = library.TfLiteTensorQuantizationParams(handle)
        self.scale, self.zero_point = quantization.scale, quantization.zero_point
        address = library.TfLiteTensorData(handle)
        if self.dtype is None or not address:
            raise EngineFailed("the type of its values is not supported")
        size = math.prod(self.shape) * np.dtype(self.dtype).itemsize
        memory = (ctypes.c_char * size).from_address(address)
        self.values: npt.NDArray[Any] = np.frombuffer(memory, self.dtype).reshape(self.shape)
        """The network's own memory, for as long as the network lives."""


class TfLiteModel:
    """A network's weights, shared by any number of `TfLiteNetwork`s."""

    def __init__(self, package: str, path: Path) -> None:
        """Read a `.tflite` file with the C library of a package. Raises `EngineFailed`."""
        self.path = path
        self.library = _library(package)
        try:
            self._file = MappedFile(path)
        except (OSError, ValueError) as error:
            raise EngineFailed(f"{path} {_BROKEN}: {reason_of(error)}") from error
        self.handle = self.library.TfLiteModelCreateWithErrorReporter(
            self._file.address, self._file.size, _report, None
        )
        if not self.handle:
            raise EngineFailed(f"{path} {_BROKEN}")
        weakref.finalize(self, _delete_model, self.library, self.handle, self._file)

    def release_pages(self) -> None:
        """Release the file's pages, of which XNNPACK has copied the weights into a network."""
        self._file.release_pages()


class TfLiteNetwork:
    """A network with its own state, if it has one, from run to run.

    Not thread-safe.
    """

    def __init__(
        self, model: TfLiteModel, shape: tuple[int, ...] | None = None, *, accelerate: bool = False
    ) -> None:
        """Prepare to run `model`, its input resized to `shape`, with XNNPACK where `accelerate`.

        Raises `EngineFailed`.
        """
        self._model = model  # holds the weights for as long as this lives
        self._library = library = model.library
        self._handle = self._create(accelerate)
        if shape is not None:
            sizes = (c_int32 * len(shape))(*shape)
            self._check(
                library.TfLiteInterpreterResizeInputTensor(self._handle, 0, sizes, len(shape))
            )
        self._check(library.TfLiteInterpreterAllocateTensors(self._handle))
        try:
            self.input = Tensor(library, library.TfLiteInterpreterGetInputTensor(self._handle, 0))
            self.output = Tensor(library, library.TfLiteInterpreterGetOutputTensor(self._handle, 0))
        except EngineFailed as error:
            raise EngineFailed(f"{model.path} cannot be run: {error}") from error
        model.release_pages()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input."""
        return self.input.shape

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the output."""
        return self.output.shape

    def run(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Run once; `values` fill the input, in any shape, of its type."""
        self.input.values[...] = values.reshape(self.input.shape)
        self._check(self._library.TfLiteInterpreterInvoke(self._handle))
        return self.output.values.copy()

    def _create(self, accelerate: bool) -> int:
        library = self._library
        options = library.TfLiteInterpreterOptionsCreate()
        library.TfLiteInterpreterOptionsSetNumThreads(options, _THREADS)
        library.TfLiteInterpreterOptionsSetErrorReporter(options, _report, None)
        delegate = None
        if accelerate:
            with quiet_stderr():
                delegate = library.TfLiteXNNPackDelegateCreate(None)
            library.TfLiteInterpreterOptionsAddDelegate(options, delegate)
        handle = library.TfLiteInterpreterCreate(self._model.handle, options)
        library.TfLiteInterpreterOptionsDelete(options)
        weakref.finalize(self, _delete_interpreter, library, handle, delegate)
        if not handle:
            raise EngineFailed(f"{self._model.path} cannot be run by this TensorFlow Lite")
        return int(handle)

    def _check(self, status: int) -> None:
        if status != 0:
            raise EngineFailed(
                f"{self._model.path} cannot be run (TensorFlow Lite status {status})"
            )


def package_folder(package: str) -> Path:
    """The folder of an installed package. Raises `EngineFailed`."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise EngineFailed(f"the Python package {package} is not installed: pip install {package}")
    return Path(found.origin).parent


def _library(package: str) -> ctypes.CDLL:
    """Return the package's library, or an identical one of another. Raises `EngineFailed`."""
    file = _library_file(package)
    if file is None:
        raise EngineFailed(
            f"{package_folder(package)} has no TensorFlow Lite: no wheel of {package} for this "
            "machine?"
        )
    for other in _PACKAGES:
        candidate = _library_file(other) if find_spec(other) else None
        if candidate is not None and filecmp.cmp(candidate, file, shallow=False):
            return _load(candidate)
    return _load(file)


def _library_file(package: str) -> Path | None:
    return next((package_folder(package) / "lib").glob("*tensorflowlite_c.*"), None)


@functools.cache
def _load(file: Path) -> ctypes.CDLL:
    """Load a library and declare its functions. Raises `EngineFailed`."""
    try:
        library = ctypes.CDLL(str(file))
    except OSError as error:
        raise EngineFailed(f"{file} cannot be used on this machine: {error}") from error
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _delete_model(library: ctypes.CDLL, model: int, file: MappedFile) -> None:
    """Free a model before the file that it reads."""
    library.TfLiteModelDelete(model)


def _delete_interpreter(
    library: ctypes.CDLL, interpreter: int | None, delegate: int | None
) -> None:
    if interpreter:
        library.TfLiteInterpreterDelete(interpreter)
    if delegate:
        library.TfLiteXNNPackDelegateDelete(delegate)
