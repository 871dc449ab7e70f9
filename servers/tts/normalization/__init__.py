"""What is written short, as people say it: a language's own table, applied where its voice is."""
