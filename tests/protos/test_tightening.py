"""The comparison that guards the contract, tried on a small contract of its own."""

import pytest
from buf.validate import validate_pb2
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from surface import Surface, surface
from tightening import taken_from_callers

TOY = """
name: 'toy.proto' package: 'toy' syntax: 'proto3'
dependency: 'buf/validate/validate.proto' dependency: 'google/protobuf/duration.proto'
message_type {
  name: 'Call'
  options { [buf.validate.message] { cel { id: 'some' expression: 'size(this.text) > 0' } } }
  field { name: 'text' number: 1 type: TYPE_STRING
    options { [buf.validate.field] { string { max_len: 9 pattern: '^a*$' } } } }
  field { name: 'wait' number: 2 type: TYPE_MESSAGE type_name: '.google.protobuf.Duration'
    options { [buf.validate.field] { duration { gte { seconds: 15 } lt { seconds: 60 } } } } }
  field { name: 'ids' number: 3 type: TYPE_INT64 label: LABEL_REPEATED
    options { [buf.validate.field] { repeated { items { int64 { gt: 0 } } } } } }
  field { name: 'mood' number: 4 type: TYPE_ENUM type_name: '.toy.Mood'
    options { [buf.validate.field] { enum { not_in: [0] } ignore: IGNORE_IF_ZERO_VALUE } } }
  oneof_decl { name: 'target' options { [buf.validate.oneof] { required: true } } }
  field { name: 'flow' number: 5 type: TYPE_STRING oneof_index: 0
    options { [buf.validate.field] { string { in: ['x', 'y'] } } } }
  field { name: 'sound' number: 6 type: TYPE_STRING oneof_index: 0 }
}
enum_type { name: 'Mood' value { name: 'NONE' number: 0 } value { name: 'GOOD' number: 1 } }
service { name: 'Calls' method { name: 'Place' input_type: '.toy.Call' output_type: '.toy.Call' } }
"""

SOUND = "field { name: 'sound' number: 6 type: TYPE_STRING oneof_index: 0 }"

Edit = tuple[str, str]


def toy(*edits: Edit) -> Surface:
    """Builds the toy contract, after replacing some of its text."""
    text = TOY
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is not there once"
        text = text.replace(old, new)
    pool = DescriptorPool()
    for file in (*validate_pb2.DESCRIPTOR.dependencies, validate_pb2.DESCRIPTOR):
        pool.AddSerializedFile(file.serialized_pb)
    pool.AddSerializedFile(text_format.Parse(text, FileDescriptorProto()).SerializeToString())
    return surface([pool.FindFileByName("toy.proto")])


def new(element: str) -> Edit:
    """Adds an element to the toy's message."""
    return SOUND, f"{SOUND} {element}"


