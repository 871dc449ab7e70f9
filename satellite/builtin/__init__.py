"""The built-in plugins, each named by an entry point as a stranger's would be."""
