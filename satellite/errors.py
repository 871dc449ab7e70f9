"""Every expected failure, as one tree of exceptions.

SatelliteError                  a failure to report to a user; carries an exit code
├── UsageError                  the command line or the configuration is wrong (exit code 2)
│   ├── ConfigError             one or more problems of the configuration, all of them listed
│   ├── PluginUnknown           no plugin of that name is installed
│   └── AudioFileError          a WAV file is missing or not a WAV file (exit code 1)
├── PluginError                 a plugin cannot be used
│   ├── PluginBroken            importing or constructing it failed
│   └── PackageMissing          it needs a package or system library that is not installed
├── DeviceError                 a microphone or a speaker cannot be used
│   ├── DeviceMissing           it cannot be opened: there is none, or none of that name
│   │   ├── DeviceBusy          another program has it open
│   │   └── DeviceForbidden     this user may not open it
│   └── DeviceLost              it went away while in use
├── EngineError                 an engine (asr, llm, tts, wake) cannot answer a request
│   ├── ModelMissing            its model is not on this machine
│   │   └── LanguageUnknown     it has no model or voice of the requested language
│   ├── DownloadFailed          its model could not be downloaded, or is not what was expected
│   ├── EngineBusy              it has as many requests as it accepts
│   ├── EngineClosed            it was used after `close`
│   ├── EngineTimeout           it did not answer within its deadline
│   ├── EngineDown              the program behind it does not run or cannot be reached
│   ├── OutOfMemory             its model does not fit into this machine's memory
│   ├── AnswerBroken            its answer broke off in the middle
│   ├── HomeError               Home Assistant cannot answer a request
│   │   ├── HomeDown            it cannot be reached
│   │   ├── HomeStarting        it runs but is not ready yet
│   │   ├── HomeRefused         it refuses access: the token is missing or wrong
│   │   ├── HomeAgentMissing    it has no such conversation agent
│   │   └── HomeFailed          any other failure that it reports
│   └── EngineFailed            any other failure that an engine reports
├── WireError                   a peer on the network breaks the protocol or the connection
│   ├── PeerUnreachable         no connection could be made
│   │   └── PeerRefused         the peer answered but refused the connection
│   ├── PeerClosed              the connection ended before the answer did
│   └── BadFrame                the peer sent something other than the Wyoming protocol
├── UpdateFailed                this program could not look for a newer version, or install it
├── MemoryFull                  this process uses more memory than it may
└── PortInUse                   another program listens on that port already

A message names what is wrong, where, and the remedy. `code` names the class on the wire, so that a
remote engine raises the same class as the engine behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from satellite.text.redact import masked


class SatelliteError(Exception):
    """A failure to report to a user, in one line without passwords and tokens."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return masked(super().__str__())


class UsageError(SatelliteError):
    """The command line or the configuration is wrong."""

    code = "usage"
    exit_code = 2


class ConfigError(UsageError):
    """The configuration has problems; `problems` lists all of them."""

    code = "config"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(map(masked, problems))
        super().__init__("\n".join(self.problems))


class PluginUnknown(UsageError):
    """No plugin of that name is installed for the role."""

    code = "plugin-unknown"


class AudioFileError(UsageError):
    """A WAV file is missing or is not a readable WAV file."""

    code = "audio-file"
    exit_code = 1


class PluginError(SatelliteError):
    """A plugin cannot be used."""

    code = "plugin"


class PluginBroken(PluginError):
    """Importing or constructing a plugin failed."""

    code = "plugin-broken"


class PackageMissing(PluginError):
    """A plugin needs a package or a system library that is not installed."""

    code = "package-missing"


class DeviceError(SatelliteError):
    """A microphone or a speaker cannot be used."""

    code = "device"


