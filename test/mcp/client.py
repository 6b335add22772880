"""client.py: an MCP client by the Python SDK, of either major version.  Its argument, in
JSON, says where the server is and how the client is known; standard input has what to do,
a line each.  It prints a line of JSON for each: {"go": url} wants the URL at which the
browser ends, {"said": text} is what a tool said, {"error": text} why not."""
import asyncio
import json
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

try:
    from mcp.shared.auth import AuthorizationCodeResult
    import httpx2
    from mcp.client.streamable_http import streamable_http_client
    CURRENT = True
except ImportError:
    from mcp.client.streamable_http import streamablehttp_client
    CURRENT = False

told = json.loads(sys.argv[1])
store = Path(told["store"])


def tell(**what):
    print(json.dumps(what), flush=True)


def kept():
    return json.loads(store.read_text()) if store.exists() else {}


def keep(**more):
    """In one step: another process reads it, too."""
    new = store.with_suffix(".%d" % os.getpid())
    new.write_text(json.dumps({**kept(), **more}))
    new.replace(store)


class Storage:
    """A file, which two processes may share."""

    async def get_tokens(self):
        tokens = kept().get("tokens")
        return OAuthToken.model_validate(tokens) if tokens else None

    async def set_tokens(self, tokens):
        keep(tokens=tokens.model_dump(mode="json"))

    async def get_client_info(self):
        info = kept().get("client") or told.get("client")
        return OAuthClientInformationFull.model_validate(info) if info else None

    async def set_client_info(self, info):
        keep(client=info.model_dump(mode="json"))


landed = None


async def redirect(url):
    global landed
    tell(go=url)
    landed = await asyncio.to_thread(sys.stdin.readline)


async def callback():
    query = {k: v for k, (v,) in parse_qs(urlsplit(landed.strip()).query).items()}
    if CURRENT:
        return AuthorizationCodeResult(
            code=query["code"], state=query.get("state"), iss=query.get("iss"))
    return query["code"], query.get("state")


def provider():
    by_document = {"client_metadata_url": told["document"]} if told.get("document") else {}
    return OAuthClientProvider(
        server_url=told["url"], storage=Storage(), redirect_handler=redirect,
        callback_handler=callback, client_metadata=OAuthClientMetadata(
            client_name="SDK", redirect_uris=[told["redirect_uri"]],
            grant_types=["authorization_code", "refresh_token"], response_types=["code"],
            token_endpoint_auth_method="none"), **by_document)


async def call(auth, tool, arguments):
    if CURRENT:
        async with httpx2.AsyncClient(auth=auth, timeout=60) as http:
            async with streamable_http_client(told["url"], http_client=http) as streams:
                return await say(streams, tool, arguments)
    async with streamablehttp_client(told["url"], auth=auth) as streams:
        return await say(streams, tool, arguments)


async def say(streams, tool, arguments):
    async with ClientSession(streams[0], streams[1]) as session:
        await session.initialize()
        return (await session.call_tool(tool, arguments)).content[0].text


async def main():
    auth = provider()
    while line := await asyncio.to_thread(sys.stdin.readline):
        tool, arguments = json.loads(line)
        try:
            if tool == "expire":  # it reads the file anew, and believes that its token
                await auth._initialize()  # has expired
                auth.context.token_expiry_time = 1
                tell(said="expired")
            else:
                tell(said=await call(auth, tool, arguments))
        except BaseException as e:
            while isinstance(e, BaseExceptionGroup):
                e = e.exceptions[0]
            tell(error="%s: %s" % (type(e).__name__, e))


asyncio.run(main())
