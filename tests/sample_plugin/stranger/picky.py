"""A brain that needs a package which nobody has."""

from __future__ import annotations

from typing import ClassVar

from satellite.options import OptionSet
from satellite.requirements import Package, Requirement
from stranger.parrot import Parrot


class Picky(Parrot):
    """Thinks with a package that nobody has."""

    class Options(OptionSet, frozen=True):
        """None."""

    requires: ClassVar[tuple[Requirement, ...]] = (Package("a_brain_nobody_has"),)
