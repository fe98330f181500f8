"""The web console: the runbook and what the service is like, in a browser.

The same planners, the same acting path and the same words as the command line, which never depends on it.
Pages are rendered here; scripts only bring them up to date. Whatever comes from the service (names, messages,
errors) is hostile input: it reaches a page through the templates' escaping and in no other way.
"""
