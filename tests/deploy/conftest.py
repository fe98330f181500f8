import shutil
from functools import cache
from pathlib import Path

import pytest

from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.clients.helm import Rendered

ENVIRONMENTS = ("lab", "usdfdev-prompt-processing", "usdfprod-prompt-processing")
REPO_URL = "https://git.example.org/prompt-kafka.git"


@cache
def render(environment: str, application: str) -> Rendered:
    repository = Repository(shipped())
    parent = repository.app_of_apps(environment, REPO_URL, "main")
    return repository.render_application(parent.one("Application", application).manifest)


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def service(environment: str) -> Rendered:
    """The prompt-kafka application of each environment in turn."""
    return render(environment, "prompt-kafka")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of deploy/ that a test may damage."""
    return Path(shutil.copytree(shipped(), tmp_path / "deploy"))
