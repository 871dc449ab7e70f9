"""What every plugin promises of its attributes."""

from __future__ import annotations

from typing import Any

from satellite.conformance.check import Check, Make, Wrong, checks_of
from satellite.ports import misspelled_offers


def spelling_checks(role: str) -> tuple[Check, ...]:
    """Return the check of the attributes by which a plugin of a role offers more."""

    async def _spells_its_offers(make: Make, sample: Any) -> None:
        """No attribute of its class looks like a misspelled one that would be ignored."""
        async with make() as plugin:
            for name, meant in misspelled_offers(type(plugin), role).items():
                raise Wrong(f"its attribute {name} is ignored; did you mean {meant}?")

    return checks_of(_spells_its_offers)
