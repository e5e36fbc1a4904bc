"""A mail server (aiosmtpd, STARTTLS and a sign-in required) and a receiver of Standard Webhooks, on free ports of 127.0.0.1.

Says {"smtp": port, "http": port} on its first line; then a line of JSON for each message that arrived, as Python reads it.
Arguments: certificate, key, webhook secret. Ends when its standard input ends.
"""

import email
import email.policy
import json
import logging
import socket
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from standardwebhooks import Webhook

# A client that hangs up on a certificate is what the test wants, and no fault to report.
logging.disable(logging.CRITICAL)
certificate, key, secret = sys.argv[1:4]


def say(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(
            {
                "kind": "email",
                "id": message["Message-ID"],
                "subject": message["Subject"],
                "to": [a.addr_spec for a in message["To"].addresses],
                "from": [a.addr_spec for a in message["From"].addresses],
                "text": message.get_content(),
                "encrypted": session.ssl is not None,
                "defects": [str(d) for part in message.walk() for d in part.defects],
            }
        )
        return "250 queued as 42"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sign_in(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"mailer" and data.password == b"right", handled=False)


class Hooks(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = Webhook(secret).verify(body, dict(self.headers))
            say({"kind": "webhook", "id": self.headers["webhook-id"], "event": event})
            self.send_response(204)
        except Exception as error:  # noqa: BLE001 whatever is wrong with it is what the test wants to know
            say({"kind": "refused", "because": repr(error)})
            self.send_response(401)
        self.end_headers()

    def log_message(self, *_):
        pass


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
mail = Controller(
    Mailbox(), hostname="127.0.0.1", port=free_port(), ready_timeout=60, tls_context=context, require_starttls=True, auth_required=True, authenticator=sign_in
)
mail.start()
hooks = HTTPServer(("127.0.0.1", 0), Hooks)
threading.Thread(target=hooks.serve_forever, daemon=True).start()
say({"smtp": mail.port, "http": hooks.server_port})
sys.stdin.read()
mail.stop()
hooks.shutdown()
