#!/usr/bin/env python3
"""A host without plugins: what an anonymous client can see of one, and nothing more.

Written from the text of conformance/spec/ alone, with the standard library alone, so that the suite
has met a second opinion of that text. `--mistake NAME` makes one mistake, which the suite must notice.
Prints its URL when it serves.
"""

import argparse
import json
import re
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MISTAKES = {
    "bare-list": "the plugin list comes without the envelope",
    "enveloped-health": "the health answer comes in the envelope",
    "errors-with-200": "failures are answered 200",
    "no-request-id": "failures have no request id",
    "plain-errors": "failures are plain text",
    "leaky-errors": "failures tell where they came from",
    "one-code-for-all": "every 404 is NOT_FOUND",
    "open-admin": "the administrator's endpoints ask for no credentials",
    "forbidden-for-nobody": "without credentials it is 403, not 401",
    "address-in-readiness": "the readiness answer names the store's address",
    "nameless-stores": "the readiness answer names no store",
    "no-error-codes": "the OpenAPI document lists no error codes",
    "public-operations": "the OpenAPI document asks for credentials nowhere",
    "old-openapi": "the OpenAPI document is of version 3.0",
    "sniffing": "files come without nosniff",
}

# Chapter "The host's HTTP surface", table of error codes.
CODES = {
    400: "BAD_REQUEST PLUGIN_MANIFEST_INVALID PLUGIN_VERSION_INVALID PLUGIN_VERSION_MISMATCH"
    " PLUGIN_ARCHIVE_INVALID",
    401: "AUTH_MISSING_TOKEN AUTH_TOKEN_INVALID AUTH_UNAUTHENTICATED AUTH_INVALID_CREDENTIALS"
    " API_KEY_REVOKED API_KEY_EXPIRED",
    403: "FORBIDDEN AUTH_PASSWORD_CHANGE_REQUIRED",
    404: "NOT_FOUND PLUGIN_NOT_FOUND PLUGIN_ROUTE_NOT_FOUND PROJECT_NOT_FOUND"
    " PROJECT_MEMBER_NOT_FOUND TASK_NOT_FOUND USER_NOT_FOUND ROLE_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT USERNAME_TAKEN PLUGIN_NAME_TAKEN PLUGIN_SCHEMA_CONFLICT"
    " PLUGIN_ALREADY_UP_TO_DATE PLUGIN_DOWNGRADE_NOT_ALLOWED PLUGIN_BUSY",
    413: "PAYLOAD_TOO_LARGE",
    416: "RANGE_NOT_SATISFIABLE",
    422: "PLUGIN_LOAD_FAILED PLUGIN_MIGRATION_FAILED",
    500: "INTERNAL_ERROR",
    502: "PLUGIN_TRAPPED PLUGIN_BAD_RESPONSE PLUGIN_RESPONSE_TOO_LARGE MARKETPLACE_UNAVAILABLE"
    " PLUGIN_DOWNLOAD_FAILED",
    503: "SERVICE_UNAVAILABLE PLUGIN_UNAVAILABLE PLUGIN_OVERLOADED",
    504: "PLUGIN_TIMEOUT",
}

# Method, path, whether it needs credentials.
OPERATIONS = [
    ("get", "/api/healthz", False),
    ("get", "/api/readyz", False),
    ("get", "/api/openapi.json", False),
    ("post", "/api/v1/auth/login", False),
    ("get", "/api/v1/plugins", False),
    ("get", "/plugins/{name}/{path}", False),
    ("get", "/plugins-mcp/{name}/{path}", False),
    ("get", "/api/v1/admin/plugins/marketplace", True),
    ("post", "/api/v1/admin/plugins/marketplace/install", True),
    ("post", "/api/v1/admin/plugins", True),
    ("patch", "/api/v1/admin/plugins/{id}", True),
    ("delete", "/api/v1/admin/plugins/{id}", True),
    ("post", "/api/v1/admin/plugins/{id}/upgrade", True),
    ("patch", "/api/v1/admin/plugin-extension-settings", True),
]


def openapi(mistake):
    """The OpenAPI document of OPERATIONS."""
    any_of_three = [{"cookie": []}, {"bearer": []}, {"key": []}]
    paths = {}
    for method, path, private in OPERATIONS:
        private = private and mistake != "public-operations"
        paths.setdefault(path, {})[method] = {
            "operationId": method + re.sub(r"\W+", "_", path),
            "security": any_of_three if private else [],
            "responses": {"default": {"description": "see the specification"}},
        }
    codes = [code for names in CODES.values() for code in names.split()]
    return {
        "openapi": "3.0.3" if mistake == "old-openapi" else "3.1.0",
        "info": {"title": "A host without plugins", "version": "1.0.0"},
        "paths": paths,
        "components": {
            "schemas": {"ErrorCode": {"enum": [] if mistake == "no-error-codes" else codes}},
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "access_token"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


class Host(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    mistake = None

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        served = {
            "/api/healthz": self.health,
            "/api/readyz": self.ready,
            "/api/openapi.json": lambda: self.json(200, openapi(self.mistake)),
            "/api/v1/plugins": self.plugins,
        }
        if path in served and self.command in ("GET", "HEAD"):
            return served[path]()
        if path.startswith("/api/v1/admin/"):
            return self.admin()
        if path.startswith(("/api/v1/plugins/", "/plugins/", "/plugins-mcp/")):
            code = "NOT_FOUND" if self.mistake == "one-code-for-all" else "PLUGIN_NOT_FOUND"
            return self.fail(404, code, "there is no such plugin")
        return self.fail(404, "NOT_FOUND", "there is nothing at this path")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def health(self):
        status = {"status": "ok"}
        wrapped = {"success": True, "data": status}
        self.json(200, wrapped if self.mistake == "enveloped-health" else status)

    def ready(self):
        store = {"status": "up"}
        if self.mistake == "address-in-readiness":
            store["address"] = "memory://10.0.0.1"
        stores = {} if self.mistake == "nameless-stores" else {"memory": store}
        self.json(200, {"status": "ok", "stores": stores})

    def plugins(self):
        data = {"plugins": []}
        self.json(200, data if self.mistake == "bare-list" else {"success": True, "data": data})

    def admin(self):
        if self.mistake == "open-admin":
            self.json(200, {"success": True, "data": {}})
        elif self.mistake == "forbidden-for-nobody":
            self.fail(403, "FORBIDDEN", "who are you?")
        else:
            # There are no users here, so that nobody has credentials.
            self.fail(401, "AUTH_MISSING_TOKEN", "this needs credentials")

    def fail(self, status, code, sentence):
        body = {"success": False, "error_code": code, "error": sentence}
        if self.mistake != "no-request-id":
            body["request_id"] = str(uuid.uuid4())
        if self.mistake == "leaky-errors":
            body["error"] += f" (Traceback: {__file__})"
        if self.mistake == "plain-errors":
            return self.send(status, "text/plain", sentence)
        return self.json(200 if self.mistake == "errors-with-200" else status, body)

    def json(self, status, value):
        self.send(status, "application/json", json.dumps(value))

    def send(self, status, content_type, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.mistake != "sniffing":
            self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--mistake", choices=MISTAKES, help="\n".join(map(": ".join, MISTAKES.items())))
    arguments = parser.parse_args()
    Host.mistake = arguments.mistake
    server = ThreadingHTTPServer(("127.0.0.1", arguments.port), Host)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
