"""HTTP and WebSocket: the API of a satellite, its events, and its pages for probes."""
