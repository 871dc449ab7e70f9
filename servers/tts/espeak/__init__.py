"""eSpeak NG and its voices."""
