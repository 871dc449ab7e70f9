"""Language models behind OpenAI's API: llama.cpp, vLLM, LM Studio, LocalAI, LiteLLM, OpenAI."""
