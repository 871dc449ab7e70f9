"""Everything that differs between operating systems, in one place.

Other modules name no operating system, and no part of Python that only some of them have: they call
these functions, which say what they do where a system has no such thing. `tests/lib/platform`
holds every module to that.

Linux is where the satellite is run and tested. macOS and Windows are experimental: types, imports
and the parts below are checked, and no machine of that kind.
"""
