"""Install the built wheel as a tool, by pipx and by uv, and use it without a checkout.

    python -m tests.soak.tools [pipx] [uv]      both by default

The distributions are built, checked by twine and installed from the wheel into folders of their
own: command, completion, manual page, demo, the hint for an extra, a plugin installed beside, and a
server that another installation finds. Needs the package index and three minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TOOLS = ("build", "pipx", "twine", "uv")
PLUGIN = ROOT / "tests" / "sample_plugin"
LONGEST = 400.0
"""Seconds for one step: pip resolves and unpacks 30 packages."""


class Place:
    """One tool's folders, and its programs."""

    def __init__(self, folder: Path, tools: Path) -> None:
        self.folder = folder
        self._tools = tools
        own = {name: value for name, value in os.environ.items() if "SATELLITE" not in name}
        self.variables = own | {
            "HOME": str(folder),
            "PATH": f"{folder / 'bin'}:{tools}:/usr/bin:/bin",
            "PIPX_HOME": str(folder / "pipx"),
            "PIPX_BIN_DIR": str(folder / "bin"),
            "PIPX_DEFAULT_PYTHON": sys.executable,
            "UV_TOOL_DIR": str(folder / "uv"),
            "UV_TOOL_BIN_DIR": str(folder / "bin"),
            "UV_PYTHON": sys.executable,
        }

    def run(self, *command: str, check: bool = True, **variables: str) -> str:
        """Run a command in the folder. Raises `RuntimeError` with its output if it fails."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.variables | variables,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr


def expect(true: bool, otherwise: str) -> None:
    """Raise `RuntimeError` unless a condition holds."""
    if not true:
        raise RuntimeError(otherwise)


def build(place: Place) -> Path:
    """Return the wheel, built from the source distribution as a release is."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, names.stdout.decode().split("\0")):
        target = place.folder / "tree" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    place.run("pyproject-build", "--outdir", "dist", "tree")
    dist = sorted(str(path) for path in (place.folder / "dist").iterdir())
    print(place.run("twine", "check", "--strict", *dist).strip())
    return next((place.folder / "dist").glob("*.whl"))


def use(place: Place, name: str, environment: Path) -> None:
    """Use an installed command as its user does. Raises `RuntimeError`."""
    version = place.run("satellite", "--version").splitlines()[0]
    completion = place.run("satellite", _SATELLITE_COMPLETE="bash_source")
    expect("complete -o nosort -F" in completion, completion)
    words = place.run(
        "satellite", _SATELLITE_COMPLETE="bash_complete", COMP_WORDS="satellite de", COMP_CWORD="1"
    )
    expect({"plain,demo", "plain,devices"} <= set(words.split()), words)
    page = place.folder / "satellite.1"
    place.run(str(environment / "bin" / "python"), "-m", "satellite.cli.manual", str(page))
    expect(page.read_text().startswith(".TH SATELLITE 1"), page.read_text()[:80])
    began = time.monotonic()
    demo = place.run("satellite", "demo")
    expect('understood    "what time is it"' in demo and "It is" in demo, demo)
    expect((place.folder / "satellite-demo.wav").stat().st_size > 10_000, "no speech was written")
    seconds = time.monotonic() - began
    size = sum(f.stat().st_size for f in environment.rglob("*") if f.is_file()) / 1e6
    print(f"{name}: version {version}, {size:.0f} MB, with completion and manual page")
    print(f"{name}: a demo in {seconds:.1f} s")


def extend(place: Place, name: str, environment: Path) -> None:
    """Install a plugin beside, and read the hint for an extra. Raises `RuntimeError`."""
    python = str(environment / "bin" / "python")
    if name == "pipx":
        place.run("pipx", "inject", "satellite-voice", str(PLUGIN))
    else:
        place.run("uv", "pip", "install", "--python", python, str(PLUGIN))
    answer = place.run("satellite", "ask", "--llm", "parrot", "hello")
    expect("You said: hello" in answer, answer)
    hint = place.run("satellite", "plugins", "hook")
    line = next(line for line in hint.splitlines() if "gpiod is not installed" in line)
    command = line.partition("is not installed: ")[2].strip()
    place.run("sh", "-c", command)
    found = place.run(python, "-c", "import gpiod; print(gpiod.__version__)").strip()
    print(f"{name}: a plugin answers; `{command}` brought gpiod {found}")


def serve(place: Place, name: str) -> None:
    """Find a server of this installation on the network. Raises `RuntimeError`."""
    ports = [f"--{role}-port={port}" for role, port in (("llm", 21600), ("tls", 21800))]
    command = ["satellite", "--server", "llm", *ports, "--name", f"tools-{name}"]
    with subprocess.Popen(
        command, cwd=place.folder, env=place.variables, stderr=subprocess.DEVNULL
    ) as server:
        try:
            for _ in range(10):
                if f"tools-{name}" in (found := place.run("satellite", "discover", check=False)):
                    break
                time.sleep(1.0)
            else:
                raise RuntimeError(f"the server was not found: {found}")
            uri = "tcp://127.0.0.1:21600"
            answer = place.run("satellite", "ask", "--no-zeroconf", "--llm", uri, "what time is it")
            expect("It is" in answer, answer)
        finally:
            server.terminate()
    print(f"{name}: its server was found and asked")


def check(name: str, wheel: Path, tools: Path, folder: Path) -> None:
    """Install by one tool, use, extend and remove. Raises `RuntimeError`."""
    folder.mkdir()
    place = Place(folder, tools)
    place.run(*(["pipx", "install"] if name == "pipx" else ["uv", "tool", "install"]), str(wheel))
    environment = folder / ("pipx/venvs" if name == "pipx" else "uv") / "satellite-voice"
    use(place, name, environment)
    extend(place, name, environment)
    serve(place, name)
    place.run(*(["pipx"] if name == "pipx" else ["uv", "tool"]), "uninstall", "satellite-voice")
    expect(not (folder / "bin" / "satellite").exists(), "the command remains")


def main() -> int:
    """Check the tools named on the command line."""
    with tempfile.TemporaryDirectory(prefix="satellite-tools-") as made:
        folder = Path(made)
        subprocess.run([sys.executable, "-m", "venv", folder / "tools"], check=True)
        tools = folder / "tools" / "bin"
        subprocess.run([tools / "pip", "install", "-q", *TOOLS], check=True)
        (folder / "build").mkdir()
        wheel = build(Place(folder / "build", tools))
        for name in sys.argv[1:] or ("pipx", "uv"):
            check(name, wheel, tools, folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
