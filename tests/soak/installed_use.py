"""Use of the command of a system-wide installation by users and by root."""

from __future__ import annotations

import subprocess
import time

from tests.soak.clean_root import BootedRoot, CleanRoot
from tests.support import model_files
from tests.support.hub import hub_running

COMMAND = "/usr/local/bin/satellite"
VOICE = "en_US-lessac-medium"
FILE = "/etc/satellite/satellite.toml"
PERSON = ("runuser", "-u", "person", "--")
HOMES = ("root", "home/person")
MEMBER = "usermod --append --groups satellite person"
DONE = "code=exited ; status=0"
"""The output of systemctl for a successful command of a unit."""
AGAIN = 30.0
"""Seconds for the commands of a service after a crash, on a busy machine."""


def expect(true: bool, otherwise: str) -> None:
    """Raise `RuntimeError` unless a condition holds."""
    if not true:
        raise RuntimeError(otherwise)


def check(root: CleanRoot) -> None:
    """Use the command as any user, as root and as a member of its group, while no service runs."""
    root.run("useradd", "-m", "person")
    for words in (["status"], ["watch", "--once"], ["mute"], ["say", "hello"], ["config"]):
        line = _refused(root, *words)
        expect("use sudo, or join" in line and "usermod -aG satellite person" in line, line)
    for words in (["setup"], ["models", "pull", "piper:en_US-lessac-medium"]):
        line = _refused(root, *words)
        expect(f"sudo satellite {' '.join(words)}" in line, line)
    before = _kept_at_home(root)
    listed = root.run(COMMAND, "models").stdout
    expect("no models in /var/lib/satellite/models" in listed, listed)
    root.run("sh", "-c", f"{COMMAND} pair --help >/dev/null; cd /tmp && {COMMAND} stats")
    sound = ["--mic", "command:sh -c 'cat /dev/zero'", "--speaker", "wav:/dev/null"]
    quiet = ["--yes", "--no-zeroconf", "--no-service"]
    configuration = root.folder / FILE[1:]
    given = configuration.read_text()
    root.run(COMMAND, "setup", *quiet, *sound, "--name", "kitchen")
    _is_the_service_s(root)
    after = _kept_at_home(root)
    expect(after == before, f"in people's homes are now: {after - before}")
    root.run("sh", "-euc", MEMBER)
    told = root.run(*PERSON, COMMAND, "config").stdout
    expect('name = "kitchen"' in told, told)
    said = root.run(*PERSON, COMMAND, "status", check=False, alone=True)  # but for this machine's
    expect((said.returncode, "does not run" in said.stdout) == (1, True), said.stdout + said.stderr)
    configuration.write_text(given)
    print("strangers are told in one line whom to ask; root's settings are the service's")


def check_models(root: CleanRoot, installer: str) -> None:
    """Download a voice from a local hub as root, for the service to find."""
    print(root.run(installer, "--extras", "server").stdout, end="")
    before = _kept_at_home(root)
    with hub_running() as hub:
        hub.add_voice(VOICE, model_files.voice(VOICE))
        told = root.run(COMMAND, "models", "pull", "--endpoint", hub.endpoint, f"piper:{VOICE}")
    expect("/var/lib/satellite/models" in told.stdout, told.stdout)
    files = root.run("find", "/var/lib/satellite/models", "-type", "f", "-user", "satellite").stdout
    expect(f"{VOICE}.onnx" in files, f"the service has {files}")
    others = root.run(
        "find", "/var/lib/satellite", "/var/cache/satellite", "!", "-user", "satellite"
    )
    expect(not others.stdout, f"not the service's: {others.stdout}")
    after = _kept_at_home(root)
    expect(after == before, f"in people's homes are now: {after - before}")
    expect(VOICE in root.run(COMMAND, "models").stdout, "it is not listed")
    root.run(COMMAND, "models", "remove", f"piper:{VOICE}")  # it has no voice
    print("models that root fetches are the service's")


def check_running(machine: BootedRoot) -> None:
    """Ask the running service as a member of its group, and end it as a crash does."""
    for words, said in ((["status"], "idle"), (["mute", "on"], "muted"), (["mute", "off"], "not")):
        told = machine.run(*PERSON, COMMAND, *words)
        expect(said in told, f"{' '.join(words)}: {told}")
    told = machine.run(COMMAND, "status")
    expect("idle" in told, told)
    crash(machine, "systemctl")
    print("who is in its group may ask it; after a crash others are made as loud as they were")


def crash(machine: BootedRoot, *control: str) -> None:
    """End the service as a crash does, and wait for its commands after one; `control` is the
    command of the service manager."""
    machine.run(*control, "kill", "--kill-who=main", "--signal=KILL", "satellite")
    began = time.monotonic()
    while DONE not in (told := machine.run(*control, "show", "-P", "ExecStopPost", "satellite")):
        expect(time.monotonic() - began < AGAIN, f"after a crash: {told}")
        time.sleep(0.2)


def _refused(root: CleanRoot, *words: str) -> str:
    """Return the only line that any other user is shown."""
    done: subprocess.CompletedProcess[str] = root.run(*PERSON, COMMAND, *words, check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    expect(done.returncode != 0 and len(lines) == 1, f"{words}: {done.returncode}: {lines}")
    return lines[0]


def _is_the_service_s(root: CleanRoot) -> None:
    """Check that the service finds the configuration written by root, and can read it."""
    expect('name = "kitchen"' in root.run("cat", FILE).stdout, "setup has not written its name")
    rights = root.run("stat", "-c", "%U:%G %a", FILE).stdout.strip()
    expect(rights == "root:satellite 640", f"{FILE} is {rights}")
    others = root.run("find", "/var/lib/satellite", "!", "-user", "satellite").stdout
    expect(not others, f"not the service's: {others}")


def _kept_at_home(root: CleanRoot) -> set[str]:
    return {path for path in root.files() if path.lstrip("/").startswith(HOMES)}
