"""The plugin host: finds, describes, chooses and makes plugins."""
