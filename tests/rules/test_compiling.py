"""A rule that does not compile stops the start, and not a call."""

import protovalidate
import pytest
from buf.validate import validate_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.clock import utc_now
from gateway.rules import Rules


def request_with_a_bad_rule(place: str) -> type[Message]:
    """A request type whose rule on a field cannot be compiled: in itself, in a message, or in a list of messages."""
    name = f"bad_rule_in_{place}"
    file = FileDescriptorProto(
        name=f"{name}.proto", package=name, syntax="proto3", dependency=["buf/validate/validate.proto"]
    )
    request, inner = file.message_type.add(name="Request"), file.message_type.add(name="Inner")
    label = FieldDescriptorProto.LABEL_REPEATED if place == "list" else FieldDescriptorProto.LABEL_OPTIONAL
    request.field.add(
        name="inner", number=1, type=FieldDescriptorProto.TYPE_MESSAGE, label=label, type_name=f".{name}.Inner"
    )
    holder = request if place == "itself" else inner
    field = holder.field.add(name="text", number=2, type=FieldDescriptorProto.TYPE_STRING, label=1)
    field.options.Extensions[validate_pb2.field].cel.add(id="bad", message="bad", expression="this.nope(")
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(f"{name}.Request"))


@pytest.mark.parametrize("place", ["itself", "message", "list"])
def test_a_bad_rule_stops_the_start(place):
    """The engine compiles a type's rules when it first meets the type; the gateway meets all of them as it starts."""
    request = request_with_a_bad_rule(place)
    with pytest.raises(protovalidate.CompilationError):
        Rules([request], now=utc_now)
