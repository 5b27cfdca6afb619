"""Everything that knows the provider's wire: form.py renders, client.py posts, envelope.py and reply.py read."""
