"""What all language models share that chat: prompts, tools, and what of their text is spoken."""
