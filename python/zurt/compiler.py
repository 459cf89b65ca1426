# SPDX-License-Identifier: Apache-2.0
"""Float model in, int8 `.zurt` out: what `zurt compile` does, with arrays as calibration data."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, Union

import numpy as np

from . import _structs as z
from ._native import Context, compiler, path_bytes, text
from ._structs import CalibMethod, IoType, Verdict
from .errors import ArgumentError
from .images import Norm
from .model import Model
from .tensors import TensorInfo, info_of

Sample = Union[np.ndarray, Sequence[np.ndarray], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Layer:
    """A node of the int8 graph: `type` "s8" or "f32" and why, `sqnr_db` of its output against
    float, `own_sqnr_db` of its own error alone; NaN where it was not measured."""

    name: str
    op: str
    type: str
    reason: str
    sqnr_db: float
    own_sqnr_db: float


@dataclass(frozen=True)
class Quality:
    """An output over the held-out samples, int8 against float, in dB, and what that means."""

    name: str
    sqnr_db: float
    median_db: float
    worst_db: float
    verdict: Verdict


@dataclass(frozen=True)
class Compiled:
    """What compile() made.

    data      the bytes of the `.zurt` file
    quantised False: the source was int8 already, and nothing was calibrated
    method    by which ranges were chosen; for "auto" what it came to
    outputs   Quality of each
    layers    Layer each, in execution order
    n_held_out  samples that judged and did not calibrate
    kept      nodes that float_budget left in float, as keep_float takes them
    """

    data: bytes = field(repr=False)
    quantised: bool
    method: str = ""
    outputs: tuple[Quality, ...] = ()
    layers: tuple[Layer, ...] = field(default=(), repr=False)
    n_held_out: int = 0
    kept: tuple[str, ...] = ()

    def model(self, **options: Any) -> Model:
        """The result, loaded."""
        return Model(self.data, **options)


class _Samples:
    """Calibration data by index, as often as it is asked for."""

    def __init__(self, calib: Any, n_samples: Optional[int], inputs: list[TensorInfo],
                 channels_last: bool) -> None:
        self.inputs, self.channels_last = inputs, channels_last
        self.failure: Optional[BaseException] = None
        if hasattr(calib, "__getitem__") and hasattr(calib, "__len__"):
            self.get, self.n = (lambda i: self._tensors(calib[i])), len(calib)
        elif callable(calib) and n_samples is not None:
            self.get, self.n = (lambda i: self._tensors(calib(i))), n_samples
        else:  # a generator, or a function that makes one, is gone through once and kept
            kept = [self._tensors(s) for s in (calib() if callable(calib) else calib)]
            self.get, self.n = kept.__getitem__, len(kept)

    def _tensors(self, sample: Sample) -> list[np.ndarray]:
        if isinstance(sample, Mapping):
            missing = [t.name for t in self.inputs if t.name not in sample]
            if missing:
                raise ArgumentError(f"calibration: a sample has no input {missing[0]!r}")
            arrays = [sample[t.name] for t in self.inputs]
        else:
            arrays = list(sample) if isinstance(sample, (list, tuple)) else [sample]
        if len(arrays) != len(self.inputs):
            raise ArgumentError(f"calibration: the model has {len(self.inputs)} inputs, a sample "
                                f"{len(arrays)}")
        return [self._tensor(t, np.asarray(a, dtype=np.float32))
                for t, a in zip(self.inputs, arrays)]

    def _tensor(self, info: TensorInfo, a: np.ndarray) -> np.ndarray:
        if info.from_nchw and len(info.shape) == 4 and not self.channels_last:
            n, h, w, c = info.shape
            expected = (n, c, h, w)
            if a.shape in (expected, expected[1:]):
                return np.ascontiguousarray(np.moveaxis(a.reshape(expected), 1, 3))
        else:
            expected = info.shape
            if a.shape == expected or (1, *a.shape) == expected:
                return np.ascontiguousarray(a)
        raise ArgumentError(f"calibration: input '{info.name}' is {expected}, the array {a.shape}")

    def fill(self, _self: Any, index: int, spans: Any, _n: int) -> int:
        """zurt_sample_fn: an exception waits until the library has returned."""
        try:
            for array, span in zip(self.get(index), spans[:len(self.inputs)]):
                ctypes.memmove(span.data, array.ctypes.data, span.bytes)
            return z.Status.OK
        except BaseException as e:  # KeyboardInterrupt too: C cannot pass it on
            self.failure = e
            return z.Status.E_ARG


class _Graphs:
    """A context, and the graphs and the report that go with it."""

    def __init__(self, log: Optional[Callable[[int, str], None]]) -> None:
        self.c = compiler()
        self.ctx = Context(log)
        self.source, self.result, self.report = (ctypes.c_void_p() for _ in range(3))

    def __enter__(self) -> _Graphs:
        return self

    def __exit__(self, *_: Any) -> None:
        self.c.zurt_quant_report_destroy(self.report)
        self.c.zurt_graph_destroy(self.result)
        self.c.zurt_graph_destroy(self.source)
        self.ctx.close()

    def tensors(self, graph: ctypes.c_void_p, which: str) -> list[TensorInfo]:
        """Inputs or outputs."""
        get = getattr(self.c, f"zurt_graph_{which}")
        infos = []
        for i in range(getattr(self.c, f"zurt_graph_n_{which}s")(graph)):
            struct = z.zurt_tensor_info()
            self.ctx.check(get(graph, i, byref(struct)))
            infos.append(info_of(struct))
        return infos

    def load(self, source: Any, batch: int, shapes: Mapping[str, Sequence[int]]) -> None:
        """Imports a path or bytes."""
        table = (z.zurt_input_shape * max(len(shapes), 1))()
        for row, (name, dims) in zip(table, shapes.items()):
            if len(dims) > z.MAX_RANK:
                raise ArgumentError(f"input {name!r}: at most {z.MAX_RANK} axes")
            row.name, row.rank = name.encode(), len(dims)
            row.dims[:len(dims)] = list(dims)
        options = z.zurt_import_options(size=ctypes.sizeof(z.zurt_import_options), batch=batch,
                                        shapes=table, n_shapes=len(shapes))
        if isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
            status = self.c.zurt_import_mem(self.ctx.handle, data, len(data), byref(options),
                                            byref(self.source))
        else:
            status = self.c.zurt_import_file(self.ctx.handle, path_bytes(source), byref(options),
                                             byref(self.source))
        self.ctx.check(status)

    def bytes_of(self, graph: ctypes.c_void_p) -> bytes:
        """The `.zurt` file."""
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        self.ctx.check(self.c.zurt_emit_zurt_mem(self.ctx.handle, graph, byref(data), byref(size)))
        try:
            return ctypes.string_at(data.value or 0, size.value)
        finally:
            self.c.zurt_buffer_free(self.ctx.handle, data)


def compile(model: Union[str, os.PathLike, bytes], calib: Any = None,
            out: Union[str, os.PathLike, None] = None, *, n_samples: Optional[int] = None,
            channels_last: bool = False, method: str = "auto", percentile: float = 99.99,
            per_tensor: bool = False, io: str = "int8", require_int8: bool = False,
            keep_float: Iterable[str] = (), float_budget: float = 0.0, target_db: float = 0.0,
            hold_out: int = 4, threads: int = 0, batch: int = 0,
            shapes: Optional[Mapping[str, Sequence[int]]] = None, norm: Norm = Norm(),
            labels: Sequence[str] = (), description: str = "",
            progress: Optional[Callable[[str, int, int], None]] = None,
            log: Optional[Callable[[int, str], None]] = None) -> Compiled:
    """Imports an ONNX or TFLite model, calibrates, quantises, and makes the `.zurt` file.

    model      a path, or the file's bytes
    calib      samples as the network takes them, float, normalised: a list or another sequence, a
               generator or a function that makes one (all of it is kept in memory), or a function
               of the index with `n_samples`, which is called several times for some. A sample is
               an array, a list with one for each input, or a dict by name; in the source model's
               layout (N, C, H, W for ONNX) unless channels_last. Not for a model that is int8.
    out        where to write the file; None: Compiled.data alone
    method     "auto", "minmax", "percentile", "mse" or "entropy"
    io         type of inputs and outputs: "int8", "uint8" or "float"
    float_budget  percent of the multiply-accumulates that may stay in float where that wins most;
               target_db: no more than this asks for
    hold_out   the last of every so many samples judges and does not calibrate; 0: none
    batch, shapes  for dims that the model leaves open
    norm, labels, description  are kept in the file
    progress   called with what is done, units done, all units
    """
    names = [n.encode() for n in keep_float]
    with _Graphs(log) as g:
        g.load(model, batch, shapes or {})
        final, quantised = g.source, not g.c.zurt_graph_is_quantized(g.source)
        how = norm._to_struct()
        g.ctx.check(g.c.zurt_graph_set_norm(g.ctx.handle, g.source, byref(how)))
        if labels:
            strings = (ctypes.c_char_p * len(labels))(*[s.encode() for s in labels])
            g.ctx.check(g.c.zurt_graph_set_labels(g.ctx.handle, g.source, strings, len(labels)))
        if description:
            line = description.encode()
            g.ctx.check(g.c.zurt_graph_set_description(g.ctx.handle, g.source, line))
        if quantised:
            if calib is None:
                raise ArgumentError("a float model wants calibration data: calib=")
            samples = _Samples(calib, n_samples, g.tensors(g.source, "input"), channels_last)
            options = z.zurt_quantize_options(
                size=ctypes.sizeof(z.zurt_quantize_options), method=_named(CalibMethod, method),
                percentile=percentile, per_tensor=per_tensor, io=_named(IoType, io),
                require_int8=require_int8,
                keep_float=(ctypes.c_char_p * max(len(names), 1))(*names), n_keep_float=len(names),
                report_sqnr=8, threads=threads, sample=z.SampleFn(samples.fill),
                n_samples=samples.n, hold_out=hold_out,
                float_budget=float_budget, target_db=target_db, progress=_progress_fn(progress))
            status = g.c.zurt_quantize(g.ctx.handle, g.source, byref(options), byref(g.result),
                                       byref(g.report))
            if samples.failure is not None:
                raise samples.failure
            g.ctx.check(status)
            final = g.result
        data = g.bytes_of(final)
        if out is not None:
            g.ctx.check(g.c.zurt_emit_zurt_file(g.ctx.handle, final, path_bytes(out)))
        return _describe(g, data, quantised)


def _describe(g: _Graphs, data: bytes, quantised: bool) -> Compiled:
    if not quantised:
        return Compiled(data, False)
    outputs, layers = [], []
    for i, info in enumerate(g.tensors(g.result, "output")):
        q = z.zurt_quant_quality()
        g.ctx.check(g.c.zurt_quant_report_quality(g.report, i, byref(q)))
        outputs.append(Quality(info.name, q.sqnr_db, q.median_db, q.worst_db, Verdict(q.verdict)))
    for i in range(g.c.zurt_quant_report_n_layers(g.report)):
        n = g.c.zurt_quant_report_layer(g.report, i).contents
        layers.append(Layer(text(n.name), text(n.op), text(n.type), text(n.reason), n.sqnr_db,
                            n.own_sqnr_db))
    method = CalibMethod(g.c.zurt_quant_report_method(g.report)).name.lower()
    return Compiled(data, True, method, tuple(outputs), tuple(layers),
                    g.c.zurt_quant_report_n_held_out(g.report),
                    tuple(text(g.c.zurt_quant_report_kept(g.report, i))
                          for i in range(g.c.zurt_quant_report_n_kept(g.report))))


def _progress_fn(progress: Optional[Callable[[str, int, int], None]]) -> Any:
    if progress is None:
        return z.ProgressFn()
    return z.ProgressFn(lambda _self, what, done, total: progress(text(what), done, total))


def _named(kind: Any, name: str) -> Any:
    try:
        return kind[name.upper()]
    except (KeyError, AttributeError):
        known = ", ".join(m.name.lower() for m in kind)
        raise ArgumentError(f"{name!r} is none of {known}") from None
