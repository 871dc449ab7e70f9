"""The desk: where programs and pages of this machine use the satellite, by HTTP and WebSocket."""
