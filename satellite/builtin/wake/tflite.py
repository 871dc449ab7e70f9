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

_LOGGER = logging.getLogger(__name__)

_THREADS = 1
"""One is enough for networks of a few milliseconds; more cost more than they gain."""

_DTYPES: dict[int, Any] = {1: np.float32, 3: np.uint8, 9: np.int8}
"""Numbers of TfLiteType."""

_BROKEN = "is not a TensorFlow Lite model; put a whole one there"


class _Quantization(ctypes.Structure):
    _fields_ = (("scale", c_float), ("zero_point", c_int32))


_REPORTER = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, c_void_p)


def _log(_data: int | None, message: bytes, _arguments: int | None) -> None:
    _LOGGER.debug("TensorFlow Lite: %s", message.decode(errors="replace"))


_report = _REPORTER(_log)
"""Takes what the C library would write to standard error (but for what its % signs stand for)."""

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


_LOADED: dict[Path, ctypes.CDLL] = {}
"""The libraries by their files: packages have the same one, of which one copy will do."""


class Tensor:
    """The one input or output of a network: its numbers, and how integers among them are read.

    A real number is `(integer - zero_point) * scale`; `scale` is 0 for networks of floats.
    """

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        """Raises `EngineFailed` for numbers of another kind than float32, int8 and uint8."""
        rank = library.TfLiteTensorNumDims(handle)
        self.shape = tuple(library.TfLiteTensorDim(handle, axis) for axis in range(rank))
        self.dtype = _DTYPES.get(library.TfLiteTensorType(handle))
        quantization = library.TfLiteTensorQuantizationParams(handle)
        self.scale, self.zero_point = quantization.scale, quantization.zero_point
        address = library.TfLiteTensorData(handle)
        if self.dtype is None or not address:
            raise EngineFailed("it works with numbers of a kind that is not supported")
        size = math.prod(self.shape) * np.dtype(self.dtype).itemsize
        memory = (ctypes.c_char * size).from_address(address)
        self.values: npt.NDArray[Any] = np.frombuffer(memory, self.dtype).reshape(self.shape)
        """The network's own memory, for as long as the network lives."""


class Model:
    """A network's weights, shared by any number of `Network`s."""

    def __init__(self, package: str, path: Path) -> None:
        """Read a `.tflite` file with the C library of a package. Raises `EngineFailed`."""
        self.path = path
        self.library = _library(package)
        try:
            self._file = MappedFile(path)
        except (OSError, ValueError) as error:
            raise EngineFailed(f"{path} {_BROKEN}: {error}") from error
        self.handle = self.library.TfLiteModelCreateWithErrorReporter(
            self._file.address, self._file.size, _report, None
        )
        if not self.handle:
            raise EngineFailed(f"{path} {_BROKEN}")
        weakref.finalize(self, _forget, self.library, self.handle, self._file)

    def rest(self) -> None:
        """A network is ready, and has its own copy of weights if it needs them often (XNNPACK)."""
        self._file.rest()


class Network:
    """A network that can be run, with what it remembers from one run to the next, if anything.

    Not for two threads at once.
    """

    def __init__(
        self, model: Model, shape: tuple[int, ...] | None = None, *, accelerate: bool = False
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
        model.rest()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of what `run` takes."""
        return self.input.shape

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of what `run` gives."""
        return self.output.shape

    def run(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Run once; `values` are as many as the input takes, in any shape, of its type."""
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
        weakref.finalize(self, _delete, library, handle, delegate)
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


@functools.cache
def _library(package: str) -> ctypes.CDLL:
    """The package's library, or one that is the same and was loaded for another package."""
    folder = package_folder(package) / "lib"
    file = next(folder.glob("*tensorflowlite_c.*"), None)
    if file is None:
        raise EngineFailed(
            f"{folder} has no TensorFlow Lite: no wheel of {package} for this machine?"
        )
    for other, library in list(_LOADED.items()):  # another thread may add to them
        if filecmp.cmp(other, file, shallow=False):
            return library
    try:
        library = ctypes.CDLL(str(file))
    except OSError as error:
        raise EngineFailed(f"{file} cannot be used on this machine: {error}") from error
    _LOADED[file] = library
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _forget(library: ctypes.CDLL, model: int, file: MappedFile) -> None:
    """Free a model, and only then the file that it reads."""
    library.TfLiteModelDelete(model)


def _delete(library: ctypes.CDLL, interpreter: int | None, delegate: int | None) -> None:
    if interpreter:
        library.TfLiteInterpreterDelete(interpreter)
    if delegate:
        library.TfLiteXNNPackDelegateDelete(delegate)
