"""The voices of eSpeak NG."""
