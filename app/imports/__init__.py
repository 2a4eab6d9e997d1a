"""Loaders of outside data: each takes the services' own road, on simulated time, and can be run again."""
