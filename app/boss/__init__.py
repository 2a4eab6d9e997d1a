"""Boss online (老板在线): founding a brand, what its people read of a day. Called by the outer layers only."""
