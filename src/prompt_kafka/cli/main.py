"""``prompt-kafka``: the table of commands, and how errors end."""

from __future__ import annotations

import sys

import click

from prompt_kafka import __version__
from prompt_kafka.cli.lazy import Entry, LazyGroup
from prompt_kafka.core.errors import ExitCode, PromptKafkaError

ENTRIES = {
    "status": Entry("status", "Is it healthy, and if not, what to do.", "Look"),
    "console": Entry("web", "All of this in a browser: status, runbook, runs.", "Look"),
    "doctor": Entry("doctor", "What works from here, and what to do about the rest.", "Look"),
    "check": Entry("check", "What is wrong with the charts, with file and line; --fix mends.", "Look"),
    "history": Entry("history", "What changed lately; --handover for the next shift.", "Look"),
    "maintenance": Entry("maintenance", "Maintenance: windows, announce, extend, end.", "Look"),
    "diff": Entry("diff", "Git, cluster and brokers side by side; who changed what.", "Look"),
    "deploy": Entry("deploy", "Bring Git to the cluster, in a safe order, proved.", "Change"),
    "rollback": Entry("rollback", "Take back what the last deployment brought, by a Git revert.", "Change"),
    "restart": Entry("restart", "Restart Kafka: controllers, then brokers, each proved.", "Change"),
    "cold-startup": Entry("cold_startup", "After a downtime: find what is wrong, and mend it.", "Change"),
    "cold-shutdown": Entry("cold_shutdown", "What is at risk in a downtime; --graceful stops it.", "Change"),
    "upgrade": Entry("upgrade.main", "Kafka, its metadata level, the operator: one hop a run.", "Change"),
    "environment": Entry("environment", "Environments in Git: list, create like another, delete.", "Change"),
    "listener": Entry("listener", "Load balancers' addresses: list, pin in Git.", "Change"),
    "operator": Entry("operator", "Namespaces that the operator watches: list, add, remove.", "Change"),
    "apply": Entry("apply", "Run a plan that --save-plan wrote.", "Change"),
    "run": Entry("run", "Runs: list, show, resume, continue, abort.", "Change"),
    "topic": Entry("topic.main", "Topics: list, describe, create, alter, delete.", "Messages"),
    "user": Entry("user.main", "Users: list, describe, create, alter, delete.", "Messages"),
    "group": Entry("group.main", "Groups and their lag: list, describe.", "Messages"),
    "messages": Entry("messages.main", "Read a topic's messages, newest first; -f follows.", "Messages"),
    "lab": Entry("lab.main", "The service on this machine: up, down, traffic, faults, logs …", "Lab"),
}


@click.command(
    cls=LazyGroup,
    entries=ENTRIES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="prompt-kafka")
def root() -> None:
    """Prompt Kafka: a Kafka service on Strimzi, and a runbook in which every heading runs.

    A change shows its plan and asks once: observe, plan, approve, run, prove.
    """


def main() -> None:
    """Run the command line and exit with the code that the outcome deserves."""
    try:
        sys.exit(root.main(standalone_mode=False) or ExitCode.OK)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except PromptKafkaError as error:
        interrupted = error.exit_code is ExitCode.INTERRUPTED
        head = "" if interrupted else f"{click.style('error', fg='red', bold=True)}: "
        click.echo(f"{head}{error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(ExitCode.OK)


if __name__ == "__main__":
    main()
