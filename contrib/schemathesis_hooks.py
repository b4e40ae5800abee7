# SPDX-License-Identifier: MIT

"""For contrib/schemathesis: bundles that are made up, and, run as a program, a bridge from TCP to the daemon's socket.

    schemathesis_hooks.py SOCKET FILE     listens on a port of 127.0.0.1, which it writes into FILE
"""

import asyncio
import json
import os
import sys


async def carry(reader, writer):
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
    except OSError:
        pass


async def bridge(path, reader, writer):
    try:
        far_reader, far_writer = await asyncio.open_unix_connection(path)
        # The daemon hangs up behind some refusals, with a part of the request unread.
        there = asyncio.create_task(carry(reader, far_writer))
        await carry(far_reader, writer)
        there.cancel()
        far_writer.close()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(path, file):
    server = await asyncio.start_server(lambda reader, writer: bridge(path, reader, writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with open(file + ".new", "w") as out:
        out.write(str(port))
    os.rename(file + ".new", file)
    await server.serve_forever()


def bundles():
    """Bundles that are right in form, heads with anything in them, and any bytes."""
    from hypothesis import strategies as st

    name = st.sampled_from(["vars/A", "vars/PASSWORD", "files/a/b", "vars/1", "files/..", "other"]) | st.text(max_size=20)
    policy = st.fixed_dictionaries(
        {},
        optional={
            "projects": st.sampled_from(["all", "none", ["web"], [], ["a/b"]]),
            "debug": st.sampled_from(["allow", "deny"]),
            "attach": st.sampled_from(["allow", "deny"]),
        },
    )

    @st.composite
    def right(draw):
        values = []
        secrets = []
        for _ in range(draw(st.integers(0, 3))):
            items = []
            for _ in range(draw(st.integers(0, 3))):
                item = {"name": draw(name)}
                if draw(st.booleans()):
                    values.append(draw(st.binary(max_size=100)))
                    item["length"] = len(values[-1])
                else:
                    item["remove"] = True
                if draw(st.booleans()):
                    item["expect"] = draw(st.integers(0, 3))
                items.append(item)
            secret = {
                "ref": draw(st.sampled_from(["acme/web/db", "acme/web/new", "acme/none/x", "acme", "user/x"]) | st.text(max_size=20)),
                "mode": draw(st.sampled_from(["create", "update", "either"])),
                "items": items,
            }
            if draw(st.booleans()):
                secret["description"] = draw(st.text(max_size=2000))
            if draw(st.booleans()):
                secret["policy"] = draw(policy)
            if draw(st.booleans()):
                secret["replaceItems"] = draw(st.booleans())
            secrets.append(secret)
        return json.dumps({"secrets": secrets}).encode() + b"\n" + b"".join(values)

    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=10,
    ).map(lambda value: json.dumps({"secrets": value}).encode() + b"\n")
    return right() | anything | st.binary(max_size=1000)


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1], sys.argv[2]))
    except KeyboardInterrupt:
        pass
else:
    import schemathesis

    schemathesis.openapi.media_type("application/vnd.tacit.bundle", bundles())
