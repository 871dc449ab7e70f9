"""Wake words: the engines that detect them, and their common parts."""
