// Says what becomes of one call, as a page would, until nothing more does; run here by Node.js, 18 or newer:
//
//   npm ci
//   node watch_call.js http://localhost:8080 browser-8812

import { readFile } from "node:fs/promises";

import { openGateway } from "./gateway.js";

const [baseUrl, requestId] = process.argv.slice(2);
const descriptors = await readFile(new URL("../../generated/descriptors/voicegateway.v1.binpb", import.meta.url));
const gateway = openGateway(baseUrl, descriptors);

try {
  for await (const event of gateway.follow({ lookup: { case: "requestId", value: requestId } })) {
    const outcome = event.recipient;
    const words = outcome
      ? [gateway.nameOf("RecipientState", outcome.state), gateway.nameOf("Disposition", outcome.disposition)]
      : [gateway.nameOf("Dispatch", event.dispatch)];
    console.log(`${event.sequence}: ${words.join(" ")}`);
  }
} catch (thrown) {
  const error = gateway.errorFrom(thrown);
  console.log(`code: ${error.code}`);
  console.log(`reason: ${error.reason ?? "unknown"}`);
  process.exitCode = 1;
}
