// The gateway for a page, without generated code: the contract is read at run time, from
// generated/descriptors/voicegateway.v1.binpb.

import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { follow } from "./follow.js";

const DOMAIN = "voicegateway.v1";

/**
 * Opens a gateway.
 *
 * @param {string} baseUrl where Envoy listens, such as "https://calls.example.com"
 * @param {Uint8Array} descriptors the descriptor set
 */
export function openGateway(baseUrl, descriptors) {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
  const service = registry.getService("voicegateway.v1.OutboundCallService");
  const client = createClient(service, createGrpcWebTransport({ baseUrl }));
  const nameOf = (type, value) => registry.getEnum(`voicegateway.v1.${type}`).value[value].name;
  const read = (thrown) => errorFrom(thrown, registry);
  return { client, nameOf, errorFrom: read, follow: (request, signal) => follow(client, read, request, signal) };
}

/**
 * Reads what a call threw.
 *
 * Without our ErrorInfo, a proxy or a library speaks: `reason`, `dispatch` and `advice` are undefined, and nothing is
 * known about the phones. `mayRepeat` is about the same request with the same request_id.
 */
function errorFrom(thrown, registry) {
  const error = ConnectError.from(thrown);
  const details = Object.fromEntries(
    error.findDetails(registry).map((detail) => [detail.$typeName.replace("google.rpc.", ""), detail]),
  );
  const info = details.ErrorInfo?.domain === DOMAIN ? details.ErrorInfo : undefined;
  const advice = info?.metadata.retry;
  return {
    code: Code[error.code],
    message: error.rawMessage,
    reason: info?.reason,
    dispatch: info?.metadata.dispatch,
    advice,
    violations: info ? details.BadRequest?.fieldViolations ?? [] : [],
    mayRepeat: info
      ? advice === "RETRY_ADVICE_REPEAT"
      : ![Code.ResourceExhausted, Code.Unimplemented].includes(error.code),
  };
}
