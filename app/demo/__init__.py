"""The demo brand: a month of a home-goods chain, made through the services on simulated time."""
