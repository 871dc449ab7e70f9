"""The program `satellite`, also as `python -m satellite`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from satellite.cli.failures import report
from satellite.cli.main import cli


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 wrongly called or configured."""
    sys.exit(call(sys.argv[1:]))


def call(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code."""
    try:
        result = cli.main(list(arguments), prog_name="satellite", standalone_mode=False)
    except SystemExit:
        raise
    except BaseException as error:
        return report(error)
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
