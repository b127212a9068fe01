"""The WSGI application."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response
from flask.sessions import NullSession, SessionInterface
from flask.wrappers import Request
from werkzeug.exceptions import InternalServerError, NotFound
from werkzeug.routing import MapAdapter

from casemgr import (
    authmgr_routes,
    compression,
    cross_origin,
    description_routes,
    documentation_routes,
    health_routes,
    i18n,
    observations,
    request_log,
    routes,
)
from casemgr.config import Config
from casemgr.database import create_engine
from casemgr.error_responses import respond
from casemgr.exchanges import ExchangeMiddleware
from casemgr.replicas import Reader


class _NoCookies(SessionInterface):
    """Keeps nothing in cookies, and does not look for any: the sessions of the API come in other headers."""

    _session = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """Give a session that cannot hold anything."""
        return self._session


class Application(Flask):
    """Routes by path and method alone: neither the Host nor an Upgrade that a client proposes changes the answer."""

    session_interface = _NoCookies()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Take the path as it is; werkzeug would take any number of leading slashes for one (contract URL-1).

        :raises NotFound: when there are several.
        """
        if request is None:
            return super().create_url_adapter(request)
        if request.environ["PATH_INFO"].startswith("//"):
            raise NotFound
        # Not by `bind`, which looks at the host for each request.
        return MapAdapter(
            self.url_map,
            server_name="",
            script_name="/",
            subdomain=None,
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
        )

    def handle_user_exception(self, e: Exception) -> Response:
        """Answer any exception alike (contract REP-9); Flask would look for a handler of its class."""
        return respond(e)

    def handle_exception(self, e: Exception) -> Response:
        """Answer an exception that comes after the view: whatever it is, it is a fault of the service."""
        return self.finalize_request(respond(InternalServerError(original_exception=e)), from_error_handler=True)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Take any function as it is: none is asynchronous, which Flask would find out anew with every request."""
        return func


def create_app(config: Config | None = None) -> Flask:
    """Create the application; the database is first asked when a request needs it.

    :param config: the settings; by default those of the environment.
    :raises ConfigError: when a setting cannot be used.
    :raises MissingCatalogueError: when the message catalogue of a locale is not compiled.

    Source: contract OPS-2.
    """
    config = config or Config.from_environment()
    request_log.configure()
    app = Application("casemgr", static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # A path is answered as it is, not redirected to a tidier one (contract URL-1).
    app.url_map.merge_slashes = False
    i18n.init_app(app)
    engine = create_engine(config.database_url, config.pool)
    replicas = [create_engine(url, config.pool) for url in config.replica_urls]
    listeners = [request_log.writer(config.slow_request)]
    if config.metrics_address:
        # Imported here: see casemgr.metrics_exporter.
        from casemgr.metrics import Metrics

        metrics = Metrics(engine, replicas, config.pool)
        listeners.append(metrics.count)
    compression.init_app(app)
    cross_origin.init_app(app, config.cors_origins)
    app.wsgi_app = ExchangeMiddleware(  # type: ignore[method-assign]
        app.wsgi_app, listeners, vary_by_origin=bool(config.cors_origins)
    )
    reader = Reader(replicas, config.replica_max_lag)
    app.register_blueprint(routes.create_blueprint(engine, reader, config))
    app.register_blueprint(authmgr_routes.create_blueprint(engine, config))
    app.register_blueprint(description_routes.create_blueprint())
    app.register_blueprint(documentation_routes.create_blueprint(config.base_url))
    app.register_blueprint(health_routes.create_blueprint(engine))
    app.extensions["engines"] = [engine, *replicas]
    for database in (engine, *replicas):
        observations.observe(database)
    return app
