"""Wyoming over the network: frames, remote engines, discovery and fail-over."""
