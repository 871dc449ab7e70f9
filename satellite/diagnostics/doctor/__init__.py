"""`satellite doctor`: what may be wrong with this machine, told with what to do about it."""
