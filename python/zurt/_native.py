# SPDX-License-Identifier: Apache-2.0
"""libzurt and libzurt-compiler: found, loaded, every function with the types of its header."""
from __future__ import annotations

import ctypes
import os
from ctypes import (POINTER, byref, c_char_p, c_double, c_float, c_int, c_int32, c_size_t,
                    c_uint32, c_uint64, c_void_p)
from typing import Any, Callable, Optional

from . import _structs as z
from ._version import ABI
from .errors import Error, error_of

# Function -> result, arguments; `zurt_status` is an int that check() looks at.
STATUS = c_int
RUNTIME: dict[str, tuple[Any, list[Any]]] = {
    "zurt_version": (c_char_p, []),
    "zurt_ctx_create": (STATUS, [POINTER(z.zurt_ctx_options), POINTER(c_void_p)]),
    "zurt_ctx_destroy": (None, [c_void_p]),
    "zurt_ctx_error": (c_char_p, [c_void_p]),
    "zurt_model_load_file": (STATUS, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "zurt_model_load_mem": (STATUS, [c_void_p, c_void_p, c_size_t, POINTER(c_void_p)]),
    "zurt_model_destroy": (None, [c_void_p]),
    "zurt_model_n_inputs": (c_size_t, [c_void_p]),
    "zurt_model_n_outputs": (c_size_t, [c_void_p]),
    "zurt_model_input": (POINTER(z.zurt_tensor_info), [c_void_p, c_size_t]),
    "zurt_model_output": (POINTER(z.zurt_tensor_info), [c_void_p, c_size_t]),
    "zurt_model_norm": (POINTER(z.zurt_norm), [c_void_p]),
    "zurt_model_n_labels": (c_size_t, [c_void_p]),
    "zurt_model_label": (c_char_p, [c_void_p, c_size_t]),
    "zurt_model_description": (c_char_p, [c_void_p]),
    "zurt_tensor_to_float": (STATUS, [c_void_p, POINTER(z.zurt_tensor_info), z.zurt_view,
                                      c_void_p]),
    "zurt_tensor_from_float": (STATUS, [c_void_p, POINTER(z.zurt_tensor_info), c_void_p,
                                        z.zurt_span]),
    "zurt_board_builtin": (STATUS, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "zurt_board_load_xclbin": (STATUS, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "zurt_board_destroy": (None, [c_void_p]),
    "zurt_plan_create": (STATUS, [c_void_p, c_void_p, c_void_p, POINTER(c_void_p)]),
    "zurt_plan_destroy": (None, [c_void_p]),
    "zurt_plan_n_nodes": (c_size_t, [c_void_p]),
    "zurt_plan_node_get": (STATUS, [c_void_p, c_size_t, POINTER(z.zurt_plan_node)]),
    "zurt_plan_totals_get": (z.zurt_plan_totals, [c_void_p]),
    "zurt_device_probe": (STATUS, [c_void_p, c_int, c_char_p]),
    "zurt_session_create": (STATUS, [c_void_p, c_void_p, POINTER(z.zurt_session_options),
                                     POINTER(c_void_p)]),
    "zurt_session_destroy": (None, [c_void_p]),
    "zurt_session_run": (STATUS, [c_void_p, POINTER(z.zurt_view), c_size_t, POINTER(z.zurt_span),
                                  c_size_t]),
    "zurt_session_submit": (STATUS, [c_void_p, POINTER(z.zurt_view), c_size_t,
                                     POINTER(z.zurt_span), c_size_t, POINTER(c_uint64)]),
    "zurt_session_wait": (STATUS, [c_void_p, c_uint64, c_uint32]),
    "zurt_session_cancel": (STATUS, [c_void_p, c_uint64]),
    "zurt_session_completion_fd": (STATUS, [c_void_p, POINTER(c_int)]),
    "zurt_session_info_get": (STATUS, [c_void_p, POINTER(z.zurt_session_info)]),
    "zurt_session_n_profile": (c_size_t, [c_void_p]),
    "zurt_session_profile": (STATUS, [c_void_p, c_size_t, POINTER(z.zurt_profile_entry)]),
    "zurt_session_profile_reset": (None, [c_void_p]),
    "zurt_image_load": (STATUS, [c_void_p, c_char_p, c_int, POINTER(z.zurt_image)]),
    "zurt_image_decode": (STATUS, [c_void_p, c_char_p, c_size_t, c_int, POINTER(z.zurt_image)]),
    "zurt_image_fit": (STATUS, [c_void_p, POINTER(z.zurt_image), c_int32, c_int32, c_int, c_float,
                                POINTER(z.zurt_image)]),
    "zurt_image_to_tensor": (STATUS, [c_void_p, POINTER(z.zurt_image), POINTER(z.zurt_norm),
                                      POINTER(z.zurt_tensor_info), POINTER(z.zurt_span)]),
    "zurt_image_destroy": (None, [c_void_p, POINTER(z.zurt_image)]),
}
COMPILER: dict[str, tuple[Any, list[Any]]] = {
    "zurt_import_file": (STATUS, [c_void_p, c_char_p, POINTER(z.zurt_import_options),
                                  POINTER(c_void_p)]),
    "zurt_import_mem": (STATUS, [c_void_p, c_char_p, c_size_t, POINTER(z.zurt_import_options),
                                 POINTER(c_void_p)]),
    "zurt_graph_destroy": (None, [c_void_p]),
    "zurt_graph_n_inputs": (c_size_t, [c_void_p]),
    "zurt_graph_n_outputs": (c_size_t, [c_void_p]),
    "zurt_graph_input": (STATUS, [c_void_p, c_size_t, POINTER(z.zurt_tensor_info)]),
    "zurt_graph_output": (STATUS, [c_void_p, c_size_t, POINTER(z.zurt_tensor_info)]),
    "zurt_graph_is_quantized": (c_int, [c_void_p]),
    "zurt_graph_set_norm": (STATUS, [c_void_p, c_void_p, POINTER(z.zurt_norm)]),
    "zurt_graph_set_labels": (STATUS, [c_void_p, c_void_p, POINTER(c_char_p), c_size_t]),
    "zurt_graph_set_description": (STATUS, [c_void_p, c_void_p, c_char_p]),
    "zurt_quantize": (STATUS, [c_void_p, c_void_p, POINTER(z.zurt_quantize_options),
                               POINTER(c_void_p), POINTER(c_void_p)]),
    "zurt_quant_report_destroy": (None, [c_void_p]),
    "zurt_quant_report_n_layers": (c_size_t, [c_void_p]),
    "zurt_quant_report_layer": (POINTER(z.zurt_quant_layer), [c_void_p, c_size_t]),
    "zurt_quant_report_n_tensors": (c_size_t, [c_void_p]),
    "zurt_quant_report_tensor": (POINTER(z.zurt_quant_tensor), [c_void_p, c_size_t]),
    "zurt_quant_report_quality": (STATUS, [c_void_p, c_size_t, POINTER(z.zurt_quant_quality)]),
    "zurt_quant_report_method": (c_int, [c_void_p]),
    "zurt_quant_report_method_db": (c_double, [c_void_p, c_int]),
    "zurt_quant_report_n_kept": (c_size_t, [c_void_p]),
    "zurt_quant_report_kept": (c_char_p, [c_void_p, c_size_t]),
    "zurt_quant_report_n_held_out": (c_size_t, [c_void_p]),
    "zurt_emit_zurt_file": (STATUS, [c_void_p, c_void_p, c_char_p]),
    "zurt_emit_zurt_mem": (STATUS, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(c_size_t)]),
    "zurt_buffer_free": (None, [c_void_p, c_void_p]),
}


def _open(name: str) -> ctypes.CDLL:
    """The library of this package's ABI: in a folder of $ZURT_LIBRARY_PATH, or where the loader
    looks."""
    file = f"lib{name}.so.{ABI}"
    folders = [f for f in os.environ.get("ZURT_LIBRARY_PATH", "").split(":") if f]
    for path in [os.path.join(folder, file) for folder in folders] + [file]:
        if "/" in path and not os.path.exists(path):
            continue
        try:
            return ctypes.CDLL(path)
        except OSError as e:
            if os.path.exists(path):
                raise Error(f"{path} cannot be loaded: {e}") from None
    package = "libzurt0" if name == "zurt" else "zurt-compiler"
    raise Error(f"{file} is not found: install zurt (Debian package {package}, or cmake --install "
                "of a build with BUILD_SHARED_LIBS), or name its folder in ZURT_LIBRARY_PATH")


def _declare(lib: ctypes.CDLL, functions: dict[str, tuple[Any, list[Any]]]) -> ctypes.CDLL:
    for name, (result, arguments) in functions.items():
        try:
            function = getattr(lib, name)
        except AttributeError:
            raise Error(f"{lib._name} has no {name}(): it is older than this package") from None
        function.restype = result
        function.argtypes = arguments
    return lib


lib = _declare(_open("zurt"), RUNTIME)
_compiler: Optional[ctypes.CDLL] = None


def compiler() -> ctypes.CDLL:
    """libzurt-compiler, which a board may lack: loaded when it is first asked for."""
    global _compiler
    if _compiler is None:
        _compiler = _declare(_open("zurt-compiler"), COMPILER)
    return _compiler


def text(value: Optional[bytes]) -> str:
    """A C string as Python's; names in files need not be UTF-8."""
    return (value or b"").decode("utf-8", "replace")


def path_bytes(path: Any) -> bytes:
    """A path as C takes it."""
    raw = os.fsencode(path)
    if b"\0" in raw:
        raise ValueError("a path has no zero byte in it")
    return raw


class Context:
    """A zurt_ctx: errors of its calls become exceptions, log lines go to `log`."""

    def __init__(self, log: Optional[Callable[[int, str], None]] = None) -> None:
        self.handle = c_void_p()
        options = z.zurt_ctx_options(size=ctypes.sizeof(z.zurt_ctx_options), cpu_mask=0xffffffff)
        if log:
            options.log = z.LogFn(lambda _self, level, line: log(level, text(line)))
        self._log = options.log  # alive as long as the context
        status = lib.zurt_ctx_create(byref(options), byref(self.handle))
        if status:
            raise error_of(status, "no context could be made")

    def check(self, status: int) -> None:
        """Raises what a status stands for; nothing for ZURT_OK."""
        if status:
            raise error_of(status, text(lib.zurt_ctx_error(self.handle)))

    def close(self) -> None:
        """Everything that was made with it must be gone."""
        handle, self.handle = self.handle, c_void_p()
        lib.zurt_ctx_destroy(handle)
