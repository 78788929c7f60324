"""Stands in for the AWS provider, so that terraform can validate and test our module where the provider is not at hand.

It speaks version 5 of the plugin protocol as far as that takes: it hands out the schema of `aws_provider.json` and
finds every configuration right. What a provider checks beyond its schema, it does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

SCHEMA = json.loads((Path(__file__).parent / "aws_provider.json").read_text())
TYPES = {"map": ["map", "string"], "list": ["list", "string"], "any": "string"}
LIST = 2  # a nested block may come again and again
#: Numbers of fields in tfplugin5.proto.
NAME, TYPE, REQUIRED, OPTIONAL, COMPUTED = 1, 2, 4, 5, 6
ATTRIBUTE, NESTED = 2, 3
PROVIDER, RESOURCES, DATA = 1, 2, 3


def varint(number: int) -> bytes:
    """Return a protobuf varint."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


def attribute(name: str, kind: str, *flags: int) -> bytes:
    typed = json.dumps(TYPES.get(kind, kind)).encode()
    return message(NAME, name.encode()) + message(TYPE, typed) + b"".join(number(flag, 1) for flag in flags)


def block(arguments: Mapping[str, Any], readable: Collection[str] = ()) -> bytes:
    """Return a block: arguments and nested blocks as the record writes them, and what can only be read."""
    out = number(1, 0)
    for written, what in arguments.items():
        name, required = written.rstrip("!"), written.endswith("!")
        if isinstance(what, dict):
            nested = message(1, name.encode()) + message(2, block(what)) + number(3, LIST) + number(4, int(required))
            out += message(NESTED, nested)
        else:
            flags = (REQUIRED,) if required else (OPTIONAL, COMPUTED) if name in readable else (OPTIONAL,)
            out += message(ATTRIBUTE, attribute(name, what, *flags))
    known = {name.rstrip("!") for name in arguments}
    return out + b"".join(message(ATTRIBUTE, attribute(n, "string", COMPUTED)) for n in readable if n not in known)


def schema(body: bytes) -> bytes:
    return number(1, 0) + message(2, body)


def named(field: int, name: str, body: bytes) -> bytes:
    return message(field, message(1, name.encode()) + message(2, schema(body)))


def whole_schema() -> bytes:
    """Return the answer to GetSchema."""
    out = message(PROVIDER, schema(block({"region": "string"})))
    for name, arguments in SCHEMA["resources"].items():
        nested = {written.rstrip("!") for written, what in arguments.items() if isinstance(what, dict)}
        readable = [a for a in SCHEMA["attributes"][name] if a not in nested | {"timeouts"}]
        out += named(RESOURCES, name, block(arguments, readable))
    return out + b"".join(named(DATA, name, block({}, readable)) for name, readable in SCHEMA["data"].items())


def main() -> None:
    """Serve until terraform ends this process; the first line of output is the plugin handshake."""
    answers: dict[str, Callable[[bytes, Any], bytes]] = {
        "GetSchema": lambda _, __: whole_schema(),
        "PrepareProviderConfig": lambda asked, _: asked,
        "ValidateResourceTypeConfig": lambda _, __: b"",
        "ValidateDataSourceConfig": lambda _, __: b"",
        "Stop": lambda _, __: b"",
    }
    handlers = {name: grpc.unary_unary_rpc_method_handler(answer) for name, answer in answers.items()}
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tfplugin5.Provider", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"1|5|tcp|127.0.0.1:{port}|grpc", flush=True)  # noqa: T201
    server.wait_for_termination()


if __name__ == "__main__":
    main()
