# SPDX-License-Identifier: Apache-2.0
"""Pictures: decoded, fitted and made an input tensor by the library, as `zurt run` does."""
from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, byref
from dataclasses import dataclass
from typing import Any, Sequence, Union

import numpy as np

from . import _structs as z
from ._native import Context, lib, path_bytes
from ._structs import Fit, Orientation
from .errors import ArgumentError
from .tensors import TensorInfo, struct_of


@dataclass(frozen=True)
class Norm:
    """Preprocessing of input 0 for pixels in 0..255: x = (pixel / 255 - mean[c]) / std[c].

    mean, std   one number for all channels, or one for each, in the model's order
    bgr         the model wants B, G, R
    fit         for pictures of another size
    crop_ratio  for Fit.CENTRE_CROP: 0.875 takes 224 out of 256
    """

    mean: Sequence[float] = (0.0,)
    std: Sequence[float] = (1.0,)
    bgr: bool = False
    fit: Fit = Fit.CENTRE_CROP
    crop_ratio: float = 1.0

    def _to_struct(self) -> z.zurt_norm:
        mean, std = list(self.mean), list(self.std)
        if len(mean) != len(std) or not 1 <= len(mean) <= 4:
            raise ArgumentError("mean and std have the same count, 1 to 4")
        norm = z.zurt_norm(channels=len(mean), is_bgr=self.bgr, fit=self.fit,
                           crop_ratio=self.crop_ratio)
        norm.mean[:] = mean + [0.0] * (4 - len(mean))
        norm.std[:] = std + [1.0] * (4 - len(std))
        return norm

    @staticmethod
    def _of_struct(norm: z.zurt_norm) -> "Norm":
        n = norm.channels
        return Norm(tuple(norm.mean[:n]), tuple(norm.std[:n]), bool(norm.is_bgr), Fit(norm.fit),
                    norm.crop_ratio)


class Image:
    """A picture of 8-bit pixels, grey or RGB. `numpy.asarray(image)` is (H, W, C), not copied."""

    def __init__(self, pixels: np.ndarray) -> None:
        pixels = np.ascontiguousarray(pixels)
        if pixels.ndim == 2:
            pixels = pixels[..., None]
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
            raise ArgumentError("a picture is uint8, (H, W), (H, W, 1) or (H, W, 3), R first; this "
                                f"array is {pixels.dtype} {pixels.shape}")
        self.pixels = pixels

    @staticmethod
    def load(path: Union[str, os.PathLike],
             orientation: Orientation = Orientation.UPRIGHT) -> Image:
        """Reads a JPEG, PNG or BMP file, upright unless told otherwise; the bytes are Pillow's."""
        raw = path_bytes(path)
        return _taken(lambda ctx, out: lib.zurt_image_load(ctx.handle, raw, orientation, out))

    @staticmethod
    def decode(data: bytes, orientation: Orientation = Orientation.UPRIGHT) -> Image:
        """As load(), of the bytes of a file."""
        data = bytes(data)
        return _taken(lambda ctx, out: lib.zurt_image_decode(ctx.handle, data, len(data),
                                                             orientation, out))

    def fit(self, width: int, height: int, fit: Fit = Fit.STRETCH,
            crop_ratio: float = 1.0) -> Image:
        """Resized and cropped to width x height."""
        struct = self._to_struct()
        return _taken(lambda ctx, out: lib.zurt_image_fit(ctx.handle, byref(struct), width, height,
                                                          fit, crop_ratio, out))

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        """Rows."""
        return self.pixels.shape[0]

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if dtype is not None and np.dtype(dtype) != self.pixels.dtype:
            return self.pixels.astype(dtype)
        return self.pixels.copy() if copy else self.pixels

    def __repr__(self) -> str:
        kind = "RGB" if self.pixels.shape[2] == 3 else "grey"
        return f"Image({self.width}x{self.height}, {kind})"

    def _to_struct(self) -> z.zurt_image:
        height, width, channels = self.pixels.shape
        return z.zurt_image(width, height, channels,
                            ctypes.cast(self.pixels.ctypes.data, POINTER(ctypes.c_uint8)))


class _Owner:
    """Frees an image of the library when the last array on it goes."""

    def __init__(self, ctx: Context, struct: z.zurt_image) -> None:
        self.ctx, self.struct = ctx, struct
        height, width, channels = struct.height, struct.width, struct.channels
        address = ctypes.cast(struct.pixels, ctypes.c_void_p).value or 0
        self.__array_interface__ = {"shape": (height, width, channels), "typestr": "|u1",
                                    "data": (address, False), "version": 3}

    def __del__(self) -> None:
        lib.zurt_image_destroy(self.ctx.handle, byref(self.struct))
        self.ctx.close()


def _taken(make: Any) -> Image:
    """The picture that `make` fills in, without a copy of its pixels."""
    ctx, struct = Context(), z.zurt_image()
    try:
        ctx.check(make(ctx, byref(struct)))
    except BaseException:
        ctx.close()
        raise
    return Image(np.asarray(_Owner(ctx, struct)))


def to_input(ctx: Context, info: TensorInfo, norm: Norm, picture: Image) -> np.ndarray:
    """The picture as a whole input (1, H, W, C) of a model: fitted, normalised, quantised."""
    if len(info.shape) != 4 or info.shape[0] != 1:
        raise ArgumentError(f"input '{info.name}' is {info.shape}: not one picture")
    _, height, width, _ = info.shape
    if (picture.height, picture.width) != (height, width):
        picture = picture.fit(width, height, norm.fit, norm.crop_ratio)
    out = np.empty(info.shape, dtype=info.dtype)
    image, how, tensor = picture._to_struct(), norm._to_struct(), struct_of(info)
    ctx.check(lib.zurt_image_to_tensor(ctx.handle, byref(image), byref(how), byref(tensor),
                                       byref(z.zurt_span(out.ctypes.data, out.nbytes))))
    return out
