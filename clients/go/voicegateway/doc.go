// Package voicegateway calls kaleyra-gateway, which places automated phone calls.
//
// It stands on the generated stubs, package voicegatewayv1, and adds what every caller needs:
//
//   - [NewClient] opens a channel as it is best for this service: round robin over the replicas
//     that are ready, and repeats of what was not sent.
//   - [PlaceCall] places a call, and repeats the request where that is safe and may help.
//   - [WatchCalls] follows what becomes of each recipient, across broken streams, and misses nothing.
//   - [FromError] reads an error: what happened to the phones, and what to do next.
//   - [Validate] finds the rules that a request breaks, before it is sent.
//
// # One request_id, one dial
//
// Choose the request_id before the first attempt and store it with the intent. It names the wish to
// call, not the attempt: the same request with the same request_id never rings twice, however often
// it is sent. So after a deadline, a crash or a broken connection, send the same again.
//
// # Errors
//
// [PlaceCall] and [WatchCalls] fail with an [*Error]. Errors of the stubs are turned into one by [FromError]. Decide
// by [Error.Dispatch], which says what happened to the phones, and by [Error.Advice], which says
// what to do next; [Error.Reason] says why. A status that the gateway did not write says nothing
// about the phones.
package voicegateway
