"""Everything that knows the provider's wire: form.py renders, client.py posts, reply.py reads."""
