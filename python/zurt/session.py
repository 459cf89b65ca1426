# SPDX-License-Identifier: Apache-2.0
"""A model bound to devices and buffers: run, submit, wait, cancel, profile."""
from __future__ import annotations

import contextlib
import ctypes
import threading
from ctypes import byref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Optional, Sequence, Union

import numpy as np

from . import _structs as z
from ._native import Context, lib, path_bytes, text
from ._structs import Device
from .errors import ArgumentError, CancelledError, DeviceTimeoutError, Error
from .tensors import TensorInfo, as_input, as_output, dequantise, quantise, spans, views

if TYPE_CHECKING:
    from .model import Model

NO_LIMIT = 0xffffffff

Inputs = Union[Any, Sequence[Any], Mapping[str, Any]]
Outputs = Union[np.ndarray, list]


@dataclass(frozen=True)
class ProfileRow:
    """Time of one step of a session, summed over its runs.

    name     of the node, or of the last of a launch of the PL
    op       of that node
    device   "cpu", "xrt", "sim"
    runs     requests summed
    total_ns wall clock of all of them
    macs     multiply-accumulates of one
    n_nodes  nodes of the step: those of a launch, or one
    """

    name: str
    op: str
    device: str
    runs: int
    total_ns: int
    macs: int
    n_nodes: int

    @property
    def mean_ms(self) -> float:
        """Milliseconds of one run."""
        return self.total_ns / self.runs / 1e6 if self.runs else 0.0


class Profile(list):
    """The steps of a session in order, ProfileRow each; str() is a table, the slowest first."""

    def __str__(self) -> str:
        whole = sum(r.total_ns for r in self) or 1
        rows = [f"{'ms':>9} {'share':>6}  {'device':<6} {'op':<16} name"]
        for r in sorted(self, key=lambda r: -r.total_ns):
            rows.append(f"{r.mean_ms:9.3f} {100 * r.total_ns / whole:5.1f}%  {r.device:<6} "
                        f"{r.op:<16} {r.name}")
        return "\n".join(rows)


@dataclass(frozen=True)
class SessionInfo:
    """What a session settled on; the fields are those of zurt_session_info."""

    device: str
    threads: int
    streams: int
    arena_bytes: int
    scratch_bytes: int
    n_steps: int
    n_launches: int
    macs: int
    device_macs: int
    n_fallbacks: int
    failure: str
    device_cycles: int
    device_clock_khz: int


class Request:
    """An inference in flight, as a future: result(), done(), cancel()."""

    def __init__(self, session: Session, ticket: int, inputs: list, outputs: list) -> None:
        self._session, self._ticket = session, ticket
        self._inputs, self._outputs = inputs, outputs  # alive while the library uses them
        self._lock = threading.Lock()
        self._finished = False
        self._error: Optional[Error] = None

    def result(self, timeout: Optional[float] = None) -> Outputs:
        """Waits, then returns what Session.run() would.

        timeout  seconds; None: no limit. DeviceTimeoutError: not done yet, ask again.
        """
        if not self._wait(timeout):
            raise DeviceTimeoutError(f"the request still runs after {timeout} s")
        if self._error:
            raise self._error
        return _one_or_all(self._outputs)

    def exception(self, timeout: Optional[float] = None) -> Optional[Error]:
        """Waits, then returns what result() would raise, or None."""
        if not self._wait(timeout):
            raise DeviceTimeoutError(f"the request still runs after {timeout} s")
        return self._error

    def done(self) -> bool:
        """Whether result() would return or raise at once."""
        return self._wait(0)

    def cancel(self) -> bool:
        """Gives the request up; it ends with the operator, or the launch, that it is at. False: it
        was done already."""
        with self._session._call() as handle:
            return lib.zurt_session_cancel(handle, self._ticket) == z.Status.OK

    def cancelled(self) -> bool:
        """Whether it was given up, and ended by that."""
        return self._finished and isinstance(self._error, CancelledError)

    def _wait(self, timeout: Optional[float]) -> bool:
        ms = NO_LIMIT if timeout is None else min(max(int(timeout * 1e3), 0), NO_LIMIT - 1)
        if self._finished:
            return True
        if not self._lock.acquire(timeout=-1 if timeout is None else max(timeout, 0)):
            return False  # another thread waits for it
        try:
            if not self._finished:
                self._collect(ms)
            return self._finished
        finally:
            self._lock.release()

    def _collect(self, ms: int) -> None:
        session = self._session
        with session._call() as handle:
            status = lib.zurt_session_wait(handle, self._ticket, ms)
            try:
                session._ctx.check(status)
            except DeviceTimeoutError as e:
                # The request's own, if the ticket is used up by it.
                if lib.zurt_session_wait(handle, self._ticket, 0) == z.Status.E_TIMEOUT:
                    return
                self._error = e
            except Error as e:
                self._error = e
            session._in_flight.pop(self._ticket, None)
            self._inputs = []
            self._finished = True


