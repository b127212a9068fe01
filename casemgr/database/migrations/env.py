"""Run the migrations on the connection that `casemgr.database.schema.migrate` passes on."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
