"""Groups: who reads, and how far behind they are."""