class Session:
    """A model bound to devices and buffers. Made by Model.session(); threads may share it."""

    def __init__(self, model: Model, device: Union[str, Device] = "auto",
                 xclbin: Optional[str] = None, threads: int = 1, streams: int = 1,
                 timeout_ms: int = 0, profile: bool = False, fallback: bool = False,
                 max_bytes: int = 0) -> None:
        self._handle = ctypes.c_void_p()
        self._gate = threading.Condition()
        self._n_calls = 0
        self._in_flight: dict[int, Request] = {}
        self._model = model
        self.inputs: list[TensorInfo] = model.inputs
        self.outputs: list[TensorInfo] = model.outputs
        options = z.zurt_session_options(
            size=ctypes.sizeof(z.zurt_session_options), device=device_of(device),
            xclbin=None if xclbin is None else path_bytes(xclbin), threads=threads, streams=streams,
            timeout_ms=timeout_ms, profile=profile, fallback=fallback, max_bytes=max_bytes)
        self._ctx = Context(model._log)
        try:
            with model._use() as handle:
                self._ctx.check(lib.zurt_session_create(self._ctx.handle, handle, byref(options),
                                                        byref(self._handle)))
                model._sessions.add(self)
        except BaseException:
            self._ctx.close()
            raise

    # ---- inference

    def run(self, *inputs: Inputs, out: Optional[Sequence[np.ndarray]] = None) -> Outputs:
        """Runs one inference.

        inputs  an array for each input, in order, or one dict by name. An array of the input's type
                that is dense is used in place; real values are quantised.
        out     arrays to write to, of the outputs' types; None: new ones.
        Returns the output, or a list of all if there are several, in the model's own types.
        """
        given, written = self._arrays(inputs, out)
        with self._call() as handle:
            self._ctx.check(lib.zurt_session_run(handle, views(given), len(given), spans(written),
                                                 len(written)))
        return _one_or_all(written)

    def __call__(self, *inputs: Inputs) -> Outputs:
        """As run(), with the outputs as real values, float32."""
        raw = self.run(*inputs)
        arrays = raw if isinstance(raw, list) else [raw]
        return _one_or_all([dequantise(self._ctx, info, a)
                            for info, a in zip(self.outputs, arrays)])

    def submit(self, *inputs: Inputs, out: Optional[Sequence[np.ndarray]] = None) -> Request:
        """Starts one inference and returns at once; up to `streams` are in flight.

        Arrays that are used in place must not change until the request is done. LimitError: all
        streams are in flight.
        """
        given, written = self._arrays(inputs, out)
        ticket = ctypes.c_uint64()
        with self._call() as handle:
            self._ctx.check(lib.zurt_session_submit(handle, views(given), len(given),
                                                    spans(written), len(written), byref(ticket)))
            request = Request(self, ticket.value, given, written)
            self._in_flight[ticket.value] = request
        return request

    def quantise(self, values: Any, input: int = 0) -> np.ndarray:
        """The bytes of that input that stand for real values, whatever their shape: of a table of
        the 256 pixels, say."""
        return quantise(self._ctx, self.inputs[input], values)

    def dequantise(self, array: np.ndarray, output: int = 0) -> np.ndarray:
        """The real values of an array that run() gave for that output."""
        return dequantise(self._ctx, self.outputs[output], array)

    def fileno(self) -> int:
        """A descriptor that select(), poll() and asyncio's add_reader() find readable while a
        request is done and its result not yet taken."""
        fd = ctypes.c_int()
        with self._call() as handle:
            self._ctx.check(lib.zurt_session_completion_fd(handle, byref(fd)))
        return fd.value

    # ---- facts

    @property
    def info(self) -> SessionInfo:
        """Device, threads, memory, launches."""
        struct = z.zurt_session_info()
        with self._call() as handle:
            self._ctx.check(lib.zurt_session_info_get(handle, byref(struct)))
            values = {name: getattr(struct, name) for name, *_ in struct._fields_}
        return SessionInfo(**{k: text(v) if isinstance(v, bytes) else v for k, v in values.items()})

    def profile(self) -> Profile:
        """Time of every step since creation or profile_reset(), with Model.session(profile=True);
        not while a request is in flight."""
        rows = Profile()
        with self._call() as handle:
            for i in range(lib.zurt_session_n_profile(handle)):
                e = z.zurt_profile_entry()
                if lib.zurt_session_profile(handle, i, byref(e)):
                    raise ArgumentError("a profile is read while no request is in flight")
                rows.append(ProfileRow(text(e.name), text(e.op), text(e.device), e.runs, e.total_ns,
                                       e.macs, e.n_nodes))
        return rows

    def profile_reset(self) -> None:
        """Starts the sums from 0 again."""
        with self._call() as handle:
            lib.zurt_session_profile_reset(handle)

    # ---- lifetime

    def close(self) -> None:
        """Waits for requests in flight and for calls of other threads, then lets everything go."""
        for request in list(self._in_flight.values()):
            with contextlib.suppress(Error):
                request._wait(None)
        with self._gate:
            handle, self._handle = self._handle, ctypes.c_void_p()
            while self._n_calls:
                self._gate.wait()
        if not handle:
            return
        lib.zurt_session_destroy(handle)
        self._ctx.close()
        self._model._sessions.discard(self)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self.close()

    @contextlib.contextmanager
    def _call(self) -> Iterator[ctypes.c_void_p]:
        """The handle, which stays valid within: close() waits."""
        with self._gate:
            if not self._handle:
                raise ArgumentError("the session is closed")
            self._n_calls += 1
            handle = self._handle
        try:
            yield handle
        finally:
            with self._gate:
                self._n_calls -= 1
                self._gate.notify_all()

    def _arrays(self, inputs: Sequence[Inputs],
                out: Optional[Sequence[np.ndarray]]) -> tuple[list, list]:
        values = _by_order(inputs, self.inputs)
        if isinstance(out, np.ndarray):
            out = [out]
        if out is not None and len(out) != len(self.outputs):
            raise ArgumentError(f"the model has {len(self.outputs)} outputs, {len(out)} were given")
        given = [as_input(self._ctx, info, v) for info, v in zip(self.inputs, values)]
        written = [as_output(info, None if out is None else out[i])
                   for i, info in enumerate(self.outputs)]
        return given, written


def device_of(device: Union[str, Device]) -> Device:
    """A device by its name, as the command's --device."""
    if isinstance(device, Device):
        return device
    try:
        return Device[device.upper()]
    except (KeyError, AttributeError):
        raise ArgumentError(f"no device {device!r}: auto, cpu, xrt or sim") from None


def _by_order(inputs: Sequence[Inputs], infos: list[TensorInfo]) -> list:
    """Inputs as run() takes them, as a list in the model's order."""
    values = list(inputs)
    if len(values) == 1 and isinstance(values[0], Mapping):
        named = dict(values[0])
        values = [named.pop(info.name) for info in infos if info.name in named]
        if named:
            raise ArgumentError(f"the model has no input {sorted(named)[0]!r}: its inputs are "
                                f"{[info.name for info in infos]}")
    elif len(values) == 1 and len(infos) != 1 and isinstance(values[0], (list, tuple)):
        values = list(values[0])
    if len(values) != len(infos):
        raise ArgumentError(f"the model has {len(infos)} inputs, {len(values)} were given")
    return values


def _one_or_all(arrays: list) -> Outputs:
    return arrays[0] if len(arrays) == 1 else arrays
