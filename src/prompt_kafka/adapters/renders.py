"""How many objects an environment renders at the head of a branch: the proof that its files are whole."""

from __future__ import annotations

from collections.abc import Mapping

from prompt_kafka.adapters.charts import Charts
from prompt_kafka.adapters.repository import repository_of
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import RenderOf


def count(environment: Environment, look: RenderOf) -> Mapping[str, int]:
    """Return the number of objects of each application.

    Raises
    ------
    RenderError, UsageError
        They do not render; there is no such environment or branch.
    """
    git = repository_of(environment, look.branch)
    with Charts(lambda: git, environment.application, git.look().head) as charts:
        rendered = charts.whole(look.environment, {}, look.applications)
    return {name: len(objects) for name, objects in rendered.items() if name}
