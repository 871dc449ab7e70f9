"""Microphones, speakers, and the processing of their samples."""
