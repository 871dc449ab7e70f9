"""Complaints of other satellites' users: the requirements of the package."""

from __future__ import annotations

import re

from satellite.requirements import own_distribution


def base() -> set[str]:
    """Return the packages that are installed without any extra."""
    found = [line for line in own_distribution().requires or () if "extra ==" not in line]
    return {re.split(r"[ <>=!~;\[]", line, maxsplit=1)[0].lower() for line in found}


def test_network_announcements_need_no_optional_package() -> None:
    assert {"zeroconf", "ifaddr"} <= base()


def test_nothing_needs_a_package_without_wheels_for_new_pythons() -> None:
    """Such as upstream's runtime of TensorFlow Lite, which ends with Python 3.11."""
    assert "tflite" not in " ".join(own_distribution().requires or ()).lower()
    assert {"pyopen-wakeword", "pymicro-wakeword"} <= base()