class DeviceMissing(DeviceError):
    """There is no such microphone or speaker, or it cannot be opened.

    Its text is `fact` and, if there is one, `remedy`, with a colon between them.
    """

    code = "device-missing"

    def __init__(self, fact: str, remedy: str = "") -> None:
        super().__init__(f"{fact}: {remedy}" if remedy else fact)
        self.fact = fact
        self.remedy = remedy


class DeviceBusy(DeviceMissing):
    """Another program has the microphone or speaker open."""

    code = "device-busy"


class DeviceForbidden(DeviceMissing):
    """This user may not open the microphone or speaker."""

    code = "device-forbidden"


class DeviceLost(DeviceError):
    """A microphone or a speaker went away while in use."""

    code = "device-lost"


class EngineError(SatelliteError):
    """An engine cannot answer a request."""

    code = "engine"


class ModelMissing(EngineError):
    """The engine's model is not on this machine."""

    code = "model-missing"


class LanguageUnknown(ModelMissing):
    """The engine has no model, voice or sentences of the requested language."""

    code = "language"


class DownloadFailed(EngineError):
    """A model could not be downloaded, or is not what was expected; nothing of it is used."""

    code = "download"


class EngineBusy(EngineError):
    """The engine has as many requests as it accepts; another engine, or a later time, may do."""

    code = "busy"


class EngineClosed(EngineError):
    """The engine was used after it was closed."""

    code = "closed"


class EngineTimeout(EngineError):
    """The engine did not answer within its deadline."""

    code = "timeout"


class EngineDown(EngineError):
    """The program behind the engine does not run or cannot be reached."""

    code = "down"


class OutOfMemory(EngineError):
    """The engine's model does not fit into the machine's memory."""

    code = "memory"


class AnswerBroken(EngineError):
    """The engine's answer broke off in the middle."""

    code = "broken-off"


class HomeError(EngineError):
    """Home Assistant cannot answer a request."""

    code = "home"


class HomeDown(HomeError):
    """Home Assistant cannot be reached."""

    code = "home-down"


class HomeStarting(HomeError):
    """Home Assistant runs but is not ready yet."""

    code = "home-starting"


class HomeRefused(HomeError):
    """Home Assistant refuses access: the token is missing or wrong."""

    code = "home-refused"


class HomeAgentMissing(HomeError):
    """Home Assistant has no such conversation agent."""

    code = "home-agent-missing"


class HomeFailed(HomeError):
    """Home Assistant reported a failure of its own."""

    code = "home-failed"

    def __init__(self, text: str = "", *, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        """HTTP status of Home Assistant's answer; None where it is unknown."""


class EngineFailed(EngineError):
    """The engine reported a failure of its own."""

    code = "failed"


class WireError(SatelliteError):
    """A peer on the network breaks the protocol or the connection."""

    code = "wire"


class PeerUnreachable(WireError):
    """No connection could be made."""

    code = "unreachable"


class PeerRefused(PeerUnreachable):
    """The peer answered but refused the connection."""

    code = "refused"


class PeerLate(PeerUnreachable):
    """The peer accepted the connection, but has not answered in time."""


class PeerClosed(WireError):
    """The connection ended before the answer did."""

    code = "peer-closed"


class BadFrame(WireError):
    """The peer sent something other than the Wyoming protocol, or more than is allowed."""

    code = "bad-frame"


class UpdateFailed(SatelliteError):
    """This program could not look for a newer version of itself, or install it."""

    code = "update-failed"


class MemoryFull(SatelliteError):
    """This process uses more memory than it may, and ends."""

    code = "memory-full"


class PortInUse(SatelliteError):
    """Another program already listens on that port or socket."""

    code = "port-in-use"


def engine_error(code: str | None, text: str) -> EngineError:
    """Return the engine error of a code from the wire; `EngineFailed` for an unknown code."""
    kinds = list(EngineError.__subclasses__())
    for kind in kinds:
        kinds += kind.__subclasses__()
        if kind.code == code:
            return kind(text)
    return EngineFailed(text)
