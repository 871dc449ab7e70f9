"""`satellite doctor`: checks of this machine, each with what to do about its findings."""
