"""Access tokens of a running Home Assistant, in files as the satellite reads them."""

from __future__ import annotations

from pathlib import Path

from tests.homeassistant.real.installation import Installation


def write_token(home_assistant: Installation, file: Path) -> Path:
    """Write a long-lived access token of the owner into a file."""
    call = home_assistant.api.call(
        "auth/long_lived_access_token", client_name=file.name, lifespan=1
    )
    file.write_text(home_assistant.loop.run(call))
    file.chmod(0o600)
    return file
