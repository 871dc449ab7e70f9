"""YAML files whose content is a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from satellite.lib.text_files import decode
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of


def parse(content: bytes) -> dict[str, Any]:
    """Return the mapping in a file's content. Raises `ValueError`, which says what is wrong."""
    import yaml  # 15 ms, only for programs that need a YAML file

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = yaml.load(decode(content), loader)
    except UnicodeDecodeError as error:
        raise ValueError(f"cannot be read: {reason_of(error)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date of month 13, deep lists
        raise ValueError(f"is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, Mapping):
        raise ValueError(f"has no keys and values, but {quoted(found, 40)}")
    return dict(found)
