"""The guided first run: devices, wake word, servers, a configuration, the service."""
