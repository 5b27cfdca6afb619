#!/usr/bin/env python3
"""Lets buf run grpcio-tools' generator of Python services.

buf knows `protoc_builtin: python` and asks protoc for `--python_out`; grpc_python is a builtin of grpcio-tools' protoc
alone, which buf cannot name. So buf asks for Python messages, and this asks grpcio-tools for the services instead.
"""

import sys

from grpc_tools import protoc


def main() -> int:
    return protoc.main([arg.replace("--python_out=", "--grpc_python_out=") for arg in sys.argv])


if __name__ == "__main__":
    sys.exit(main())
