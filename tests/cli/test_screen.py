"""Tables are aligned, whatever is in them."""

from satellite.cli.discover import details, row
from satellite.cli.screen import table
from satellite.net.discovery.remote_service import RemoteService


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    assert table([("a", "bbb", "c"), ("aaaa", "b", "")], header=("X", "Y", "Z"), indent=" ") == (
        " X     Y    Z\n a     bbb  c\n aaaa  b"
    )
    assert table([]) == ""


def test_a_server_of_many_models_has_one_line() -> None:
    server = RemoteService(
        name="attic tts",
        uri="tcp://10.0.0.5:10200",
        roles=("tts",),
        models=("a", "b", "c", "d", "e"),
        languages=("de", "en"),
        latency=0.0042,
        ours=True,
        version="1.2",
        load=0.5,
    )
    assert row(server) == ("tts", "attic tts", "tcp://10.0.0.5:10200", "4 ms", "50%")
    assert details(server) == ("attic tts", "satellite 1.2", "a, b, c and 2 more", "de, en")
    assert row(RemoteService(name="x", uri="tcp://h:1", satellite=True))[0] == "satellite"
