"""Starts gunicorn for `make run`, after saying how to call it."""

import os
import socket
import sys
from pathlib import Path

_PAGE = "/core/casemgr/v3/docs"

_EXAMPLES = """\
Try, in another terminal:

  # a user logs in, and asks for two cases as JSON
  session=$(curl -s -D - -H 'Content-Type: application/json' -d '{{"userName": "nadia", "password": "nadia-demo"}}' \
'{base}/core/authmgr/v3/user/login?forceLogin=yes' | sed -n 's/^X-egain-session: *\\([^[:space:]]*\\).*/\\1/p')
  curl -i -H "X-egain-session: $session" '{base}/core/casemgr/v3/case/1001,1002'

  # a customer logs in, and asks for one case as XML in French
  session=$(curl -s -D - -H 'Content-Type: application/json' -d '{{"userName": "elodie", "password": "elodie-demo"}}' \
'{base}/core/authmgr/v3/customer/login?forceLogin=yes' | sed -n 's/^X-egain-session: *\\([^[:space:]]*\\).*/\\1/p')
  curl -i -H "X-egain-session: $session" -H 'Accept: application/xml' -H 'Accept-Language: fr-FR' \
'{base}/core/casemgr/v3/case/1001'

  # a client application fetches a token, and asks for all attributes, sorted
  token=$(curl -s -u crm-bridge:crm-bridge-demo -d grant_type=client_credentials \
'{base}/core/authmgr/v3/oauth2/token' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -i -H "Authorization: Bearer $token" \
'{base}/core/casemgr/v3/case/1001,1002,1003?$attribute=all&$sort=custom.tier&$order=desc'
"""


def main() -> None:
    """Become gunicorn, unless the port cannot be had."""
    port = os.environ.get("PORT", "")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        sys.exit(f"PORT={port} is not a port number from 1 to 65535.")
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", int(port)))
    except OSError as error:
        sys.exit(f"Port {port} cannot be used: {error.strerror}. Choose another one: make run PORT=8001")
    base = f"http://127.0.0.1:{port}"
    # Only the demo data has the accounts of the examples.
    examples = "" if os.environ.get("CASEMGR_DATABASE_URL") else f" {_EXAMPLES.format(base=base)}"
    print(f"casemgr answers at {base}; {base}{_PAGE} tells how to call it. Stop it with Ctrl-C.{examples}", flush=True)  # noqa: T201 - for a person
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    os.execv(gunicorn, [gunicorn, "app:create_app()"])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
