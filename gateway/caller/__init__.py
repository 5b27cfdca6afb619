"""A caller of the gateway at a terminal: builds a request, sends it, and explains the answer in plain words."""
