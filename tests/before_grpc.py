"""Programs that a test starts are not killed by gRPC before they begin; to be imported before grpc.

uvloop starts a program by fork and exec. In between, gRPC's fork handlers run in the child: they close what the parent
still uses and, while other threads are calling, crash some children (4 % of them, with SIGSEGV or an abort). Nothing
here goes on in a forked child, so the handlers are not needed. gRPC reads this once, when it is imported.
"""

import os
import sys

if "grpc" in sys.modules:
    raise ImportError("grpc was imported first, with its fork handlers")

os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"
