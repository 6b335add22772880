#!/usr/bin/env python3
"""server.py: an MCP server with the official SDK, streamable HTTP: pip install "mcp>=2,<3".

carnet's guard is asked before it (doc/agents.md).  The guard has checked the token, and
says in headers, X-Carnet-User-Id and so on, who calls.  The web server replaces what a
client sends under these names.  So nobody else may reach this program: it listens on a Unix
socket, in a directory that only the web server's group may enter.

    server.py /run/mcp/mcp.sock

It needs one line in carnet.conf, and one in the web server's configuration (lighttpd.conf,
apache.conf or nginx.conf beside this file):

    [guard]
    /mcp = user all read-posts resource

Its tools are made to be replaced.
"""
import json
import sys

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.transport_security import TransportSecuritySettings

mcp = MCPServer("server.py")
NEEDS = {"add_note": "write-posts"}  # scopes beside that of the rule
notes = {}  # by user; until the program ends


def said(ctx, name):
    """What the guard says of the caller."""
    return ctx.headers.get("x-carnet-" + name, "")


@mcp.tool()
def whoami(ctx: Context) -> str:
    """Tell who is calling."""
    return "%s (user %s), by the app %s" % (
        said(ctx, "user-email"), said(ctx, "user-id"), said(ctx, "client-id"))


@mcp.tool()
def list_notes(ctx: Context) -> str:
    """List the notes of the caller."""
    return "\n".join(notes.get(said(ctx, "user-id"), [])) or "There are none."


@mcp.tool()
def add_note(text: str, ctx: Context) -> str:
    """Add a note of one line."""
    mine = notes.setdefault(said(ctx, "user-id"), [])
    mine.append(" ".join(text.split())[:1000])
    del mine[:-1000]
    return "Noted."


def lacks(headers, body):
    """The scope that the message's tool needs and the token has not."""
    try:
        message = json.loads(body)
        needs = NEEDS.get(message["params"]["name"])
        if message["method"] != "tools/call" or needs is None:
            return None
    except (ValueError, TypeError, KeyError):
        return None
    return None if needs in headers.get("x-carnet-scope", "").split() else needs


class Scopes:
    """RFC 6750 section 3.1: a client without the scope of a tool is told so by a 403, asks
    its user for a token with these scopes, and calls again.  Those that it has are named
    too, so that it does not lose them."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        if not headers.get("x-carnet-user-id"):
            return await refuse(send, 500, [], "the guard was not asked")
        body, more = b"", True
        while more and len(body) <= 1 << 20:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        if more:
            return await refuse(send, 413, [], "too long")
        needs = lacks(headers, body)
        if needs:
            have = headers.get("x-carnet-scope", "")
            challenge = 'Bearer error="insufficient_scope", scope="%s"' % (
                (have + " " + needs).strip())
            return await refuse(send, 403, [(b"www-authenticate", challenge.encode())],
                                "this needs the scope " + needs)
        parts = [{"type": "http.request", "body": body, "more_body": False}]

        async def again():
            return parts.pop() if parts else await receive()
        return await self.app(scope, again, send)


async def refuse(send, status, headers, why):
    body = json.dumps({"jsonrpc": "2.0", "id": None,
                       "error": {"code": -32001, "message": why}}).encode()
    await send({"type": "http.response.start", "status": status, "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()), *headers]})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: server.py SOCKET")
    # The SDK compares Host with a list, against pages that call a port of this machine.
    # Here is no port.
    app = mcp.streamable_http_app(
        json_response=True, stateless_http=True,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=False))
    uvicorn.run(Scopes(app), uds=sys.argv[1], log_level="warning")
