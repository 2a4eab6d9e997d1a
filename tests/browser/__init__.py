"""The pages in a real browser, on a phone's screen, served by the program as people run it."""
