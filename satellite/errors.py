"""Everything that can go wrong, as one tree.

SatelliteError                  something a user can be told about; carries an exit code
├── UsageError                  the command line or the configuration is wrong (exit code 2)
│   ├── ConfigError             one or more problems in the configuration, all of them listed
│   ├── PluginUnknown           no plugin of that name is installed
│   └── AudioFileError          a WAV file that is not there, or is not a WAV file (exit code 1)
├── PluginError                 a plugin cannot be used
│   ├── PluginBroken            importing or constructing it failed
│   └── PackageMissing          it needs a package or system library that is not installed
├── DeviceError                 a microphone or a speaker
│   ├── DeviceMissing           it cannot be opened: there is none, or none of that name
│   │   ├── DeviceBusy          another program has it open
│   │   └── DeviceForbidden     this user may not open it
│   └── DeviceLost              it was there and has gone
├── EngineError                 an engine (asr, llm, tts, wake) cannot do what it was asked
│   ├── ModelMissing            its model is not on this machine
│   ├── DownloadFailed          its model could not be fetched, or what came is not the model
│   ├── EngineBusy              it has as much work as it takes; try another, or later
│   ├── EngineClosed            it was used after close
│   ├── EngineTimeout           it did not answer within its deadline
│   ├── EngineDown              the program behind it does not run, or cannot be reached
│   ├── OutOfMemory             its model does not fit into this machine's memory
│   ├── AnswerBroken            its answer broke off in the middle
│   ├── HomeDown                Home Assistant cannot be reached
│   ├── HomeStarting            it runs, and is not ready yet
│   ├── HomeRefused             it does not let us in: no token, or a wrong one
│   ├── HomeAgentMissing        it has no such conversation agent
│   ├── HomeFailed              anything else it reports
│   └── EngineFailed            anything else an engine reports
├── WireError                   a peer on the network
│   ├── PeerUnreachable         no connection could be made
│   │   └── PeerRefused         it answered that this machine may not connect
│   ├── PeerClosed              the connection ended before the answer did
│   └── BadFrame                what it sent is not the Wyoming protocol
├── MemoryFull                  this process uses more memory than it may
└── PortInUse                   another program listens there already

A message says what was wrong, where, and what to do. `code` names the kind on the wire, so that a
remote engine raises the same class as the engine behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from satellite.text.redact import masked


class SatelliteError(Exception):
    """Something a user can be told about in one line, which shows no password and no token."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return masked(super().__str__())


class UsageError(SatelliteError):
    """The command line or the configuration is wrong."""

    code = "usage"
    exit_code = 2


class ConfigError(UsageError):
    """The configuration has problems; `problems` lists every one of them."""

    code = "config"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(map(masked, problems))
        super().__init__("\n".join(self.problems))


class PluginUnknown(UsageError):
    """No plugin of that name is installed for the role."""

    code = "plugin-unknown"


class AudioFileError(UsageError):
    """A WAV file is not there, or is not a WAV file that can be read."""

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
    """There is no such microphone or speaker."""

    code = "device-missing"


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
    """An engine cannot do what it was asked."""

    code = "engine"


class ModelMissing(EngineError):
    """The engine's model is not on this machine."""

    code = "model-missing"


class DownloadFailed(EngineError):
    """A model could not be fetched, or what came is not the model; nothing of it is used."""

    code = "download"


class EngineBusy(EngineError):
    """The engine has as much work as it takes."""

    code = "busy"


class EngineClosed(EngineError):
    """The engine was used after it was closed."""

    code = "closed"


class EngineTimeout(EngineError):
    """The engine did not answer within its deadline."""

    code = "timeout"


class EngineDown(EngineError):
    """The program that does the engine's work does not run, or cannot be reached."""

    code = "down"


class OutOfMemory(EngineError):
    """The engine's model does not fit into the machine's memory."""

    code = "memory"


class AnswerBroken(EngineError):
    """The engine's answer broke off in the middle."""

    code = "broken-off"


class HomeDown(EngineError):
    """Home Assistant cannot be reached."""

    code = "home-down"


class HomeStarting(EngineError):
    """Home Assistant runs, and is not ready yet."""

    code = "home-starting"


class HomeRefused(EngineError):
    """Home Assistant does not let us in: there is no token, or it is a wrong one."""

    code = "home-refused"


class HomeAgentMissing(EngineError):
    """Home Assistant has no such conversation agent."""

    code = "home-agent-missing"


class HomeFailed(EngineError):
    """Home Assistant reported a failure of its own."""

    code = "home-failed"

    def __init__(self, text: str = "", *, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        """HTTP status of Home Assistant's answer; None where it is not known."""


class EngineFailed(EngineError):
    """The engine reported a failure of its own."""

    code = "failed"


class WireError(SatelliteError):
    """A peer on the network does not do its part."""

    code = "wire"


class PeerUnreachable(WireError):
    """No connection could be made."""

    code = "unreachable"


class PeerRefused(PeerUnreachable):
    """It is there, and lets this machine not in."""

    code = "refused"


class PeerClosed(WireError):
    """The connection ended before the answer did."""

    code = "peer-closed"


class BadFrame(WireError):
    """What the peer sent is not the Wyoming protocol, or is larger than allowed."""

    code = "bad-frame"


class MemoryFull(SatelliteError):
    """This process uses more memory than it may, and ends for it."""

    code = "memory-full"


class PortInUse(SatelliteError):
    """Another program listens on that port or socket already."""

    code = "port-in-use"


def engine_error(code: str | None, text: str) -> EngineError:
    """Make the engine error that `code` names; `EngineFailed` for a code that is not ours."""
    for kind in EngineError.__subclasses__():
        if kind.code == code:
            return kind(text)
    return EngineFailed(text)
