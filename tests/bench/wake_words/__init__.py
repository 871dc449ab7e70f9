"""Parts of `tests.bench.recall`: voices, rooms, noises, score tracks and curves."""
