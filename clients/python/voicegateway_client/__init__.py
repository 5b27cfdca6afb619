"""What a service needs to place calls through kaleyra-gateway: a channel, typed errors, validation, safe repeats."""
