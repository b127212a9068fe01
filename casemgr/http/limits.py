"""The limits that callers meet."""

from collections.abc import Mapping

from casemgr.domain.actors import ActorKind

MAX_IDS_LENGTH = 20_000
"""Characters of `ids` after decoding. Source: contract URL-3."""

MAX_IDS: Mapping[ActorKind, int] = {
    ActorKind.USER: 75,
    ActorKind.CLIENT_APPLICATION: 75,
    ActorKind.CUSTOMER: 1,
}
"""The number of IDs that each kind of actor may supply. Source: contract URL-5, ACC-8."""

RETRY_AFTER = 5
"""Seconds after which a client may repeat a request that the service cannot process at the moment."""

MAX_WAITING_LOGINS = 24
"""Logins that may wait in a process until others have been verified; further ones are refused."""

MAX_BODY = 4096
"""Bytes of a request body."""

MAX_DEPTH = 16
"""Nesting levels of a request body in JSON or XML; a login has two."""

MAX_SESSIONS = 5
"""Sessions from logins that one account may have at a time."""

MAX_FAILURES_OF_PAIR = 10
"""Failed logins to an account from one network address in 15 minutes, after which further attempts are refused.

Source: contract LOG-4, as the two limits that follow.
"""

MAX_FAILURES_OF_ADDRESS = 100
"""Failed logins from a network address to any account in 15 minutes, after which further attempts are refused."""

MAX_FAILURES_OF_ACCOUNT = 100
"""Failed logins to an account from any address in 15 minutes, after which unknown addresses are refused."""
