"""One module per heading of the runbook page: ``plan(request, world) -> Plan``, pure."""
