# SPDX-License-Identifier: Apache-2.0
"""The library's statuses as exceptions: a class each, with the text that says cause and remedy."""
from __future__ import annotations

from ._structs import Status


class Error(Exception):
    """A call of libzurt failed. `status` is its zurt_status, str() its text."""

    status: Status = Status.E_INTERNAL


class ArgumentError(Error, ValueError):
    """The caller broke the documented contract."""

    status = Status.E_ARG


class OutOfMemoryError(Error, MemoryError):
    """The allocator refused."""

    status = Status.E_NOMEM


class FileError(Error, OSError):
    """The operating system refused."""

    status = Status.E_IO


class FormatError(Error, ValueError):
    """The bytes are no valid model, picture or data."""

    status = Status.E_FORMAT


class VersionError(Error):
    """Valid, but made for another version of format or bitstream."""

    status = Status.E_VERSION


class UnsupportedError(Error):
    """Valid, but this build or device cannot run it."""

    status = Status.E_UNSUPPORTED


class LimitError(Error):
    """Beyond a documented limit, or every stream of the session is in flight."""

    status = Status.E_LIMIT


class DeviceError(Error):
    """The PL failed or is absent."""

    status = Status.E_DEVICE


class DeviceTimeoutError(Error, TimeoutError):
    """No answer in time: of the PL, or of a request that was waited for."""

    status = Status.E_TIMEOUT


class InternalError(Error):
    """A bug in zurt: please report it."""

    status = Status.E_INTERNAL


class CancelledError(Error):
    """The request was cancelled."""

    status = Status.E_CANCELLED


_CLASSES = {c.status: c for c in (
    ArgumentError, OutOfMemoryError, FileError, FormatError, VersionError, UnsupportedError,
    LimitError, DeviceError, DeviceTimeoutError, InternalError, CancelledError)}


def error_of(status: int, text: str) -> Error:
    """The exception of a status that is not OK."""
    known = Status(status) if status in Status._value2member_map_ else Status.E_INTERNAL
    name = f"ZURT_{known.name}" if known == status else f"status {status}"
    return _CLASSES[known](text or name)
