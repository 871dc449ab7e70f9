"""The output of arecord and aplay about a device, imitated by scripts of those names.

No device of the tests refuses a rate or a channel count, so the scripts print what the
programs print then (alsa-utils, aplay.c: `set_params`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.builtin.audio.alsa import AlsaMic, AlsaSpeaker
from satellite.errors import DeviceBusy, DeviceForbidden, DeviceMissing
from satellite.values import AudioFormat

_SCRIPT = r"""#!/bin/sh
# {name} for a device with {channels} channels at {rate} Hz
while [ $# -gt 0 ]; do
  case "$1" in
    -r) rate=$2; shift ;;
    -c) channels=$2; shift ;;
    /dev/zero) probe=1 ;;
  esac
  shift
done
echo "Recording raw data 'stdin' : Signed 16 bit Little Endian, Rate $rate Hz" >&2
if [ "$channels" != {channels} ]; then
  echo "{name}: set_params:1358: Channels count non available" >&2
  exit 1
fi
if [ "$rate" != {rate} ]; then
  echo "Warning: rate is not accurate (requested = ${{rate}}Hz, got = {rate}Hz)" >&2
  echo "         please, try the plug plugin" >&2
fi
[ -n "$probe" ] && exit 0
printf '\1\0\2\0\3\0\4\0\5\0\6\0\7\0\10\0'
exec cat > /dev/null
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is first on the search path."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def install(folder: Path, rate: int, channels: int, script: str = _SCRIPT) -> None:
    for name in ("arecord", "aplay"):
        file = folder / name
        file.write_text(script.format(name=name, rate=rate, channels=channels))
        file.chmod(0o755)


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (48000, 2), (44100, 8), (16000, 6)])
async def test_a_devices_own_format_is_taken_where_it_refuses_ours(
    programs: Path, rate: int, channels: int
) -> None:
    install(programs, rate, channels)
    mic = AlsaMic(AlsaMic.Options(device="hw:1,0"))
    assert await mic.open() == AudioFormat(rate, channels)
    assert len(await mic.read()) % (2 * channels) == 0
    assert mic.overruns == 0
    await mic.close()
    speaker = AlsaSpeaker(AlsaSpeaker.Options(device="hw:1,0", rate=16000))
    assert await speaker.open() == AudioFormat(rate, channels)
    await speaker.write(bytes(2 * channels))
    await speaker.drain()
    assert speaker.underruns == 0
    await speaker.close()


@pytest.mark.parametrize("kind", [AlsaMic, AlsaSpeaker])
async def test_a_device_without_a_usable_format_is_reported_with_the_remedy(
    programs: Path, kind: type[AlsaMic] | type[AlsaSpeaker]
) -> None:
    install(programs, 48000, 5)
    with pytest.raises(DeviceMissing, match=r"none of .* channels \(plughw:1,0 converts"):
        await kind(kind.Options(device="hw:1,0")).open()


@pytest.mark.parametrize("kind", [AlsaMic, AlsaSpeaker])
@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("Device or resource busy", DeviceBusy),
        ("Permission denied", DeviceForbidden),
        ("No such file or directory", DeviceMissing),
    ],
)
async def test_why_a_device_cannot_be_opened_is_the_class_of_the_error(
    programs: Path,
    kind: type[AlsaMic] | type[AlsaSpeaker],
    reason: str,
    error: type[DeviceMissing],
) -> None:
    install(programs, 0, 0, f"#!/bin/sh\necho '{{name}}: {reason}' >&2\nexit 1\n")
    with pytest.raises(DeviceMissing, match=rf"alsa:default.*{reason}$") as raised:
        await kind(kind.Options(device="default")).open()
    assert raised.type is error
