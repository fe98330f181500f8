"""The charts under ``deploy/``: what they say, in every environment."""
