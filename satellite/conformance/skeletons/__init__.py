"""Small plugins, one for each role, that keep every promise: `plugins new` starts from a copy."""
