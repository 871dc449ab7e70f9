"""What a role gives to the checks of all roles: its requests."""

from __future__ import annotations

from typing import Any, Protocol

from satellite.conformance.check import Case


class Sample(Protocol):
    """What every role's sample has."""

    @property
    def patience(self) -> float:
        """Seconds that any one call may take."""


class Exercise(Protocol):
    """A role's requests, made from its sample."""

    def usual(self, sample: Any) -> Case:
        """One with a known answer."""

    def other(self, sample: Any) -> Case:
        """One with another answer."""

    def empty(self, sample: Any) -> list[Case]:
        """Those with nothing in them."""

    def strange(self, sample: Any) -> list[Case]:
        """Those that may be answered or refused with an error."""

    def long(self, sample: Any) -> Case:
        """One that is very long; of its answer only the first item is taken."""

    def endless(self, sample: Any) -> Case:
        """One whose input goes on for ever, where the role has such; otherwise the usual one."""
