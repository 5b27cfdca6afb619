/**
 * Places phone calls through kaleyra-gateway.
 *
 * <p>The messages and the stubs are in {@link com.example.voicegateway.v1}. This package adds what a program needs
 * around them:
 *
 * <ul>
 *   <li>{@link com.example.voicegateway.client.GatewayChannels} opens a channel that asks the replicas for their
 *       health, shares the calls among them, and repeats what may be repeated.
 *   <li>{@link com.example.voicegateway.client.CallPlacer} places a call, and repeats the request with the same
 *       request_id until something is known.
 *   <li>{@link com.example.voicegateway.client.CallWatcher} follows what becomes of the recipients, across broken
 *       connections and gateways that restart.
 *   <li>{@link com.example.voicegateway.client.CallError} says what an error means: what happened to the phones, and
 *       what to do next.
 *   <li>{@link com.example.voicegateway.client.RequestValidator} finds the rules that a request breaks before it is
 *     sent.
 * </ul>
 *
 * <p>All of it may be used by many threads at once, but that one thread at a time reads a {@link
 * com.example.voicegateway.client.CallWatch}. No phone number, text or word of the provider is in any
 * {@code toString()} of this package. Parameters and results are never null.
 */
package com.example.voicegateway.client;
