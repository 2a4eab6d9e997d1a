"""The backend that gives every sales guide a virtual shop."""
