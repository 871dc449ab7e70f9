"""HTTP and WebSocket: the door of a satellite, and of `satellite --server`, for programs and pages.

Both programs open the same door (`server.http_server`), each at ports of its own (`door`): plain
HTTP for this machine, and HTTPS for the LAN. A room that serves something offers a function that
returns its routes, which the program passes on:

    def talk_routes(talk: Talk) -> list[Route]:
        return [
            Route("GET", "/", talk.page, public=True),
            Route("GET", "/talk", talk.socket),  # a WebSocket is a route like any other
        ]

    async with http_server(settings, satellite_door(settings), [partial(talk_routes, talk)]):
        ...

The functions are called in a thread once the first client has come, so that a program without one
never imports aiohttp: a module with routes is imported inside of the function that is passed (see
`server.make_api_routes`).

Whether a request is allowed is decided before its handler runs (`auth.Guard`), uniformly for all
routes, WebSockets included: it comes from a program of this machine, or shows the token, or the
cookie of a browser that has logged in, or comes through Home Assistant's ingress; and `Host` and
`Origin` are ours. A handler checks nothing again, and asks `route.caller()` where it matters who
calls. With `public`, a route is served without a log-in: only for files that are the same for
everyone, which ask for the log-in.

A handler raises `SatelliteError`s, which become JSON with a status (`UsageError`: 400,
`ModelMissing`: 404, `EngineBusy`: 503, others: 502), and reads bodies by `body.read_body`, which
bounds their size and time and counts them. A WebSocket sets `max_msg_size`, and gives up on a
client that takes nothing (`event_stream` does both). When a browser is logged out, its requests are
cancelled and its connections cut: a handler needs no more than to be safe to cancel.

A browser logs in by routes of the door itself. `satellite page` shows a code of eight digits and a
QR code of the address with `#code=12345678`, which no browser sends:

    GET  /api/login            {"allowed": true, "how": "browser", "secure": true}; needs no log-in
    POST /api/login            {"code": "1234 5678"}: sets the cookie; needs no log-in
    POST /api/logout           ends the log-in of this browser
    GET  /api/browsers         {"browsers": [{"id", "name", "address", "since", "seen", "this"}]}
    POST /api/browsers/revoke  {"id": ...}: ends the log-in of a browser
"""
