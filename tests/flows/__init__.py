"""Walks across packages against running programs."""
