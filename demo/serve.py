"""Runs `casemgr serve` for `make run`, after printing example calls."""

import os
import socket
import sys
from pathlib import Path

from casemgr.config import ConfigError
from casemgr.serving.environment import read_port, read_workers

_PAGE = "/core/casemgr/v3/docs"

_EXAMPLES = """\
Try, in another terminal:

  # A user logs in and requests two cases as JSON.
  session=$(curl -s -D - -H 'Content-Type: application/json' -d '{{"userName": "nadia", "password": "nadia-demo"}}' \
'{base}/core/authmgr/v3/user/login?forceLogin=yes' | sed -n 's/^X-egain-session: *\\([^[:space:]]*\\).*/\\1/p')
  curl -i -H "X-egain-session: $session" '{base}/core/casemgr/v3/case/1001,1002'

  # A customer logs in and requests one case as XML in French.
  session=$(curl -s -D - -H 'Content-Type: application/json' -d '{{"userName": "elodie", "password": "elodie-demo"}}' \
'{base}/core/authmgr/v3/customer/login?forceLogin=yes' | sed -n 's/^X-egain-session: *\\([^[:space:]]*\\).*/\\1/p')
  curl -i -H "X-egain-session: $session" -H 'Accept: application/xml' -H 'Accept-Language: fr-FR' \
'{base}/core/casemgr/v3/case/1001'

  # A client application fetches a token and requests three cases with all attributes, sorted.
  token=$(curl -s -u crm-bridge:crm-bridge-demo -d grant_type=client_credentials \
'{base}/core/authmgr/v3/oauth2/token' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -i -H "Authorization: Bearer $token" \
'{base}/core/casemgr/v3/case/1001,1002,1003?$attribute=all&$sort=custom.tier&$order=desc'
"""


def main() -> None:
    """Check the port, print the examples and replace this process with the service."""
    try:
        port = read_port()
        read_workers()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except ConfigError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"Port {port} cannot be used: {error.strerror}. Choose another one: make run PORT=8001")
    base = f"http://127.0.0.1:{port}"
    examples = ""
    # Another database does not have the accounts of the examples.
    if not os.environ.get("CASEMGR_DATABASE_URL"):
        examples = f" {_EXAMPLES.format(base=base)}"
        os.environ.setdefault("CASEMGR_DEMO_ACCOUNTS", "yes")
    print(f"casemgr runs at {base}, documented at {base}{_PAGE}. Press Ctrl-C to stop it.{examples}", flush=True)  # noqa: T201 - for a person
    casemgr = str(Path(sys.executable).with_name("casemgr"))
    os.execv(casemgr, [casemgr, "serve"])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
