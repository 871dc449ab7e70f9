"""A voice satellite: wake word and audio here, speech and language models anywhere on the LAN."""
