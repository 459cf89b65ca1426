# SPDX-License-Identifier: Apache-2.0
"""numpy arrays as a model's tensors: in place where they fit, quantised where they are real."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from . import _structs as z
from ._native import Context, lib, text
from ._structs import DType
from .errors import ArgumentError

NUMPY = {
    DType.F32: np.dtype(np.float32),
    DType.S8: np.dtype(np.int8),
    DType.U8: np.dtype(np.uint8),
    DType.S32: np.dtype(np.int32),
    DType.S64: np.dtype(np.int64),
    DType.BOOL: np.dtype(np.bool_),
}


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a model.

    name        as in the model
    shape       outermost first; a picture is (N, H, W, C)
    dtype       numpy's type of the bytes that go in and out
    scale       int8 and uint8: real = scale * (q - zero_point); 0: the numbers are the values
    zero_point  the number that stands for 0
    from_nchw   the source model had this tensor as (N, C, H, W)
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    scale: float
    zero_point: int
    from_nchw: bool
    _struct: z.zurt_tensor_info

    def __repr__(self) -> str:
        scaled = f", scale={self.scale:g}, zero_point={self.zero_point}" if self.scale else ""
        return f"TensorInfo({self.name!r}, {self.shape}, {self.dtype}{scaled})"

    @property
    def nbytes(self) -> int:
        """Bytes of the whole tensor."""
        return int(self._struct.bytes)


def info_of(struct: z.zurt_tensor_info) -> TensorInfo:
    """A description that stays valid when the model is gone."""
    kept = z.zurt_tensor_info.from_buffer_copy(struct)
    return TensorInfo(text(struct.name), tuple(struct.dims[:struct.rank]),
                      NUMPY[DType(struct.dtype)], struct.scale, struct.zero_point,
                      bool(struct.from_nchw), kept)


def struct_of(info: TensorInfo) -> z.zurt_tensor_info:
    """The struct as the library takes it, with a name that is alive: messages use it."""
    struct = z.zurt_tensor_info.from_buffer_copy(info._struct)
    struct.name = info.name.encode()
    return struct


def quantise(ctx: Context, info: TensorInfo, values: Any) -> np.ndarray:
    """The bytes that stand for real values, in an array of info.dtype and the shape of `values`."""
    real = np.ascontiguousarray(values, dtype=np.float32)
    out = np.empty(real.shape, dtype=info.dtype)
    ctx.check(lib.zurt_tensor_from_float(ctx.handle, struct_of(info), real.ctypes.data,
                                         z.zurt_span(out.ctypes.data, out.nbytes)))
    return out


def dequantise(ctx: Context, info: TensorInfo, array: np.ndarray) -> np.ndarray:
    """The real values that an array of info.dtype stands for, as float32."""
    if array.dtype != info.dtype:
        raise ArgumentError(f"'{info.name}' is {info.dtype}, the array {array.dtype}")
    array = np.ascontiguousarray(array)
    out = np.empty(array.shape, dtype=np.float32)
    ctx.check(lib.zurt_tensor_to_float(ctx.handle, struct_of(info),
                                       z.zurt_view(array.ctypes.data, array.nbytes),
                                       out.ctypes.data))
    return out


def _check_shape(info: TensorInfo, shape: tuple[int, ...], what: str) -> None:
    """One picture may come without its axis of 1."""
    if shape == info.shape or (1, *shape) == info.shape:
        return
    hint = ""
    if info.from_nchw and len(info.shape) == 4:
        n, h, w, c = info.shape
        if shape in ((n, c, h, w), (c, h, w)):
            hint = "; zurt takes channels last: numpy.moveaxis(x, -3, -1)"
    raise ArgumentError(f"{what} '{info.name}' is {info.shape}, the array {shape}{hint}")


def as_input(ctx: Context, info: TensorInfo, values: Any) -> np.ndarray:
    """What is passed to the library: `values` itself if it has the type and is dense, else a copy,
    quantised where it is real."""
    array = np.asarray(values)
    _check_shape(info, array.shape, "input")
    if array.dtype == info.dtype:
        return array if array.flags.c_contiguous and array.flags.aligned else array.copy()
    if array.dtype.kind == "f":
        return quantise(ctx, info, array)
    raise ArgumentError(f"input '{info.name}' takes {info.dtype}, or real values to be quantised; "
                        f"the array is {array.dtype}")


def as_output(info: TensorInfo, array: Optional[np.ndarray]) -> np.ndarray:
    """Where the library writes: the caller's array, or a new one."""
    if array is None:
        return np.empty(info.shape, dtype=info.dtype)
    if not isinstance(array, np.ndarray) or array.dtype != info.dtype:
        raise ArgumentError(f"output '{info.name}' takes a numpy array of {info.dtype}")
    _check_shape(info, array.shape, "output")
    if not (array.flags.c_contiguous and array.flags.aligned and array.flags.writeable):
        raise ArgumentError(f"output '{info.name}' takes an array that is dense and can be written")
    return array


def views(arrays: list[np.ndarray]) -> Any:
    """The arrays as zurt_view[]; they must stay alive."""
    return (z.zurt_view * max(len(arrays), 1))(
        *[z.zurt_view(a.ctypes.data if a.nbytes else None, a.nbytes) for a in arrays])


def spans(arrays: list[np.ndarray]) -> Any:
    """The arrays as zurt_span[]; they must stay alive."""
    return (z.zurt_span * max(len(arrays), 1))(
        *[z.zurt_span(a.ctypes.data if a.nbytes else None, a.nbytes) for a in arrays])
