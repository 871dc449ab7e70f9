"""Text normalization: dates, amounts and abbreviations in words, by a table of each language."""
