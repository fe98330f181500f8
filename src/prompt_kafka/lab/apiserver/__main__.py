"""``python -m prompt_kafka.lab.apiserver --state DIR [--port N]``: serve until a signal ends it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from prompt_kafka.core.errors import PromptKafkaError


def main() -> int:
    """Run the server; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m prompt_kafka.lab.apiserver", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of the lab")
    parser.add_argument("--port", type=int, help="port on 127.0.0.1 (default: the one in lab.json)")
    options = parser.parse_args()
    try:
        port = options.port
        if port is None:
            from prompt_kafka.lab.state import LabState

            port = LabState.at(options.state).settings.api_port
        from prompt_kafka.lab.apiserver.server import serve

        serve(options.state.resolve(), port)
    except PromptKafkaError as error:
        sys.stderr.write(f"error: {error}\n")
        return int(error.exit_code)
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
