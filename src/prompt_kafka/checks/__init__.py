"""What can be wrong with a chart, an environment or a cluster: one finding per module, pure."""
