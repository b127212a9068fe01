"""The passwords and secrets of a dataset, and the sessions that end when an import changes an account."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, insert, select

from casemgr.accounts.accounts import load_credentials_by_id
from casemgr.accounts.passwords import hash_if_changed
from casemgr.accounts.sessions import end_sessions_of_accounts
from casemgr.database import models
from casemgr.domain.actors import ActorKind
from casemgr.imports.batches import ExistingKeys
from casemgr.imports.fields import Secret
from casemgr.imports.lines import Record
from casemgr.imports.record_types import RECORD_TYPES, RecordType

# The sessions of the dataset. They stay when a later line changes their account, so that the order does not matter.
_IMPORTED_SESSIONS = Table(
    "import_sessions",
    MetaData(),
    Column("digest", LargeBinary, nullable=False, index=True),
    prefixes=["TEMPORARY"],
)


class Credentials:
    """The passwords, secrets and sessions of one import."""

    def __init__(self, connection: Connection) -> None:
        """Create a temporary table, which lasts until `close`."""
        self._connection = connection
        _IMPORTED_SESSIONS.create(connection)

    def prepare(self, records: Sequence[Record], existing: ExistingKeys) -> None:
        """Prepare records for being written: turn their secrets into hashes, and end the sessions of changed accounts.

        A stored account keeps its hash if the record has no secret or the same one.

        Source: contract LOG-5.
        """
        digests = [{"digest": record.row["digest"]} for record in records if record.type.model is models.Session]
        if digests:
            self._connection.execute(insert(_IMPORTED_SESSIONS), digests)
        for record_type in RECORD_TYPES.values():
            if record_type.account:
                of_type = [record for record in records if record.type is record_type]
                self._prepare_accounts(record_type, record_type.account, of_type, existing)

    def close(self) -> None:
        """Drop the temporary table."""
        _IMPORTED_SESSIONS.drop(self._connection)

    def _prepare_accounts(
        self, record_type: RecordType, kind: ActorKind, records: Sequence[Record], existing: ExistingKeys
    ) -> None:
        stored_ids = [record.key for record in records if record.key in existing.stored[record_type.model]]
        changed = list(self._hash_secrets(record_type.hash_column, kind, records, stored_ids))
        if changed:
            end_sessions_of_accounts(self._connection, kind, changed, kept=select(_IMPORTED_SESSIONS.c.digest))

    def _hash_secrets(
        self, column: str, kind: ActorKind, records: Sequence[Record], stored_ids: Sequence[int]
    ) -> Iterator[int]:
        """Turn the secrets of accounts into hashes.

        :returns: the IDs of the stored accounts whose secret or `disabled` changes.
        """
        stored = load_credentials_by_id(self._connection, kind, stored_ids) if stored_ids else {}
        for record in records:
            row, old = record.row, stored.get(record.key)
            old_hash = old.secret_hash if old else None
            secret: Secret | None = row[column]
            row[column] = hash_if_changed(old_hash, secret.text) if secret else old_hash
            if old and (row[column], row["disabled"]) != (old_hash, old.disabled):
                yield record.key
