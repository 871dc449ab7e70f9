"""A fake Home Assistant that listens, and homes that are connected with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from satellite.homeassistant.client.home import Home, opened
from satellite.settings import HomeSettings
from tests.support.fake_home_assistant import TOKEN, FakeHome

__all__ = ["FakeHome", "connected", "fake_home", "furnished_home", "token_file", "until"]


def furnished_home() -> FakeHome:
    """Return a Home Assistant with some rooms and things, not yet started."""
    fake = FakeHome()
    kitchen, living = fake.room("Kitchen"), fake.room("Living Room", "lounge")
    bedroom, garage = fake.room("Bedroom"), fake.room("Garage")
    fake.add("light.ceiling", "Ceiling light", area=kitchen, aliases=(None, "kitchen lamp"))
    fake.add("light.counter", "Counter", area=kitchen)
    fake.add("input_boolean.living_room_lamp", "living room lamp", registered=False)
    fake.add("light.bed", "Bedroom Reading Lamp", area=bedroom)
    fake.add("cover.garage", "Garage door", "closed", area=garage, device_class="garage")
    fake.add("sensor.bedroom", "Bedroom thermometer", "20.5", area=bedroom,
             device_class="temperature", unit_of_measurement="°C")  # fmt: skip
    fake.add("climate.living", "Thermostat", "heat", area=living, current_temperature=21.5)
    fake.add("media_player.tv", "Television", area=living, device_class="tv")
    fake.add("script.movie", "movie time")
    fake.add("switch.secret", "Secret", area=kitchen, exposed=False)
    fake.devices.append({"id": "d1", "name": "Kitchen satellite", "area_id": "kitchen",
                         "identifiers": [["wyoming", "entry"]]})  # fmt: skip
    return fake


def token_file(folder: Path, text: str = TOKEN) -> str:
    """Write a file with a token, readable only for its owner; return its path."""
    file = folder / "token"
    file.write_text(text + "\n")
    file.chmod(0o600)
    return str(file)


@asynccontextmanager
async def fake_home(fake: FakeHome | None = None) -> AsyncGenerator[FakeHome, None]:
    """Run a Home Assistant during this block."""
    fake = fake or furnished_home()
    await fake.start()
    try:
        yield fake
    finally:
        await fake.stop()


def home_settings(folder: Path, fake: FakeHome) -> HomeSettings:
    """The settings of a program that is connected to the house; `folder` gets the token."""
    return HomeSettings(url=fake.url, token_file=token_file(folder))


@asynccontextmanager
async def connected(folder: Path, fake: FakeHome) -> AsyncGenerator[Home, None]:
    """A home that knows what is in the house; `folder` gets the token."""
    async with opened(home_settings(folder, fake)) as home:
        assert home is not None
        await home.known()
        yield home


async def until(true: Any, seconds: float = 10.0) -> None:
    """Wait until something becomes true."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)
