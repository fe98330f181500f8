"""Values and decisions: standard library only, nothing that reaches outside the process."""
