"""Files that the settings name: found from the settings file's own folder, and looked into before anything starts."""

from __future__ import annotations

import os
import ssl
import stat
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, ValidationInfo

from gateway.settings.checks import Surroundings, is_key
from gateway.settings.mistakes import mistake

_BLOCK: Final = 65_536


def key_in(file: Path, *, at_once: bool = False) -> str:
    """Reads the API key that a file holds.

    Args:
        file: Where it is.
        at_once: Refuses what is no regular file: a pipe would be waited for.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds no key.
    """
    content = _read_at_once(file) if at_once else file.read_bytes()
    try:
        key = content.decode("ascii").strip()
    except UnicodeDecodeError:
        key = ""
    if not is_key(key):
        raise ValueError("must hold one key: printable ASCII without white space")
    return key


def _read_at_once(file: Path) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a pipe is opened without a writer, too
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # the system has words of its own for a folder
            raise ValueError("must be a regular file")
        return b"".join(iter(lambda: os.read(descriptor, _BLOCK), b""))
    finally:
        os.close(descriptor)


def _resolved(file: Path, info: ValidationInfo) -> Path:
    surroundings: Surroundings | None = info.context
    if surroundings is None:
        return file
    file = surroundings.folder / file
    try:
        file.read_bytes()
    except OSError as error:
        raise mistake(f"cannot be read: {error.strerror}") from None
    return file


def _with_a_key(file: Path, info: ValidationInfo) -> Path:
    if info.context is not None:
        try:
            key_in(file)
        except ValueError as error:
            raise mistake(str(error)) from None
    return file


def _with_authorities(file: Path, info: ValidationInfo) -> Path:
    if info.context is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except ssl.SSLError:
            raise mistake("must hold certificates as PEM") from None
    return file


def _of_the_certificate(file: Path, info: ValidationInfo) -> Path:
    certificate = info.data.get("certificate_file")
    if info.context is not None and certificate is not None:
        try:
            # With a password to try, OpenSSL does not ask for one at the terminal.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, file, password="")
        except ssl.SSLError:
            raise mistake("must be the PEM key of the PEM certificate in certificate_file, with no password") from None
    return file


CertificateFile = Annotated[Path, AfterValidator(_resolved)]
PrivateKeyFile = Annotated[Path, AfterValidator(_resolved), AfterValidator(_of_the_certificate)]
AuthorityFile = Annotated[Path, AfterValidator(_resolved), AfterValidator(_with_authorities)]
KeyFilePath = Annotated[Path, AfterValidator(_resolved), AfterValidator(_with_a_key)]
