"""The page to talk to: its files, and a satellite for each browser that has it open."""
