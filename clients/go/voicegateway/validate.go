package voicegateway

import (
	"errors"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
)

// Validate finds all rules that a request breaks, with the same fields and reasons as the gateway
// would; none when it breaks no rule. The request is not changed.
//
// Two rules stay the gateway's: TIMESTAMP_WINDOW needs its clock, and STRING_JSON its JSON parser.
// Whether a policy or the provider refuses the request is for them to say, too.
//
// It is safe for concurrent use. The first request of a type takes some tens of milliseconds, while
// its rules are compiled; give one to Validate at the start of a program that cannot wait later. It
// fails only when rules cannot be compiled or applied, which is a bug: what was found is then not all.
func Validate(request proto.Message) ([]Violation, error) {
	if request == nil {
		return nil, nil
	}
	if _, err := proto.Marshal(request); err != nil {
		return []Violation{{"", "MESSAGE_UNDECODABLE", "a string is not UTF-8"}}, nil
	}
	// What the engine would take a minute for, or fail at, is taken out of this copy and refused here.
	reduced := proto.Clone(request)
	found := append(unknownFields(reduced), cutLongLists(reduced)...)
	found = append(found, clearImpossibleTimes(reduced)...)
	err := protovalidate.Validate(reduced)
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		return found, err
	}
	for _, each := range broken.Violations {
		field := protovalidate.FieldPathString(each.Proto.GetField())
		found = append(found, Violation{field, upperSnake(each.Proto.GetRuleId()), each.Proto.GetMessage()})
	}
	return found, nil
}

// upperSnake turns a rule's id, such as "string.pattern", into the reason that the gateway gives.
func upperSnake(rule string) string {
	return strings.ToUpper(strings.ReplaceAll(rule, ".", "_"))
}
