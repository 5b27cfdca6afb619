"""A gRPC gateway for Kaleyra's Outbound Calling API. Importing this package does nothing."""

__version__ = "0.1.0"
