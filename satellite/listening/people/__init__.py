"""Speaker recognition: enrolled voices, distinguished on this device alone."""
