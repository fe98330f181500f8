"""Where the runbook touches the service: observation (reads) and actions (writes)."""
