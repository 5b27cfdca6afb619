"""The main job, as a story: a real gRPC client, a real gateway and the sandbox as the provider, all on real sockets."""

from gateway.demo.story import WIDTH, demo

__all__ = ["WIDTH", "demo"]
