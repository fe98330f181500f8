"""**Checks**: what ``check`` finds in the charts of this environment, as Git has them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from prompt_kafka import checking
from prompt_kafka.checking_told import as_json, by_rule, judged, summary
from prompt_kafka.console.desk import desk
from prompt_kafka.console.observatory import Opens
from prompt_kafka.console.pages import failure, shown
from prompt_kafka.core.errors import UnreachableError, UsageError
from prompt_kafka.core.world import Part

FRESH_S = 300.0


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes
    ----------
    where
        The repository and commit that were judged.
    """

    report: checking.Report
    where: str


def page(request: Request) -> Response:
    """Show the findings, the worst first."""
    kept = desk(request).checks.get(0 if "again" in request.query_params else FRESH_S)
    found = kept.value
    groups = by_rule(found.report.found) if found else {}
    return shown(
        request,
        "check.html",
        title="Checks",
        found=found,
        error=kept.error,
        seen_at=kept.at,
        judged=judged(found.report) if found else "",
        summary=summary(found.report) if found else "",
        groups=[(severity, group[0].finding.about, group) for (severity, _), group in groups.items()],
    )


def listed(request: Request) -> Response:
    """Return the findings as JSON: what ``check -o json`` prints."""
    kept = desk(request).checks.get(FRESH_S)
    if kept.value is None:
        return failure(request, kept.error or UnreachableError("nothing has been judged yet"))
    return JSONResponse({**as_json(kept.value.report), "repository": kept.value.where})


def look(opens: Opens) -> Checked:
    """Judge the charts at the head of the branch that is followed.

    Raises
    ------
    UsageError
        No repository is configured.
    """
    with opens() as session, tempfile.TemporaryDirectory(prefix="prompt-kafka-check-") as folder:
        environment = session.environment
        if not environment.repository:
            raise UsageError(
                f"no repository is configured for {environment.name}",
                next="give `repository` in service.yaml; or judge a folder: prompt-kafka check PATH",
            )
        seen = session.observe(frozenset({Part.GIT})).git
        if seen.known is None:
            raise UnreachableError(seen.because, next="prompt-kafka doctor")
        session.export(seen.known.head, Path(folder))
        report = checking.check(Path(folder), (environment.name,))
        return Checked(report, f"{seen.known.repository} at {seen.known.head[:12]}")
