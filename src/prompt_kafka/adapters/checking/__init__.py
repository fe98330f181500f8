"""Reading a repository for ``check``: what rules look at, and renderings that confirm some findings."""
