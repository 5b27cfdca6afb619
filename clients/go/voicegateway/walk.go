package voicegateway

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// walk visits a message and, after it, each message in it, with its path: "" and "call" and "call.recipients[3]".
func walk(message protoreflect.Message, path string, visit func(protoreflect.Message, string)) {
	visit(message, path)
	for _, field := range setFields(message) {
		switch {
		case field.Message() == nil || field.IsMap():
		case field.IsList():
			list := message.Get(field).List()
			for index := range list.Len() {
				walk(list.Get(index).Message(), fmt.Sprintf("%s[%d]", join(path, field), index), visit)
			}
		default:
			walk(message.Get(field).Message(), join(path, field), visit)
		}
	}
}

// setFields lists the fields that are set, in the order of the proto.
func setFields(message protoreflect.Message) []protoreflect.FieldDescriptor {
	var set []protoreflect.FieldDescriptor
	fields := message.Descriptor().Fields()
	for index := range fields.Len() {
		if field := fields.Get(index); message.Has(field) {
			set = append(set, field)
		}
	}
	return set
}

func join(path string, field protoreflect.FieldDescriptor) string {
	if path == "" {
		return string(field.Name())
	}
	return path + "." + string(field.Name())
}
