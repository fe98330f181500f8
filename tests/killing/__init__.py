"""Kills the runbook at every point of a run; a procedure registers with a few lines (:mod:`.registered`)."""
