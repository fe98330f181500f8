"""The console, over its real application."""
