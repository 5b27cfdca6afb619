// Follows calls over streams that may break: the next one begins after the last event.

import { Code, ConnectError } from "@connectrpc/connect";

const SILENCE = 60_000; // milliseconds without a message, or a heartbeat, after which a stream is broken
const FIRST_WAIT = 200;
const LONGEST_WAIT = 5_000;

/** The gateway's own codes that another stream might not meet again. */
const GOES_ON = new Set([Code.Aborted, Code.Internal, Code.ResourceExhausted, Code.Unavailable, Code.Unknown]);

/**
 * Yields the events of a call until nothing more becomes of it, or of all calls, which has no end.
 *
 * @param {object} client what `openGateway` made
 * @param {(thrown: unknown) => object} errorFrom reads what a stream threw
 * @param {object} request a WatchCallsRequest, such as `{ lookup: { case: "callId", value: callId } }`; give it an
 *   `afterSequence` to go on from an event, or from 0n
 * @param {AbortSignal} [signal] ends it
 */
export async function* follow(client, errorFrom, request, signal) {
  let after = request.afterSequence;
  let wait = FIRST_WAIT;
  while (!signal?.aborted) {
    const silence = new AbortController();
    const stop = () => silence.abort();
    signal?.addEventListener("abort", stop);
    let timer = setTimeout(stop, SILENCE);
    try {
      const messages = client.watchCalls({ ...request, afterSequence: after }, { signal: silence.signal });
      for await (const { response } of messages) {
        clearTimeout(timer);
        wait = FIRST_WAIT;
        after = response.value.sequence;
        if (response.case === "event") yield response.value;
        timer = setTimeout(stop, SILENCE);
      }
      if (request.lookup) return;
    } catch (thrown) {
      const error = errorFrom(thrown);
      if (error.reason ? !GOES_ON.has(ConnectError.from(thrown).code) : !error.mayRepeat) throw thrown;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      stop(); // also where whoever reads has left
    }
    await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}
