package voicegateway

import (
	"fmt"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// longestList is the gateway's limit for lists that no rule limits.
	longestList = 100
	// shownUnknown is how many unknown fields the gateway tells of.
	shownUnknown = 100
)

// cutLongLists shortens each list to one item more than allowed, as the gateway does: the engine tells of each broken
// item on its own. It returns the lists that no rule will refuse for their length.
func cutLongLists(request proto.Message) []Violation {
	var found []Violation
	walk(request.ProtoReflect(), "", func(message protoreflect.Message, path string) {
		for _, field := range setFields(message) {
			if !field.IsList() {
				continue
			}
			limit, ruled := maxItems(field)
			list := message.Mutable(field).List()
			if list.Len() > limit && !ruled {
				description := fmt.Sprintf("must contain no more than %d item(s)", limit)
				found = append(found, Violation{join(path, field), "REPEATED_MAX_ITEMS", description})
			}
			list.Truncate(min(list.Len(), limit+1))
		}
	})
	return found
}

// maxItems says how many items a list may have, and whether a rule says so.
func maxItems(field protoreflect.FieldDescriptor) (limit int, ruled bool) {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if limit := rules.GetRepeated().GetMaxItems(); limit > 0 {
		return int(limit), true
	}
	return longestList, false
}

// clearImpossibleTimes clears each Duration and Timestamp outside of protobuf's own range: the engine fails at them.
func clearImpossibleTimes(request proto.Message) []Violation {
	var found []Violation
	walk(request.ProtoReflect(), "", func(message protoreflect.Message, path string) {
		for _, field := range setFields(message) {
			if field.Message() == nil || field.IsList() || field.IsMap() {
				continue
			}
			value, isTime := message.Get(field).Message().Interface().(interface{ IsValid() bool })
			if isTime && !value.IsValid() {
				found = append(found, Violation{join(path, field), "VALUE_RANGE", "no Duration or Timestamp can hold this"})
				message.Clear(field)
			}
		}
	})
	return found
}

// unknownFields finds the fields that these stubs do not know, at any depth, as the holder's path: they have no name.
func unknownFields(request proto.Message) []Violation {
	var found []Violation
	walk(request.ProtoReflect(), "", func(message protoreflect.Message, path string) {
		for rest := message.GetUnknown(); len(rest) > 0 && len(found) < shownUnknown; {
			number, _, size := protowire.ConsumeField(rest)
			if size < 0 {
				return
			}
			rest = rest[size:]
			found = append(found, Violation{path, "MESSAGE_UNKNOWN_FIELD", fmt.Sprintf("field number %d is not known here", number)})
		}
	})
	return found
}
