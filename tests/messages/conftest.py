from tests.clients.conftest import admin, node, topic  # noqa: F401
