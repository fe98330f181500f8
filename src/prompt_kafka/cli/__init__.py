"""The command line: one module per command, a few lines each."""
