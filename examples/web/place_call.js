// Places one call and says what became of it, as a page would; run here by Node.js, 18 or newer:
//
//   npm ci
//   node place_call.js http://localhost:8080 +13236550107 browser-8812

import { readFile } from "node:fs/promises";

import { openGateway } from "./gateway.js";

const [baseUrl, number, requestId] = process.argv.slice(2);
const descriptors = await readFile(new URL("../../generated/descriptors/voicegateway.v1.binpb", import.meta.url));
const gateway = openGateway(baseUrl, descriptors);

try {
  const { call, replayed } = await gateway.client.placeCall(
    { requestId, call: { recipients: [{ number }], target: { case: "ivr", value: { flowId: "SG_1" } } } },
    { timeoutMs: 30_000 },
  );
  console.log(`call_id: ${call.callId}`);
  console.log(`dispatch: ${gateway.nameOf("Dispatch", call.dispatch)}`);
  console.log(`replayed: ${replayed}`);
} catch (thrown) {
  const error = gateway.errorFrom(thrown);
  console.log(`code: ${error.code}`);
  console.log(`reason: ${error.reason ?? "unknown"}`);
  console.log(`dispatch: ${error.dispatch ?? "unknown"}`);
  console.log(`may repeat: ${error.mayRepeat}`);
  for (const { field, reason } of error.violations) console.log(`violation: ${field} ${reason}`);
  process.exitCode = 1;
}
