"""What a caller can have built upon: every message, field, oneof, enum value and RPC, with its rules, as plain data.

One entry an element, by its full name: `is` says what it is, and changing it breaks callers; `rules` are its
protovalidate rules by path, such as `{"string.max_len": 100, "cel[recipients.unique]": "..."}`, times in seconds.

`python tests/protos/surface.py` prints the surface of protos/: `tools/generate --baseline` keeps it as
released/v1.rules.json.
"""

import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import protovalidate
from buf.validate import validate_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

Element: TypeAlias = dict[str, Any]
Surface: TypeAlias = dict[str, Element]
Rules: TypeAlias = dict[str, Any]
Entries: TypeAlias = Iterator[tuple[str, Any]]

SCALARS: Final = FieldDescriptorProto.DESCRIPTOR.enum_types_by_name["Type"].values_by_number
PROTOS: Final = Path(__file__).parents[2] / "protos"


def contract() -> Surface:
    """Returns the surface of the protos as they are now, by way of the generated code."""
    protos = sorted(proto.relative_to(PROTOS).with_suffix("") for proto in PROTOS.rglob("*.proto"))
    return surface(importlib.import_module(".".join(proto.parts) + "_pb2").DESCRIPTOR for proto in protos)


def surface(files: Iterable[FileDescriptor]) -> Surface:
    """Returns the surface of these files, in the order of their elements."""
    elements: Surface = {}
    for file in files:
        for service in file.services_by_name.values():
            elements.update(_service(service))
        for message in file.message_types_by_name.values():
            elements.update(_message(message))
        for enum in file.enum_types_by_name.values():
            elements.update(_enum(enum))
    return elements


def _service(service: ServiceDescriptor) -> Entries:
    for method in service.methods:
        request = ("stream " if method.client_streaming else "") + method.input_type.full_name
        reply = ("stream " if method.server_streaming else "") + method.output_type.full_name
        yield method.full_name, {"is": f"rpc ({request}) returns ({reply})"}


def _enum(enum: EnumDescriptor) -> Entries:
    for value in enum.values:
        yield f"{enum.full_name}.{value.name}", {"is": f"value {value.number}"}


def _message(message: Descriptor) -> Entries:
    yield message.full_name, _element("message", message, validate_pb2.message)
    for oneof in message.oneofs:
        if not _is_optional(oneof.fields[0]):
            yield oneof.full_name, _element("oneof", oneof, validate_pb2.oneof)
    needed = _refused_when_unset(message)
    for field in message.fields:
        element = _element(_declaration(field), field, validate_pb2.field)
        yield field.full_name, element | ({"refused_when_unset": True} if field.name in needed else {})
    for nested in message.nested_types:
        yield from _message(nested)
    for enum in message.enum_types:
        yield from _enum(enum)


def _element(what: str, descriptor: Any, extension: Any) -> Element:
    rules = dict(_rules(descriptor.GetOptions().Extensions[extension]))
    return {"is": what, "rules": rules} if rules else {"is": what}


def _declaration(field: FieldDescriptor) -> str:
    """Writes a field as a proto does, but for its name: `repeated string = 3`, or `string = 4 in lookup`."""
    named = field.message_type or field.enum_type
    kind = named.full_name if named else SCALARS[field.type].name.removeprefix("TYPE_").lower()
    if field.is_repeated:
        kind = f"repeated {kind}"
    elif _is_optional(field):
        kind = f"optional {kind}"
    elif field.containing_oneof:
        return f"{kind} = {field.number} in {field.containing_oneof.name}"
    return f"{kind} = {field.number}"


def _is_optional(field: FieldDescriptor) -> bool:
    """Tells `optional`, which descriptors show as a oneof of one, from a oneof that somebody wrote."""
    return field.containing_oneof is not None and field.containing_oneof.name == f"_{field.name}"


def _refused_when_unset(message: Descriptor) -> set[str]:
    """Names the fields that a caller who has never heard of them breaks: asked of the rule engine itself."""
    nothing_set = message_factory.GetMessageClass(message)()
    violations = protovalidate.Validator().collect_violations(nothing_set)
    return {each.proto.field.elements[0].field_name for each in violations if each.proto.field}


def _rules(rules: Message, prefix: str = "") -> Entries:
    for field, value in rules.ListFields():
        path = prefix + field.name
        if field.name == "cel":
            yield from ((f"{prefix}cel[{rule.id}]", rule.expression) for rule in value)
        elif field.name == "oneof":
            yield from ((f"{path}[{','.join(rule.fields)}]", "required" if rule.required else "one") for rule in value)
        elif field.is_repeated:
            yield path, [_plain(item) for item in value]
        elif field.message_type and not isinstance(value, Duration | Timestamp):
            yield from _rules(value, f"{path}.")
        else:
            yield path, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Duration | Timestamp):
        return value.seconds + value.nanos / 1e9 if value.nanos else value.seconds
    return value.hex() if isinstance(value, bytes) else value


def as_json(elements: Surface) -> str:
    """Writes one element a line, so that a diff shows what changed."""
    lines = (f"  {json.dumps(name)}: {json.dumps(element, ensure_ascii=False)}" for name, element in elements.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.stdout.write(as_json(contract()))
