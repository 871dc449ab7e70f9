"""The engine `espeak`: speech by eSpeak NG."""
