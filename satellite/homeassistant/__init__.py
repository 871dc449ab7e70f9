"""Home Assistant: it drives the satellite (`driver`), and is called by it (`client`)."""
