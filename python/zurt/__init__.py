# SPDX-License-Identifier: Apache-2.0
"""zurt: int8 inference on AMD Kria KV260 and ZCU104 boards, from Python.

    import zurt

    with zurt.Model("mobilenet.zurt") as model, model.session() as session:
        print(model.top(session(model.picture("cat.jpg"))))

Arithmetic, formats and devices are those of libzurt, which this package loads; docs/python.md of
zurt has the whole of it.
"""
from ._native import lib as _lib
from ._native import text as _text
from ._structs import Device, Fit, Orientation, Status, Verdict
from ._version import VERSION as __version__
from .compiler import Compiled, Layer, Quality, compile
from .errors import (ArgumentError, CancelledError, DeviceError, DeviceTimeoutError, Error,
                     FileError, FormatError, InternalError, LimitError, OutOfMemoryError,
                     UnsupportedError, VersionError)
from .images import Image, Norm
from .model import Model, Plan, PlanNode, probe
from .session import Profile, ProfileRow, Request, Session, SessionInfo
from .tensors import TensorInfo


def library_version() -> str:
    """Version of the libzurt that is loaded."""
    return _text(_lib.zurt_version())


__all__ = [
    "ArgumentError", "CancelledError", "Compiled", "Device", "DeviceError", "DeviceTimeoutError",
    "Error", "FileError", "Fit", "FormatError", "Image", "InternalError", "Layer", "LimitError",
    "Model", "Norm", "Orientation", "OutOfMemoryError", "Plan", "PlanNode", "Profile", "ProfileRow",
    "Quality", "Request", "Session", "SessionInfo", "Status", "TensorInfo", "UnsupportedError",
    "Verdict", "VersionError", "__version__", "compile", "library_version", "probe",
]
