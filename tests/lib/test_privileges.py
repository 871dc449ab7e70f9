"""Root's rights in a process of another user: files, secrets and programs get whose they should."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from satellite.config import files
from satellite.config import load as config
from satellite.errors import ConfigError
from satellite.lib import daemon_thread, privileges

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be another user")

SERVICE = 65534
GROUP = 1
"""Group daemon, in the place of the service's."""


@pytest.fixture
def etc() -> Iterator[Path]:
    """A folder as the installer makes it, which this process looks at as the service's user."""
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 0, GROUP)
        os.chmod(folder, 0o750)
        before = os.getgid(), os.getgroups()
        os.setegid(GROUP)
        os.setgroups([GROUP])
        os.seteuid(SERVICE)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)
            os.setegid(before[0])
            os.setgroups(before[1])


def owner(file: Path) -> tuple[int, int, int]:
    status = file.stat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


def test_a_configuration_is_root_s_and_the_service_can_read_it(etc: Path) -> None:
    file = etc / "satellite.toml"
    with pytest.raises(PermissionError):
        file.write_text("")
    assert files.replace(file, "volume = 0.5\n") is None
    assert owner(file) == (0, GROUP, 0o640)
    assert config.load(files=(file,), environment={}).settings.volume == 0.5
    assert files.replace(file, "volume = 0.6\n") == etc / "satellite.toml.old"
    assert owner(etc / "satellite.toml.old") == (0, GROUP, 0o640)
    assert os.geteuid() == SERVICE


def test_a_secret_is_the_service_s_alone(etc: Path) -> None:
    files.write_secret(etc / "token", "secret\n")
    assert owner(etc / "token") == (SERVICE, GROUP, 0o600)
    assert (etc / "token").read_text() == "secret\n"


async def test_programs_have_root_s_rights_where_they_are_said_to(etc: Path) -> None:
    for root, said in ((True, "0"), (False, str(SERVICE))):
        answer = await daemon_thread.program(["id", "-u"], root=root)
        assert answer is not None
        assert answer.output.strip() == said
    assert privileges.root_owned()


def test_an_unreadable_file_is_reported_with_a_remedy(etc: Path) -> None:
    with privileges.as_root():
        (etc / "satellite.toml").touch(0o600)
    with pytest.raises(ConfigError) as raised:
        config.load(files=(etc / "satellite.toml",), environment={})
    (problem,) = raised.value.problems
    assert "cannot be read: Permission denied; use sudo, or join those who may" in problem
    assert "sudo usermod -aG daemon " in problem
    assert "\n" not in problem
