# SPDX-License-Identifier: Apache-2.0
"""Enums and structs of zurt.h, image.h and compile.h, field by field as in the headers.

tests/python holds them against tests/exports/abi.txt, which is read off the headers.
"""
from __future__ import annotations

import enum
from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int, c_int32,
                    c_size_t, c_uint8, c_uint32, c_uint64, c_void_p)

MAX_RANK = 8


class Status(enum.IntEnum):
    """zurt_status"""

    OK = 0
    E_ARG = 1
    E_NOMEM = 2
    E_IO = 3
    E_FORMAT = 4
    E_VERSION = 5
    E_UNSUPPORTED = 6
    E_LIMIT = 7
    E_DEVICE = 8
    E_TIMEOUT = 9
    E_INTERNAL = 10
    E_CANCELLED = 11


class DType(enum.IntEnum):
    """zurt_dtype"""

    DTYPE_NONE = 0
    F32 = 1
    S8 = 2
    U8 = 3
    S32 = 4
    S64 = 5
    BOOL = 6


class Device(enum.IntEnum):
    """zurt_device"""

    AUTO = 0
    CPU = 1
    XRT = 2
    SIM = 3


class Fit(enum.IntEnum):
    """zurt_fit"""

    STRETCH = 0
    CENTRE_CROP = 1
    LETTERBOX = 2


class Orientation(enum.IntEnum):
    """zurt_orientation"""

    UPRIGHT = 0
    STORED = 1


class CalibMethod(enum.IntEnum):
    """zurt_calib_method"""

    MINMAX = 0
    PERCENTILE = 1
    MSE = 2
    ENTROPY = 3
    AUTO = 4


class IoType(enum.IntEnum):
    """zurt_io_type"""

    INT8 = 0
    UINT8 = 1
    FLOAT = 2


class Verdict(enum.IntEnum):
    """zurt_quant_verdict"""

    NONE = 0
    GOOD = 1
    LOOK = 2
    BROKEN = 3


class zurt_allocator(Structure):
    _fields_ = [("alloc", c_void_p), ("release", c_void_p), ("self", c_void_p)]


LogFn = CFUNCTYPE(None, c_void_p, c_int, c_char_p)


class zurt_ctx_options(Structure):
    _fields_ = [("size", c_size_t), ("allocator", zurt_allocator), ("log", LogFn),
                ("log_self", c_void_p), ("cpu_mask", c_uint32)]


class zurt_tensor_info(Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_int), ("rank", c_int32),
                ("dims", c_int32 * MAX_RANK), ("bytes", c_size_t), ("scale", c_float),
                ("zero_point", c_int32), ("from_nchw", c_int32)]


class zurt_view(Structure):
    _fields_ = [("data", c_void_p), ("bytes", c_size_t)]


class zurt_span(Structure):
    _fields_ = [("data", c_void_p), ("bytes", c_size_t)]


class zurt_norm(Structure):
    _fields_ = [("channels", c_int32), ("mean", c_float * 4), ("std", c_float * 4),
                ("is_bgr", c_int32), ("fit", c_int), ("crop_ratio", c_float)]


class zurt_plan_node(Structure):
    _fields_ = [("name", c_char_p), ("op", c_char_p), ("device", c_char_p), ("reason", c_char_p),
                ("remedy", c_char_p), ("dtype", c_int), ("macs", c_uint64), ("cycles", c_uint64),
                ("ddr_bytes", c_uint64), ("n_inputs", c_size_t), ("segment", c_uint32),
                ("cpu_ns", c_uint64), ("out_rank", c_int32), ("out_dims", c_int32 * MAX_RANK),
                ("kernel", c_int32 * 2), ("stride", c_int32 * 2), ("groups", c_int32)]


