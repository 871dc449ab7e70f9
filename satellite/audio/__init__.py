"""Microphones, speakers, and what is done to samples between them and the rest."""
