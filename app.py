"""The WSGI application: puts the parts together."""

import logging

from flask import Flask

from casemgr.config import Config
from casemgr.database.databases import Databases
from casemgr.database.engine import create_engine
from casemgr.database.servers import Servers
from casemgr.i18n import translation
from casemgr.observability import log
from casemgr.observability.context import count_statements_of
from casemgr.web import cases, description, docs_page, error_catalogue, error_page, health, sessions, tokens
from casemgr.web.application import Application
from casemgr.web.errors import respond_to_error

_log = logging.getLogger(__name__)


def create_app(config: Config | None = None) -> Flask:
    """Create the application; it connects to the database when a request first needs it.

    :param config: the settings; by default those of the environment.
    :raises ConfigError: when a setting cannot be used.
    :raises MissingCatalogueError: when the message catalogue of a locale is not compiled.

    Source: contract OPS-2.
    """
    config = config or Config.from_environment()
    log.configure()
    engine = create_engine(config.database_url, config.pool)
    replicas = [create_engine(url, config.pool) for url in config.replica_urls]
    for database in (engine, *replicas):
        count_statements_of(database)
    listeners = [log.access_logger(config.slow_request)]
    metrics = None
    if config.metrics_address:
        # Imported on demand: see casemgr.observability.metrics_exporter.
        from casemgr.observability.metrics import Metrics

        try:
            metrics = Metrics(engine, replicas, config.pool)
            listeners.append(metrics.count)
        except OSError:
            _log.exception("This process has no metrics")
    app = Application(
        listeners, config.cors_origins, config.trusted_proxies, metrics.count_in_flight if metrics else None
    )
    app.register_error_handler(Exception, respond_to_error)
    app.extensions["engines"] = [engine, *replicas]
    translation.init_app(app)
    servers = Servers(engine, replicas, config.replica_max_lag)
    if metrics:
        servers.report = metrics.record_skipped
    databases = Databases(servers, config.pool.size)
    for blueprint in (
        cases.create_blueprint(databases, config),
        sessions.create_blueprint(databases, config),
        tokens.create_blueprint(databases, config),
        description.create_blueprint(config.base_url),
        error_catalogue.create_blueprint(),
        health.create_blueprint(databases),
    ):
        app.register_blueprint(blueprint)
    if config.docs_page:
        app.register_blueprint(docs_page.create_blueprint(config.base_url, with_demo_accounts=config.demo_accounts))
        app.register_blueprint(error_page.create_blueprint())
    return app
