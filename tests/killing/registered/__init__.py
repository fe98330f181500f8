"""The procedures that are killed everywhere. Each is a module here with ``PROCEDURES``, a few lines long:

PROCEDURES = (
    Procedure(
        "rollback",
        ("rollback", "--to", "HEAD~1"),
        start=deploy_something,
        counters=(("commits", Scene.commits), ("operations", Scene.operations)),
    ),
)
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from tests.killing.procedure import Procedure

ALL: tuple[Procedure, ...] = tuple(
    procedure
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name)
    for procedure in import_module(f"{__name__}.{module.name}").PROCEDURES
)
