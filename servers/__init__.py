"""Speech and language engines, and the Wyoming services that `satellite --server` makes of them."""