def new_field(rules: str) -> Edit:
    return new(f"field {{ name: 'more' number: 7 type: TYPE_STRING options {{ [buf.validate.field] {{ {rules} }} }} }}")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        pytest.param(
            ("max_len: 9", "max_len: 8"),
            "toy.Call.text: rule string.max_len is 8; string.max_len was 9",
            id="a lower maximum",
        ),
        pytest.param(
            ("gte { seconds: 15 }", "gte { seconds: 15 nanos: 500000000 }"),
            "toy.Call.wait: rule duration.gte is 15.5; duration.gte was 15",
            id="a higher minimum",
        ),
        pytest.param(
            ("gte { seconds: 15 }", "gt { seconds: 15 }"),
            "toy.Call.wait: rule duration.gt is 15; duration.gte was 15",
            id="a minimum that is itself refused",
        ),
        pytest.param(
            ("lt { seconds: 60 }", "lte { seconds: 59 }"),
            "toy.Call.wait: rule duration.lte is 59; duration.lt was 60",
            id="a lower maximum, written inclusively",
        ),
        pytest.param(
            ("int64 { gt: 0 }", "int64 { gt: 0 lte: 99 }"),
            "toy.Call.ids: rule repeated.items.int64.lte is 99; there was none",
            id="a new bound on a list's items",
        ),
        pytest.param(
            ("'^a*$'", "'^a+$'"),
            "toy.Call.text: rule string.pattern is '^a+$'; string.pattern was '^a*$'",
            id="another pattern",
        ),
        pytest.param(
            ("size(this.text) > 0", "size(this.text) > 1"),
            "toy.Call: rule cel[some] is 'size(this.text) > 1'; cel[some] was 'size(this.text) > 0'",
            id="another expression",
        ),
        pytest.param(
            ("cel { id: 'some'", "cel { id: 'odd' expression: 'false' } cel { id: 'some'"),
            "toy.Call: rule cel[odd] is 'false'; there was none",
            id="a new expression",
        ),
        pytest.param(
            ("string { max_len: 9", "required: true string { max_len: 9"),
            "toy.Call.text: rule required is True; there was none",
            id="a field that becomes required",
        ),
        pytest.param(
            ("in: ['x', 'y']", "in: ['x', 'z']"),
            "toy.Call.flow: rule string.in is ['x', 'z']; string.in was ['x', 'y']",
            id="a value that is no longer allowed",
        ),
        pytest.param(
            ("not_in: [0]", "not_in: [0, 1]"),
            "toy.Call.mood: rule enum.not_in is [0, 1]; enum.not_in was [0]",
            id="a value that is now forbidden",
        ),
        pytest.param(
            (" ignore: IGNORE_IF_ZERO_VALUE", ""),
            "toy.Call.mood: rule ignore is gone; it was 1",
            id="rules that now apply to an empty value too",
        ),
        pytest.param(
            new_field("string { min_len: 1 }"),
            "toy.Call.more: is new, and a message without it is refused",
            id="a new field that every caller must set",
        ),
        pytest.param(
            new(
                "oneof_decl { name: 'why' options { [buf.validate.oneof] { required: true } } }"
                "field { name: 'because' number: 7 type: TYPE_STRING oneof_index: 1 }"
            ),
            "toy.Call.why: rule required is True; there was none",
            id="a new oneof that every caller must set",
        ),
    ],
)
def test_a_stricter_rule_is_told(edit, told):
    """Whatever makes the gateway refuse what it let pass is told, by element and rule."""
    assert [told] == taken_from_callers(toy(), toy(edit))


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        pytest.param(
            ("value { name: 'GOOD' number: 1 }", ""),
            "toy.Mood.GOOD: is gone; it was `value 1`",
            id="an enum value is gone",
        ),
        pytest.param(
            ("'GOOD' number: 1", "'GOOD' number: 2"),
            "toy.Mood.GOOD: is `value 2`; it was `value 1`",
            id="an enum value is renumbered",
        ),
        pytest.param(
            (SOUND, ""),
            "toy.Call.sound: is gone; it was `string = 6 in target`",
            id="a field is gone",
        ),
        pytest.param(
            ("'sound' number: 6", "'sound' number: 7"),
            "toy.Call.sound: is `string = 7 in target`; it was `string = 6 in target`",
            id="a field is renumbered",
        ),
        pytest.param(
            ("number: 6 type: TYPE_STRING oneof_index: 0", "number: 6 type: TYPE_STRING"),
            "toy.Call.sound: is `string = 6`; it was `string = 6 in target`",
            id="a field leaves its oneof",
        ),
        pytest.param(
            ("number: 6 type: TYPE_STRING", "number: 6 type: TYPE_BYTES"),
            "toy.Call.sound: is `bytes = 6 in target`; it was `string = 6 in target`",
            id="a field has another type",
        ),
        pytest.param(
            ("output_type: '.toy.Call'", "output_type: '.toy.Call' server_streaming: true"),
            "toy.Calls.Place: is `rpc (toy.Call) returns (stream toy.Call)`; "
            "it was `rpc (toy.Call) returns (toy.Call)`",
            id="an RPC becomes a stream",
        ),
        pytest.param(
            ("method { name: 'Place' input_type: '.toy.Call' output_type: '.toy.Call' }", ""),
            "toy.Calls.Place: is gone; it was `rpc (toy.Call) returns (toy.Call)`",
            id="an RPC is gone",
        ),
    ],
)
def test_an_element_that_is_not_what_it_was_is_told(edit, told):
    """Whatever a caller's code names or sends is told when it is gone, renumbered or another."""
    assert told in taken_from_callers(toy(), toy(edit))


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(("max_len: 9", "max_len: 10"), id="a higher maximum"),
        pytest.param(("gte { seconds: 15 }", "gt { seconds: 14 }"), id="a lower minimum, written exclusively"),
        pytest.param(("lt { seconds: 60 }", "lte { seconds: 60 }"), id="a maximum that is itself let pass"),
        pytest.param((" pattern: '^a*$'", ""), id="a rule is gone"),
        pytest.param(("cel { id: 'some' expression: 'size(this.text) > 0' }", ""), id="an expression is gone"),
        pytest.param(("required: true", "required: false"), id="a oneof need not be set"),
        pytest.param(("in: ['x', 'y']", "in: ['z', 'y', 'x']"), id="one more value is allowed"),
        pytest.param(("enum { not_in: [0] }", "enum { }"), id="no value is forbidden"),
        pytest.param(("string { max_len: 9", "ignore: IGNORE_ALWAYS string { max_len: 9"), id="rules are switched off"),
        pytest.param(new_field("string { max_len: 5 }"), id="a new field with rules that let it be unset"),
        pytest.param(("service {", "message_type { name: 'More' } service {"), id="a new message"),
        pytest.param(("number: 1 } }\n", "number: 1 } value { name: 'BAD' number: 2 } }\n"), id="a new enum value"),
    ],
)
def test_what_only_adds_or_loosens_passes(edit):
    """Whatever every caller of the released contract can live with is not told."""
    assert toy() != toy(edit)
    assert [] == taken_from_callers(toy(), toy(edit))


def test_a_new_message_may_have_any_rules():
    """Nobody sends a message yet that was not released: its required fields break no caller."""
    field = "field { name: 'x' number: 1 type: TYPE_STRING options { [buf.validate.field] { required: true } } }"
    edit = ("service {", f"message_type {{ name: 'More' {field} }} service {{")

    assert toy(edit)["toy.More.x"]["refused_when_unset"]
    assert [] == taken_from_callers(toy(), toy(edit))
