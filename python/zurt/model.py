# SPDX-License-Identifier: Apache-2.0
"""A `.zurt` file, loaded: what it holds, where its nodes would run, sessions on it."""
from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import weakref
from ctypes import byref
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Optional, Union

import numpy as np

from . import _structs as z
from ._native import Context, lib, path_bytes, text
from .errors import ArgumentError
from .images import Image, Norm, to_input
from .session import Session, device_of
from .tensors import TensorInfo, info_of

ALIGN = 64


@dataclass(frozen=True)
class PlanNode:
    """Where a node would run and why; cycles are modelled, 0 for the CPU."""

    name: str
    op: str
    device: str
    reason: str
    remedy: str
    macs: int
    cycles: int
    segment: int


class Plan(list):
    """The nodes of a model on a board, PlanNode each, in execution order.

    totals  the fields of zurt_plan_totals by name; everything in them is modelled
    """

    def __init__(self, nodes: list[PlanNode], totals: dict[str, int]) -> None:
        super().__init__(nodes)
        self.totals = totals


class Model:
    """A `.zurt` file or its bytes. A context manager; its sessions end with it.

    inputs, outputs  TensorInfo each
    norm             preprocessing of input 0 for pictures
    labels           class names, if the file has them
    description      one line about its origin
    """

    def __init__(self, source: Union[str, os.PathLike, bytes],
                 log: Optional[Callable[[int, str], None]] = None) -> None:
        self._handle = ctypes.c_void_p()
        self._lock = threading.RLock()
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._log = log
        self._ctx = Context(log)
        try:
            self._load(source)
        except BaseException:
            self._ctx.close()
            raise
        h = self._handle
        self.inputs: list[TensorInfo] = [info_of(lib.zurt_model_input(h, i).contents)
                                         for i in range(lib.zurt_model_n_inputs(h))]
        self.outputs: list[TensorInfo] = [info_of(lib.zurt_model_output(h, i).contents)
                                          for i in range(lib.zurt_model_n_outputs(h))]
        self.norm = Norm._of_struct(lib.zurt_model_norm(h).contents)
        self.labels = [text(lib.zurt_model_label(h, i))
                       for i in range(lib.zurt_model_n_labels(h))]
        self.description = text(lib.zurt_model_description(h))

    def _load(self, source: Union[str, os.PathLike, bytes]) -> None:
        if not isinstance(source, (bytes, bytearray, memoryview)):
            self._ctx.check(lib.zurt_model_load_file(self._ctx.handle, path_bytes(source),
                                                     byref(self._handle)))
            return
        data = np.frombuffer(source, dtype=np.uint8)
        space = np.empty(data.size + ALIGN, dtype=np.uint8)
        at = -space.ctypes.data % ALIGN
        self._bytes = space[at:at + data.size]  # the model's while it lives
        self._bytes[:] = data
        self._ctx.check(lib.zurt_model_load_mem(self._ctx.handle, self._bytes.ctypes.data,
                                                self._bytes.size, byref(self._handle)))

    def session(self, **options: Any) -> Session:
        """A session on it; options as of Session: device, threads, streams, profile, ..."""
        return Session(self, **options)

    def picture(self, source: Union[str, os.PathLike, bytes, np.ndarray, Image]) -> np.ndarray:
        """A picture as input 0: fitted, normalised and quantised as the file says.

        source  a path, the bytes of a JPEG, PNG or BMP, an array (H, W, 3) of uint8, or an Image.
        """
        if isinstance(source, (bytes, bytearray)):
            source = Image.decode(source)
        elif isinstance(source, np.ndarray):
            source = Image(source)
        elif not isinstance(source, Image):
            source = Image.load(source)
        with self._use():
            if not self.inputs:
                raise ArgumentError("the model has no input")
            return to_input(self._ctx, self.inputs[0], self.norm, source)

    def top(self, values: np.ndarray, k: int = 5) -> list[tuple[Union[str, int], float]]:
        """The k largest of an output's real values, best first, by class name or index."""
        flat = np.asarray(values, dtype=np.float32).reshape(-1)
        order = np.argsort(-flat, kind="stable")[:k]
        return [(self.labels[i] if i < len(self.labels) else int(i), float(flat[i]))
                for i in order]

    def plan(self, board: Union[str, os.PathLike] = "kv260") -> Plan:
        """Where each node would run, and why; made without a board.

        board  "kv260", "zcu104", "cpu", or the path of an xclbin.
        """
        b, p = ctypes.c_void_p(), ctypes.c_void_p()
        with self._use() as handle:
            try:
                if board in ("cpu", "kv260", "zcu104"):
                    self._ctx.check(lib.zurt_board_builtin(self._ctx.handle, board.encode(),
                                                           byref(b)))
                else:
                    self._ctx.check(lib.zurt_board_load_xclbin(self._ctx.handle, path_bytes(board),
                                                               byref(b)))
                self._ctx.check(lib.zurt_plan_create(self._ctx.handle, handle, b, byref(p)))
                nodes = [_plan_node(p, i) for i in range(lib.zurt_plan_n_nodes(p))]
                totals = lib.zurt_plan_totals_get(p)
            finally:
                lib.zurt_plan_destroy(p)
                lib.zurt_board_destroy(b)
        return Plan(nodes, {name: getattr(totals, name) for name, *_ in totals._fields_})

    def close(self) -> None:
        """Closes its sessions, then lets the file go."""
        for session in list(self._sessions):
            session.close()
        with self._lock:
            handle, self._handle = self._handle, ctypes.c_void_p()
            if handle:
                lib.zurt_model_destroy(handle)
                self._ctx.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self.close()

    @contextlib.contextmanager
    def _use(self) -> Iterator[ctypes.c_void_p]:
        """The handle, one thread at a time: a context is one thread's."""
        with self._lock:
            if not self._handle:
                raise ArgumentError("the model is closed")
            yield self._handle


def _plan_node(plan: ctypes.c_void_p, i: int) -> PlanNode:
    n = z.zurt_plan_node()
    lib.zurt_plan_node_get(plan, i, byref(n))
    return PlanNode(text(n.name), text(n.op), text(n.device), text(n.reason), text(n.remedy),
                    n.macs, n.cycles, n.segment)


def probe(device: str, xclbin: Optional[str] = None) -> None:
    """Nothing if a session could be made on a device, else the error that says why not and what to
    do: DeviceError, FormatError, ..."""
    ctx = Context()
    try:
        ctx.check(lib.zurt_device_probe(ctx.handle, device_of(device),
                                        None if xclbin is None else path_bytes(xclbin)))
    finally:
        ctx.close()
