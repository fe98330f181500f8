"""The thin wrappers over libraries."""
