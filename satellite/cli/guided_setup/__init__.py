"""The guided setup: devices, wake word, servers, the configuration and the service."""
