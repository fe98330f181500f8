"""The server as an ASGI application: who asks, for what, and which answer."""

from __future__ import annotations

import asyncio
import hmac
import sys
import traceback
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from prompt_kafka.lab.apiserver import discovery, forwards, logs, openapi, sessions, shapes
from prompt_kafka.lab.apiserver.answers import answer, refusal, warn
from prompt_kafka.lab.apiserver.deletion import Deletion
from prompt_kafka.lab.apiserver.errors import ApiError, method_not_allowed, no_such_resource, unauthorized
from prompt_kafka.lab.apiserver.objects import Call, Objects
from prompt_kafka.lab.apiserver.registry import Registry
from prompt_kafka.lab.apiserver.requests import Target, parse_path
from prompt_kafka.lab.apiserver.resources import Resource
from prompt_kafka.lab.apiserver.seeds import plant
from prompt_kafka.lab.apiserver.store import Store
from prompt_kafka.lab.apiserver.verbs import Verbs

#: What may be asked without a token, as on a real server.
OPEN = ("/healthz", "/livez", "/readyz", "/version")

#: What is a WebSocket and not a request.
STREAMS = ("exec", "portforward")


class Api:
    """The Kubernetes API of one lab.

    Parameters
    ----------
    store
        The objects.
    state
        The lab's folder, for the logs and processes of its pods.
    token
        What a client must show.
    address
        ``host:port``, for discovery.
    """

    def __init__(self, store: Store, state: Path, token: str, address: str) -> None:
        self.stopping = asyncio.Event()
        self._store = store
        self._state = state
        self._expected = f"Bearer {token}".encode()
        self._address = address
        self.registry = Registry(store)
        self._objects = Objects(store, self.registry, shapes.load())
        self._verbs = Verbs(self._objects, Deletion(self._objects), self.stopping)
        plant(self._objects)

    def stop(self) -> None:
        """End all watches."""
        self.stopping.set()
        self._store.wake_all()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            response = await self._http(Request(scope, receive))
            await response(scope, receive, send)
        elif scope["type"] == "websocket":
            socket = WebSocket(scope, receive, send)
            await self._socket(socket)

    async def _http(self, request: Request) -> Response:
        try:
            if not request.url.path.startswith(OPEN):
                self._check(request.headers.get("authorization", ""))
            return await self._route(request)
        except ApiError as error:
            return refusal(error)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return refusal(ApiError(500, "InternalError", f"Internal error occurred: {error!r}", {}))

    def _check(self, shown: str) -> None:
        if not hmac.compare_digest(shown.encode("latin-1", "replace"), self._expected):
            raise unauthorized()

    async def _socket(self, socket: WebSocket) -> None:
        try:
            self._check(socket.headers.get("authorization", ""))
            target = parse_path(socket.url.path)
            if target is None or target.plural != "pods" or target.subresource not in STREAMS:
                raise no_such_resource()
            pod = self._objects.get(self._call(target, "unknown")).object
            session: sessions.Session | forwards.Forward
            if target.subresource == "exec":
                session = sessions.Session.of(self._state, pod, socket.query_params)
            else:
                session = forwards.Forward.of(pod, socket.query_params)
        except ApiError as error:
            await socket.receive()
            await socket.send_denial_response(refusal(error))
            return
        await session.run(socket)

    async def _route(self, request: Request) -> Response:
        path = request.url.path.rstrip("/") or "/"
        if path.startswith("/api"):
            target = parse_path(path)
            if target is not None and target.plural:
                return await self._resource(request, target)
            return self._discover(request, path, target)
        if path.startswith(("/healthz", "/livez", "/readyz")):
            return PlainTextResponse("ok")
        if path == "/version":
            return answer(discovery.version())
        if path.startswith("/openapi/v3"):
            return self._openapi(path)
        if path == "/":
            return answer(
                {
                    "paths": [
                        "/api",
                        "/api/v1",
                        "/apis",
                        "/healthz",
                        "/livez",
                        "/openapi/v3",
                        "/readyz",
                        "/version",
                    ]
                }
            )
        return PlainTextResponse("404 page not found\n", 404)

    def _discover(self, request: Request, path: str, target: Target | None) -> Response:
        if request.method != "GET":
            raise method_not_allowed()
        if path == "/api":
            return answer(discovery.core_versions(self._address))
        if path == "/apis":
            return answer(discovery.groups(self.registry))
        if target is not None:
            return answer(discovery.resources(self.registry, target.group, target.version))
        parts = path.split("/")
        if parts[1] == "apis" and len(parts) == 3:
            return answer(discovery.group(self.registry, parts[2]))
        return PlainTextResponse("404 page not found\n", 404)

    def _openapi(self, path: str) -> Response:
        parts = path.split("/")[3:]
        if not parts:
            return answer(openapi.index(self.registry))
        if parts[0] == "api" and len(parts) == 2:
            return answer(openapi.document(self.registry, "", parts[1]))
        if parts[0] == "apis" and len(parts) == 3:
            return answer(openapi.document(self.registry, parts[1], parts[2]))
        raise no_such_resource()

    def _call(self, target: Target, manager: str, validation: str = "Warn") -> Call:
        resource: Resource | None = self.registry.find(target.group, target.version, target.plural)
        if resource is None or (target.namespace and not resource.namespaced):
            raise no_such_resource()
        if target.name and resource.namespaced and not target.namespace:
            raise no_such_resource()
        return Call(
            resource,
            target.namespace,
            target.name,
            target.subresource,
            manager=manager,
            validation=validation,
        )

    async def _resource(self, request: Request, target: Target) -> Response:
        query = request.query_params
        manager = query.get("fieldManager") or request.headers.get("user-agent", "unknown").partition("/")[0]
        call = self._call(target, manager[:128], query.get("fieldValidation") or "Warn")
        response = await self._answer(request, target, call)
        if call.resource.deprecation:
            warn(response, call.resource.deprecation)
        return response

    async def _answer(self, request: Request, target: Target, call: Call) -> Response:
        query = request.query_params
        if not target.name:
            return await self._verbs.collection(request, call)
        if call.resource.not_stored:
            raise method_not_allowed()
        name = target.subresource
        if not name or (name == "status" and call.resource.status):
            return await self._verbs.item(request, call)
        if name == "scale":
            call.subresource = ""
            return await self._verbs.scale(request, call)
        if name in call.resource.subresources:
            call.subresource = ""
            if name in ("binding", "eviction"):
                return await self._verbs.post_to_pod(request, call, name)
            if name == "log":
                return logs.answer(self._state, self._objects, call, query, self.stopping)
            if name in STREAMS:
                raise ApiError(
                    400, "BadRequest", "Upgrade request required: the lab speaks WebSocket here", {}
                )
        raise no_such_resource()
