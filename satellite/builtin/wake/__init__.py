"""Wake words: engines that hear them, and what those engines share."""
