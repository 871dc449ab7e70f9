"""Language models that llama.cpp runs inside this process."""
