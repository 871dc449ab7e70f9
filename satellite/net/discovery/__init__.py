"""Discovery of servers on the LAN: announcing, finding and monitoring them."""