class zurt_plan_totals(Structure):
    _fields_ = [("macs", c_uint64), ("pl_macs", c_uint64), ("cycles", c_uint64),
                ("ddr_bytes", c_uint64), ("clock_khz", c_uint32), ("macs_per_cycle", c_uint32),
                ("segments", c_uint32), ("launches", c_uint32), ("cpu_nodes", c_uint32),
                ("boundary_bytes", c_uint64), ("assumed_scales", c_uint32), ("pl_ns", c_uint64),
                ("cpu_ns", c_uint64), ("convert_ns", c_uint64), ("launch_low_ns", c_uint64),
                ("launch_high_ns", c_uint64), ("low_ns", c_uint64), ("high_ns", c_uint64),
                ("device_bytes", c_uint64)]


class zurt_session_options(Structure):
    _fields_ = [("size", c_size_t), ("device", c_int), ("xclbin", c_char_p), ("threads", c_uint32),
                ("streams", c_uint32), ("timeout_ms", c_uint32), ("profile", c_uint32),
                ("fallback", c_uint32), ("max_bytes", c_size_t), ("helpers", c_void_p)]


class zurt_profile_entry(Structure):
    _fields_ = [("name", c_char_p), ("op", c_char_p), ("device", c_char_p), ("runs", c_uint64),
                ("total_ns", c_uint64), ("macs", c_uint64), ("first_node", c_size_t),
                ("n_nodes", c_size_t)]


class zurt_session_info(Structure):
    _fields_ = [("device", c_char_p), ("threads", c_uint32), ("streams", c_uint32),
                ("arena_bytes", c_size_t), ("scratch_bytes", c_size_t), ("n_steps", c_size_t),
                ("n_launches", c_uint32), ("macs", c_uint64), ("device_macs", c_uint64),
                ("n_fallbacks", c_uint64), ("failure", c_char_p), ("device_cycles", c_uint64),
                ("device_clock_khz", c_uint32)]


class zurt_image(Structure):
    _fields_ = [("width", c_int32), ("height", c_int32), ("channels", c_int32),
                ("pixels", POINTER(c_uint8))]


class zurt_input_shape(Structure):
    _fields_ = [("name", c_char_p), ("rank", c_int32), ("dims", c_int32 * MAX_RANK)]


class zurt_import_options(Structure):
    _fields_ = [("size", c_size_t), ("batch", c_int32), ("height", c_int32), ("width", c_int32),
                ("keep_structure", c_uint32), ("bindings", c_void_p), ("n_bindings", c_size_t),
                ("shapes", POINTER(zurt_input_shape)), ("n_shapes", c_size_t)]


SampleFn = CFUNCTYPE(c_int, c_void_p, c_size_t, POINTER(zurt_span), c_size_t)
ProgressFn = CFUNCTYPE(None, c_void_p, c_char_p, c_size_t, c_size_t)


class zurt_quantize_options(Structure):
    _fields_ = [("size", c_size_t), ("method", c_int), ("percentile", c_double),
                ("per_tensor", c_uint32), ("io", c_int), ("require_int8", c_uint32),
                ("keep_float", POINTER(c_char_p)), ("n_keep_float", c_size_t),
                ("report_sqnr", c_uint32), ("threads", c_uint32), ("sample", SampleFn),
                ("sample_self", c_void_p), ("n_samples", c_size_t), ("progress", ProgressFn),
                ("progress_self", c_void_p), ("hold_out", c_uint32),
                ("float_budget", c_double), ("target_db", c_double)]


class zurt_quant_layer(Structure):
    _fields_ = [("name", c_char_p), ("op", c_char_p), ("type", c_char_p), ("reason", c_char_p),
                ("sqnr_db", c_double), ("own_sqnr_db", c_double)]


class zurt_quant_tensor(Structure):
    _fields_ = [("name", c_char_p), ("scale", c_float), ("zero_point", c_int32), ("min", c_float),
                ("max", c_float), ("seen_min", c_float), ("seen_max", c_float),
                ("method", c_char_p)]


class zurt_quant_control(Structure):
    _fields_ = [("size", c_size_t), ("before_db", c_double), ("after_db", c_double),
                ("share", c_double)]


class zurt_quant_quality(Structure):
    _fields_ = [("sqnr_db", c_double), ("median_db", c_double), ("worst_db", c_double),
                ("worst_sample", c_size_t), ("verdict", c_int)]
