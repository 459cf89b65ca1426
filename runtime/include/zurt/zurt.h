/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * libzurt: loads a `.zurt` file (an int8 graph with its weights) and runs it.
 *
 * Order of use: zurt_ctx_create, zurt_model_load_file, zurt_session_create, zurt_session_run, and
 * the destructors in reverse. A model must outlive its sessions, a ctx everything made with it.
 *
 * Threads: a ctx and what is made with it stay on one thread, but for the requests of a session:
 * they may be run, submitted, waited for and cancelled on any threads at once, each of which finds
 * the texts of its own failures. A model is immutable and may be shared by sessions that live on
 * other threads with a ctx of their own.
 *
 * fork: a session works in the process that made it. In a child zurt_session_run() computes on the
 * CPU, with one thread, if the session is on the CPU or has options.fallback, and else fails by
 * ZURT_E_DEVICE; submitting, waiting and cancelling fail by ZURT_E_ARG; the destructors work. Fork
 * while no other thread is in a call on the session. Models may be used by both. A child can create
 * sessions of its own, but not on XRT if the parent had one there.
 *
 * Arithmetic and rounding of every operator: docs/arithmetic.md. File format: docs/format.md.
 */
#ifndef ZURT_ZURT_H
#define ZURT_ZURT_H

#include <stddef.h>
#include <stdint.h>

#include <zurt/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ZURT_API __attribute__((visibility("default")))
#else
#define ZURT_API
#endif

/* ---- status ---------------------------------------------------------------------------- */

/** Result of every call that can fail. Values are pinned; new ones are appended. */
typedef enum zurt_status {
    ZURT_OK = 0,
    ZURT_E_ARG = 1,         /**< the caller broke the documented contract */
    ZURT_E_NOMEM = 2,       /**< the allocator refused */
    ZURT_E_IO = 3,          /**< the OS refused; the message carries errno text */
    ZURT_E_FORMAT = 4,      /**< the bytes are not a valid model */
    ZURT_E_VERSION = 5,     /**< valid, but made for another format or bitstream version */
    ZURT_E_UNSUPPORTED = 6, /**< valid, but this build or device cannot run it */
    ZURT_E_LIMIT = 7,       /**< beyond a documented limit */
    ZURT_E_DEVICE = 8,      /**< the PL failed or is absent */
    ZURT_E_TIMEOUT = 9,     /**< the PL did not answer in time */
    ZURT_E_INTERNAL = 10,   /**< a bug in zurt: please report */
    ZURT_E_CANCELLED = 11   /**< zurt_session_cancel() ended the request */
} zurt_status;

/**
 * Name of a status.
 *
 * @param status any value.
 * @return "ZURT_E_NOMEM" and so on; "ZURT_E_?" for an unknown value. Never NULL; static.
 * Any thread; allocates nothing.
 */
ZURT_API const char *zurt_status_name(zurt_status status);

/**
 * Version of the linked library, which may be newer than the header's ZURT_VERSION_STRING.
 *
 * @return "major.minor.patch"; static. Any thread; allocates nothing.
 */
ZURT_API const char *zurt_version(void);

/* ---- context --------------------------------------------------------------------------- */

/** Allocator, log callback and last error together; the first argument of what can fail. */
typedef struct zurt_ctx zurt_ctx;

/** Source of all heap memory. Both functions must be safe from any thread. */
typedef struct zurt_allocator {
    /**
     * @param self  the member below.
     * @param size  bytes, at least 1.
     * @param align a power of two, at least 1.
     * @return `size` bytes, owned by the library until it releases them, or NULL.
     */
    void *(*alloc)(void *self, size_t size, size_t align);
    /** Takes back what alloc gave; `ptr` may be NULL. */
    void (*release)(void *self, void *ptr);
    void *self; /**< passed back to both; must live as long as the ctx and all made with it */
} zurt_allocator;

/** Weight of a log line; the smaller the graver. Values are pinned. */
typedef enum zurt_log_level {
    ZURT_LOG_ERROR = 0,   /**< something broke that no status reports */
    ZURT_LOG_WARNING = 1, /**< it works, but not as one would want */
    ZURT_LOG_INFO = 2,    /**< what was chosen and why */
    ZURT_LOG_DEBUG = 3    /**< for those who work on zurt */
} zurt_log_level;

/**
 * Receives one line. Called on the thread that owns the ctx.
 *
 * @param self  zurt_ctx_options.log_self.
 * @param level its weight.
 * @param text  without a newline; borrowed for the call.
 */
typedef void zurt_log_fn(void *self, zurt_log_level level, const char *text);

/** Options of zurt_ctx_create(); start from ZURT_CTX_OPTIONS_INIT. */
typedef struct zurt_ctx_options {
    size_t size;              /**< sizeof(zurt_ctx_options); set by ZURT_CTX_OPTIONS_INIT */
    zurt_allocator allocator; /**< all members zero: malloc and free */
    zurt_log_fn *log;         /**< NULL: silent */
    void *log_self;           /**< passed back to `log` */
    uint32_t cpu_mask;        /**< CPU features that kernels may use, of zurt_cpu_features();
                                   0: the reference kernels only; UINT32_MAX (default): all */
} zurt_ctx_options;

/** malloc and free, silent, every CPU feature. */
#define ZURT_CTX_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(zurt_ctx_options), {0, 0, 0}, 0, 0, UINT32_MAX                                      \
    }

/**
 * Makes a context: allocator, log callback and last error together.
 *
 * @param options NULL for the defaults; copied.
 * @param out     owned by the caller; NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: `out` NULL, options.size unknown, or one of the allocator's two
 *         functions missing; ZURT_E_NOMEM.
 * Any thread; the ctx then belongs to the thread that uses it.
 */
ZURT_API zurt_status zurt_ctx_create(const zurt_ctx_options *options, zurt_ctx **out);

/**
 * Destroys a context. Cannot fail.
 *
 * @param ctx everything made with it must be gone; NULL is allowed.
 */
ZURT_API void zurt_ctx_destroy(zurt_ctx *ctx);

/**
 * Text of the calling thread's last failure on this ctx: cause and remedy.
 *
 * @param ctx NULL gives "".
 * @return "" if nothing failed yet on this thread; borrowed until the thread's next failure on this
 *         ctx, or its failures on four other ones. Never NULL.
 * Any thread; allocates nothing.
 */
ZURT_API const char *zurt_ctx_error(const zurt_ctx *ctx);

/**
 * Features of this CPU that kernels can use, found at run time.
 *
 * @return ZURT_CPU_* bits. Any thread; allocates nothing.
 */
ZURT_API uint32_t zurt_cpu_features(void);

#define ZURT_CPU_NEON     (1u << 0)  /**< Advanced SIMD of AArch64 */
#define ZURT_CPU_AVX2     (1u << 8)  /**< with FMA */
#define ZURT_CPU_AVX512   (1u << 9)  /**< F, BW, DQ, VL */
#define ZURT_CPU_VNNI     (1u << 10) /**< AVX512_VNNI */
#define ZURT_CPU_AVX_VNNI (1u << 11) /**< AVX-VNNI: the same without AVX-512 */

/* ---- files ----------------------------------------------------------------------------- */

/** What a file is, by its first bytes. Values are pinned and only appended. */
typedef enum zurt_file_kind {
    ZURT_FILE_UNKNOWN = 0,
    ZURT_FILE_ZURT = 1,
    ZURT_FILE_ONNX = 2,
    ZURT_FILE_XCLBIN = 3,
    ZURT_FILE_TFLITE = 4,
    ZURT_FILE_PYTORCH = 5, /**< saved by torch.save or torch.jit.save */
    ZURT_FILE_PICKLE = 6,
    ZURT_FILE_HDF5 = 7,        /**< .h5: weights or models of Keras 2 */
    ZURT_FILE_KERAS = 8,       /**< .keras */
    ZURT_FILE_SAVED_MODEL = 9, /**< saved_model.pb, or a folder with one */
    ZURT_FILE_TF_GRAPH = 10,   /**< a frozen GraphDef */
    ZURT_FILE_XMODEL = 11,     /**< Vitis AI */
    ZURT_FILE_LFS_POINTER = 12,
    ZURT_FILE_HTML = 13,
    ZURT_FILE_XML = 14,
    ZURT_FILE_JPEG = 15,
    ZURT_FILE_PNG = 16,
    ZURT_FILE_BMP = 17,
    ZURT_FILE_WEBP = 18,
    ZURT_FILE_GIF = 19,
    ZURT_FILE_TIFF = 20,
    ZURT_FILE_HEIF = 21, /**< HEIF or AVIF */
    ZURT_FILE_PNM = 22,
    ZURT_FILE_NPY = 23,
    ZURT_FILE_NPZ = 24,
    ZURT_FILE_GZIP = 25,
    ZURT_FILE_ZIP = 26 /**< a zip of no other kind here */
} zurt_file_kind;

/**
 * Recognises bytes.
 *
 * @param bytes the beginning of a file; 4096 of them are enough. Borrowed for the call.
 * @return its kind; ZURT_FILE_UNKNOWN also for NULL. Says nothing about the rest of the file.
 * Any thread; allocates nothing.
 */
ZURT_API zurt_file_kind zurt_file_kind_of(const void *bytes, size_t size);

/**
 * As zurt_file_kind_of(), of a file, or of a folder that is a SavedModel.
 *
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_IO: it cannot be read, or is another folder. Allocates
 *         nothing.
 */
ZURT_API zurt_status zurt_file_kind_read(zurt_ctx *ctx, const char *path, zurt_file_kind *out);

/** @return words for a message, as "a PNG picture"; never NULL. Any thread; allocates nothing. */
ZURT_API const char *zurt_file_kind_name(zurt_file_kind kind);

/** @return how to make of it what zurt reads, as a command where there is one; "" if there is
 *  nothing to say. */
ZURT_API const char *zurt_file_kind_remedy(zurt_file_kind kind);

/* ---- tensors --------------------------------------------------------------------------- */

/** Element types. Values are pinned: they stand in `.zurt` files. */
typedef enum zurt_dtype {
    ZURT_DTYPE_NONE = 0, /**< no type: never of a tensor */
    ZURT_F32 = 1,        /**< IEEE 754 binary32 */
    ZURT_S8 = 2,
    ZURT_U8 = 3,
    ZURT_S32 = 4,
    ZURT_S64 = 5,
    ZURT_BOOL = 6 /**< one byte, 0 or 1 */
} zurt_dtype;

/** Most axes a tensor can have. */
#define ZURT_MAX_RANK 8

/**
 * Bytes of one element.
 *
 * @return 0 for ZURT_DTYPE_NONE or an unknown value. Any thread; allocates nothing.
 */
ZURT_API size_t zurt_dtype_bytes(zurt_dtype dtype);

/**
 * Short name of a type.
 *
 * @return "f32", "s8", "u8", "s32", "s64", "bool"; "?" for an unknown value. Never NULL; static.
 * Any thread; allocates nothing.
 */
ZURT_API const char *zurt_dtype_name(zurt_dtype dtype);

/** What a model says about one of its inputs or outputs. Borrowed from the model. */
typedef struct zurt_tensor_info {
    const char *name;            /**< never NULL */
    zurt_dtype dtype;            /**< of the bytes that are passed */
    int32_t rank;                /**< 0..ZURT_MAX_RANK; 0: one element */
    int32_t dims[ZURT_MAX_RANK]; /**< outermost first; an image input is [N, H, W, C] */
    size_t bytes;                /**< of the dense tensor */
    float scale;                 /**< S8, U8: real = scale * (q - zero_point); else 0 */
    int32_t zero_point;          /**< within the type's range; 0 if scale is 0 */
    int32_t from_nchw;           /**< 1: the source model had this input as [N, C, H, W] */
} zurt_tensor_info;

/** Caller-owned bytes to read from. */
typedef struct zurt_view {
    const void *data; /**< aligned to the element; NULL only for 0 bytes */
    size_t bytes;     /**< zurt_tensor_info.bytes */
} zurt_view;

/** Caller-owned bytes to write to. */
typedef struct zurt_span {
    void *data;   /**< aligned to the element; NULL only for 0 bytes */
    size_t bytes; /**< zurt_tensor_info.bytes */
} zurt_span;

/* ---- model ----------------------------------------------------------------------------- */

/** An int8 graph and its weights; immutable after loading. */
typedef struct zurt_model zurt_model;

/** Heap that loading a model, and creating a session, may take where max_bytes is 0: 1 GiB. */
#define ZURT_MAX_BYTES_DEFAULT ((size_t)1 << 30)

/** How a model keeps the bytes of its file. Values are pinned. */
typedef enum zurt_hold {
    ZURT_HOLD_AUTO = 0, /**< a copy up to 64 MiB, a mapping beyond */
    ZURT_HOLD_COPY = 1, /**< a copy: what becomes of the file is of no consequence */
    ZURT_HOLD_MAP = 2   /**< a mapping: the file must neither change nor shrink while the model
                             lives. Replace it by writing a new file beside it and renaming that */
} zurt_hold;

/** Options of zurt_model_load(); start from ZURT_MODEL_OPTIONS_INIT. */
typedef struct zurt_model_options {
    size_t size;      /**< sizeof(zurt_model_options); set by ZURT_MODEL_OPTIONS_INIT */
    zurt_hold hold;   /**< how the bytes are kept */
    size_t max_bytes; /**< of heap, copies of the file included; 0: ZURT_MAX_BYTES_DEFAULT */
} zurt_model_options;

/** Small files copied, large ones mapped; 1 GiB. */
#define ZURT_MODEL_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(zurt_model_options), ZURT_HOLD_AUTO, 0                                              \
    }

/**
 * Loads a `.zurt` file.
 *
 * A file that changes while it is read, or while its mapping is used, never leads to an access
 * outside an array. With a mapping the weights, and so the outputs, follow the change, and a file
 * that shrinks ends the program by SIGBUS; a copy knows neither.
 *
 * @param ctx     may be destroyed only after the model.
 * @param path    the file.
 * @param options NULL for the defaults; copied.
 * @param out     owned by the caller: zurt_model_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or an option out of its range; ZURT_E_NOMEM; ZURT_E_IO:
 *         cannot open, read or map; ZURT_E_FORMAT: damaged or not a model; ZURT_E_VERSION: a newer
 *         format; ZURT_E_LIMIT: a size beyond docs/format.md's limits, or memory beyond max_bytes;
 *         ZURT_E_UNSUPPORTED: an operator that this build lacks.
 * The ctx's thread; the model may then be shared by any threads. Ref: docs/format.md.
 */
ZURT_API zurt_status zurt_model_load(zurt_ctx *ctx, const char *path,
                                     const zurt_model_options *options, zurt_model **out);

/** zurt_model_load() with the default options. */
ZURT_API zurt_status zurt_model_load_file(zurt_ctx *ctx, const char *path, zurt_model **out);

/**
 * Loads a model from memory; weights are used in place.
 *
 * @param ctx   may be destroyed only after the model.
 * @param bytes of a `.zurt` file, 64-byte aligned; borrowed: alive and unchanged as long as the
 *              model.
 * @param size  number of bytes.
 * @param out   owned by the caller: zurt_model_destroy(); NULL on failure.
 * @return as zurt_model_load_file(), without ZURT_E_IO; ZURT_E_ARG also if `bytes` is not aligned.
 * Threads as zurt_model_load_file(). Ref: docs/format.md.
 */
ZURT_API zurt_status zurt_model_load_mem(zurt_ctx *ctx, const void *bytes, size_t size,
                                         zurt_model **out);

/**
 * Destroys a model and lets its file go. Cannot fail.
 *
 * @param model its sessions and plans must be gone; NULL is allowed.
 */
ZURT_API void zurt_model_destroy(zurt_model *model);

/** @return number of inputs; 0 for NULL. Any thread; allocates nothing. */
ZURT_API size_t zurt_model_n_inputs(const zurt_model *model);

/** @return number of outputs; 0 for NULL. Any thread; allocates nothing. */
ZURT_API size_t zurt_model_n_outputs(const zurt_model *model);

/**
 * What an input must look like.
 *
 * @param i below zurt_model_n_inputs(); the order of zurt_session_run().
 * @return borrowed from the model; NULL if `model` is NULL or `i` out of range.
 * Any thread; allocates nothing.
 */
ZURT_API const zurt_tensor_info *zurt_model_input(const zurt_model *model, size_t i);

/** What an output looks like; as zurt_model_input(). */
ZURT_API const zurt_tensor_info *zurt_model_output(const zurt_model *model, size_t i);

/**
 * The real values of an input's or output's bytes, or of part of them.
 *
 * @param info  of zurt_model_input() or zurt_model_output().
 * @param bytes whole elements, at most info->bytes, aligned to the element.
 * @param out   as many floats as `bytes` has elements: S8 and U8, and S32 with a scale,
 *              scale * (q - zero_point); every other type the number itself, rounded to a float.
 * @return ZURT_OK; ZURT_E_ARG: NULL, a size or alignment that does not fit.
 * Any thread; allocates nothing.
 */
ZURT_API zurt_status zurt_tensor_to_float(zurt_ctx *ctx, const zurt_tensor_info *info,
                                          zurt_view bytes, float *out);

/**
 * The bytes of an input that stand for real values; of part of it, as zurt_tensor_to_float().
 *
 * @param info   of zurt_model_input() or zurt_model_output().
 * @param values as many as `out` has elements. S8 and U8: rounded half to even in steps of the
 * scale (1 where there is none), clamped to the type's range, NaN to the zero point.
 * @param out    whole elements, at most info->bytes, aligned to the element.
 * @return ZURT_OK; ZURT_E_ARG: as above; ZURT_E_FORMAT: a value that an integer type without a
 * scale cannot hold, named; `out` is then unspecified. Any thread; allocates nothing. Ref: ONNX
 * QuantizeLinear.
 */
ZURT_API zurt_status zurt_tensor_from_float(zurt_ctx *ctx, const zurt_tensor_info *info,
                                            const float *values, zurt_span out);

/** How a picture of another size becomes width x height. Values are pinned. */
typedef enum zurt_fit {
    ZURT_FIT_STRETCH = 0,     /**< both sides to the target, aspect not kept */
    ZURT_FIT_CENTRE_CROP = 1, /**< shorter side to target / crop_ratio, then the centre */
    ZURT_FIT_LETTERBOX = 2    /**< longer side to the target, aspect kept, grey 114 around it */
} zurt_fit;

/** Preprocessing of input 0 for pixels in 0..255: x = (pixel / 255 - mean[c]) / std[c]. */
typedef struct zurt_norm {
    int32_t channels; /**< 1..4; 1: mean[0] and std[0] for every channel */
    float mean[4];    /**< finite, in the model's channel order */
    float std[4];     /**< > 0 */
    int32_t is_bgr;   /**< 1: the model wants B, G, R order */
    zurt_fit fit;     /**< for pictures of another size */
    float crop_ratio; /**< for ZURT_FIT_CENTRE_CROP: 0.875 takes 224 out of 256; in (0, 1] */
} zurt_norm;

/**
 * Preprocessing of input 0.
 *
 * @return borrowed from the model. A model compiled without normalisation has mean 0, std 1; NULL
 *         only for a NULL model. Any thread; allocates nothing.
 */
ZURT_API const zurt_norm *zurt_model_norm(const zurt_model *model);

/** @return number of class names; 0 if the model carries none. Any thread; allocates nothing. */
ZURT_API size_t zurt_model_n_labels(const zurt_model *model);

/**
 * Name of a class.
 *
 * @param i below zurt_model_n_labels().
 * @return borrowed from the model, UTF-8; NULL if out of range. Any thread; allocates nothing.
 */
ZURT_API const char *zurt_model_label(const zurt_model *model, size_t i);

/**
 * One line about the origin: source file name, calibration, zurt version.
 *
 * @return borrowed from the model; "" if absent. Any thread; allocates nothing.
 */
ZURT_API const char *zurt_model_description(const zurt_model *model);

/** One node of the graph, in execution order. */
typedef struct zurt_node_info {
    const char *name;                /**< never NULL; may repeat */
    const char *op;                  /**< as docs/ops.md names it */
    zurt_dtype dtype;                /**< of its first output: ZURT_F32 means it runs in float */
    uint64_t macs;                   /**< multiply-accumulates of one run; 0 for other ops */
    size_t param_bytes;              /**< of its constants: weights, bias, tables */
    int32_t out_rank;                /**< of its first output */
    int32_t out_dims[ZURT_MAX_RANK]; /**< outermost first */
    const char *note;                /**< compiler's remark, e.g. why it stayed float; "" if none */
} zurt_node_info;

/** @return number of nodes; 0 for NULL. Any thread; allocates nothing. */
ZURT_API size_t zurt_model_n_nodes(const zurt_model *model);

/**
 * Describes a node.
 *
 * @param i   below zurt_model_n_nodes(), in execution order.
 * @param out strings are borrowed from the model.
 * @return ZURT_OK; ZURT_E_ARG: NULL or `i` out of range. Any thread; allocates nothing.
 */
ZURT_API zurt_status zurt_model_node(const zurt_model *model, size_t i, zurt_node_info *out);

/* ---- plan ------------------------------------------------------------------------------ */

/** What a board's PL can do: its capability table. Needs no board. */
typedef struct zurt_board zurt_board;

/**
 * A table that is built in.
 *
 * @param name "cpu" (no PL), "kv260" or "zcu104".
 * @param out  owned by the caller: zurt_board_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or no such board; ZURT_E_NOMEM.
 */
ZURT_API zurt_status zurt_board_builtin(zurt_ctx *ctx, const char *name, zurt_board **out);

/**
 * The table inside an xclbin.
 *
 * @param path of the file; XRT is not needed to read it.
 * @param out  owned by the caller: zurt_board_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_IO; ZURT_E_FORMAT: truncated or damaged;
 * ZURT_E_VERSION: of another version; ZURT_E_DEVICE: not an overlay of zurt's; ZURT_E_UNSUPPORTED:
 * an engine that this build makes no programs for; ZURT_E_NOMEM.
 */
ZURT_API zurt_status zurt_board_load_xclbin(zurt_ctx *ctx, const char *path, zurt_board **out);

/**
 * The xclbin that device xrt takes where none is named: among the files
 * /lib/firmware/xilinx/APP/APP.xclbin whose APP begins with "zurt-" that of the app which is in the
 * fabric, else the board's own, as the device tree names it, else the only one.
 *
 * @param root what the paths begin with: "" for this machine's own, or a folder without a slash at
 *             its end.
 * @param out  its path, `root` included; "" on failure.
 * @param size bytes of `out`; 512 are enough.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or no room; ZURT_E_DEVICE: none is there, or for this board,
 * or several and nothing tells which: zurt_ctx_error() says what to do. Any thread; reads files
 *         only.
 */
ZURT_API zurt_status zurt_board_find_xclbin(zurt_ctx *ctx, const char *root, char *out,
                                            size_t size);

/** A board's numbers; all but the name are 0 for "cpu". */
typedef struct zurt_board_info {
    const char *name;          /**< "kv260", ... or what the xclbin says; borrowed */
    uint32_t engine_version;   /**< of the step format */
    uint32_t macs_per_cycle;   /**< pixels x input channels x output channels */
    uint32_t pixels_per_cycle; /**< pixels of macs_per_cycle */
    uint32_t results_per_cycle;
    size_t scratchpad_bytes; /**< activations on chip */
    size_t ring_bytes;       /**< weights on chip */
    uint32_t clock_khz;
    uint32_t ddr_bytes_per_us; /**< assumed by the model of the cycles */
    uint32_t link_khz; /**< clock that the tools reached, as they say in the xclbin; 0: unknown */
} zurt_board_info;

/** @return ZURT_OK; ZURT_E_ARG: NULL. Any thread; allocates nothing. */
ZURT_API zurt_status zurt_board_info_get(const zurt_board *board, zurt_board_info *out);

/** @return name of the i-th op that its PL computes, within limits; NULL past the last. */
ZURT_API const char *zurt_board_op(const zurt_board *board, size_t i);

/** Destroys a board; NULL is allowed. Cannot fail. */
ZURT_API void zurt_board_destroy(zurt_board *board);

/** Which device would run each node and why; made without any device. */
typedef struct zurt_plan zurt_plan;

/** Where one node goes. Strings are borrowed from the plan and its model. */
typedef struct zurt_plan_node {
    const char *name;   /**< as zurt_node_info.name */
    const char *op;     /**< as zurt_node_info.op */
    const char *device; /**< "pl" or "cpu" */
    const char *reason; /**< why there, in words; never NULL */
    const char *remedy; /**< what would put it on the PL; "" if it is there */
    zurt_dtype dtype;   /**< of its first output */
    uint64_t macs;
    uint64_t cycles;                 /**< modelled; 0 for the CPU */
    uint64_t ddr_bytes;              /**< modelled; 0 for the CPU */
    size_t n_inputs;                 /**< computed inputs: names by zurt_plan_edge() */
    uint32_t segment;                /**< which run of consecutive nodes on one device, from 0 */
    uint64_t cpu_ns;                 /**< modelled, of one Cortex-A53 core; 0 for the PL */
    int32_t out_rank;                /**< of its first output */
    int32_t out_dims[ZURT_MAX_RANK]; /**< outermost first */
    int32_t kernel[2];               /**< height, width of its window; 0: it has none */
    int32_t stride[2];               /**< of the window */
    int32_t groups;                  /**< of a convolution; 0: it is none */
} zurt_plan_node;

/** Sums over a plan. */
typedef struct zurt_plan_totals {
    uint64_t macs;           /**< multiply-accumulates of one run */
    uint64_t pl_macs;        /**< multiply-accumulates of one run on the PL */
    uint64_t cycles;         /**< modelled, on the PL */
    uint64_t ddr_bytes;      /**< modelled, on the PL */
    uint32_t clock_khz;      /**< of the modelled PL; 0 without one */
    uint32_t macs_per_cycle; /**< at best, of the modelled PL; 0 without one */
    uint32_t segments;       /**< runs of consecutive nodes on one device */
    uint32_t launches;       /**< of the PL: one for each of its segments */
    uint32_t cpu_nodes;      /**< nodes on the CPU */
    uint64_t boundary_bytes; /**< tensors that the CPU converts for the PL or back */
    uint32_t assumed_scales; /**< 1: a float graph, planned with scales from synthetic inputs */
    uint64_t pl_ns;          /**< modelled: the cycles at the clock */
    uint64_t cpu_ns;         /**< modelled: the nodes on the CPU, one Cortex-A53 core */
    uint64_t convert_ns;     /**< modelled: the conversion of boundary_bytes, one core */
    uint64_t launch_low_ns;  /**< modelled: the launches beyond their cycles, at best */
    uint64_t launch_high_ns; /**< modelled: the launches beyond their cycles, at worst */
    uint64_t low_ns;  /**< modelled, one run of a board: the PL, 50 us a launch, conversion, and
                           the CPU's nodes on four cores */
    uint64_t high_ns; /**< modelled, one run of a board: the PL, 200 us a launch, conversion, and
                           the CPU's nodes on one core, a fifth slower than its model */
    uint64_t device_bytes; /**< of the device's contiguous memory, one stream: programs, weights and
                                activations */
} zurt_plan_totals;

/**
 * Plans a model for a board, with the function that the loader uses.
 *
 * @param board borrowed for the call.
 * @param out   owned by the caller: zurt_plan_destroy(); NULL on failure. Borrows strings from the
 *              model, which must outlive it.
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_NOMEM.
 * The ctx's thread. Cycles and bytes are modelled, not measured.
 */
ZURT_API zurt_status zurt_plan_create(zurt_ctx *ctx, const zurt_model *model,
                                      const zurt_board *board, zurt_plan **out);

/** Destroys a plan; NULL is allowed. Cannot fail. */
ZURT_API void zurt_plan_destroy(zurt_plan *plan);

/** @return number of nodes; 0 for NULL. Allocates nothing. */
ZURT_API size_t zurt_plan_n_nodes(const zurt_plan *plan);

/**
 * Where a node goes.
 *
 * @param i   below zurt_plan_n_nodes(), in execution order.
 * @param out strings are borrowed from the plan and its model.
 * @return ZURT_OK; ZURT_E_ARG: NULL or `i` out of range.
 */
ZURT_API zurt_status zurt_plan_node_get(const zurt_plan *plan, size_t i, zurt_plan_node *out);

/**
 * An edge of the graph.
 *
 * @param i a node.
 * @param k one of its computed inputs, below zurt_plan_node.n_inputs.
 * @return the node that computes it; SIZE_MAX for an input of the model, or out of range.
 */
ZURT_API size_t zurt_plan_edge(const zurt_plan *plan, size_t i, size_t k);

/**
 * Which input of the model an edge comes from.
 *
 * @param i, k as zurt_plan_edge().
 * @return index of the model's input; SIZE_MAX if a node computes it, or out of range.
 */
ZURT_API size_t zurt_plan_edge_input(const zurt_plan *plan, size_t i, size_t k);

/**
 * Which node computes an output of the model.
 *
 * @param output index, in the order of the model.
 * @return the node; SIZE_MAX for an input or a constant passed through, or out of range.
 */
ZURT_API size_t zurt_plan_output_node(const zurt_plan *plan, size_t output);

/** @return the sums; all 0 for NULL. */
ZURT_API zurt_plan_totals zurt_plan_totals_get(const zurt_plan *plan);

/* ---- session --------------------------------------------------------------------------- */

/** A model bound to devices and buffers. */
typedef struct zurt_session zurt_session;

/** Where the nodes that the PL can take run; the CPU always takes the rest. Values are pinned. */
typedef enum zurt_device {
    ZURT_DEVICE_AUTO = 0, /**< the PL where there is one, else the CPU */
    ZURT_DEVICE_CPU = 1,
    ZURT_DEVICE_XRT = 2, /**< the PL through XRT, on the board or in sw_emu */
    ZURT_DEVICE_SIM = 3  /**< the PL kernel's own sources, in this process */
} zurt_device;

/** Options of zurt_session_create(); start from ZURT_SESSION_OPTIONS_INIT. */
typedef struct zurt_session_options {
    size_t size;         /**< sizeof(zurt_session_options); set by ZURT_SESSION_OPTIONS_INIT */
    zurt_device device;  /**< where to run */
    const char *xclbin;  /**< copied; NULL: $ZURT_XCLBIN, or this board's overlay below
                              /lib/firmware/xilinx: docs/first-light.md */
    uint32_t threads;    /**< CPU threads of one request, 1..64; 0: one per core that the process
                              may use, by its affinity and its control groups' quota. A request
                              that finds them busy with another goes on with its own alone */
    uint32_t streams;    /**< requests that may be in flight, 1..16; each has its own arena.
                              0: for throughput, as many as keep threads and device busy and fit
                              max_bytes; zurt_session_info says how many */
    uint32_t timeout_ms; /**< limit of one PL launch, beyond the time that its modelled cycles
                              take: 10 ns each on a board, 20 us in simulation; 0: 10 s */
    uint32_t profile;    /**< 1: record the time of every node */
    uint32_t fallback;   /**< 1: if the PL is absent or fails, compute the answer on the CPU */
    size_t max_bytes;    /**< of heap for plan, kernels, activations and scratch of all streams, and
                              of inputs and outputs of one request, which are the caller's;
                              0: ZURT_MAX_BYTES_DEFAULT */
    /** Another session, of any ctx and thread, that outlives this one: its helping threads are used
     *  and none are started; `threads` is then that one's. Sessions that share helpers compute on
     * no more threads than that, but for those that call them. NULL: helpers of its own. */
    const zurt_session *helpers;
} zurt_session_options;

/** Automatic device, one thread, one stream, 10 s for the PL, no profile, no fallback, 1 GiB,
 * helpers of its own. */
#define ZURT_SESSION_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(zurt_session_options), ZURT_DEVICE_AUTO, 0, 1, 1, 0, 0, 0, 0, 0                     \
    }

/**
 * Whether a session could be made on a device, as far as environment, drivers and files tell: no
 * device is opened, no bitstream loaded.
 *
 * @param device not ZURT_DEVICE_AUTO.
 * @param xclbin as in zurt_session_options.
 * @return ZURT_OK; ZURT_E_ARG: NULL ctx, or no such device; ZURT_E_DEVICE: absent, with the reason
 *         and the remedy in zurt_ctx_error(); ZURT_E_IO, ZURT_E_FORMAT, ZURT_E_VERSION: the xclbin;
 *         ZURT_E_NOMEM.
 * The ctx's thread.
 */
ZURT_API zurt_status zurt_device_probe(zurt_ctx *ctx, zurt_device device, const char *xclbin);

/**
 * Partitions the graph, plans memory, prepares every kernel and allocates all buffers.
 *
 * @param model   shared, immutable; must outlive the session.
 * @param options NULL for the defaults; copied.
 * @param out     owned by the caller: zurt_session_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or an option out of its range; ZURT_E_NOMEM; ZURT_E_IO: the
 *         OS gives no more threads; ZURT_E_DEVICE: the device asked for is absent;
 *         ZURT_E_VERSION: bitstream of another version; ZURT_E_UNSUPPORTED: a node that this build
 *         cannot run, named; ZURT_E_LIMIT: buffers larger than max_bytes (the largest tensor is
 *         named) or than the PL's memory.
 * The ctx's thread, to which the session then belongs. It starts a thread per stream, and
 * `threads` - 1 that help whichever request asks first, as far as fewer than `threads` compute.
 */
ZURT_API zurt_status zurt_session_create(zurt_ctx *ctx, const zurt_model *model,
                                         const zurt_session_options *options, zurt_session **out);

/** Waits for requests in flight, then destroys; NULL is allowed. Cannot fail. No thread may be in a
 *  call on the session. */
ZURT_API void zurt_session_destroy(zurt_session *s);

/**
 * Runs one inference on the calling thread; blocks until all outputs are written.
 *
 * @param s    from zurt_session_create(). Any threads, up to `streams` requests at once.
 * @param in   n_in tensors, dense, in the order, type and shape of zurt_model_input();
 *             S8 and U8: real = scale * (q - zero_point). Aligned to the element. Borrowed for
 *             the call.
 * @param out  n_out caller-owned tensors as zurt_model_output() says; must overlap neither `in`
 *             nor each other.
 * @return ZURT_OK; ZURT_E_ARG: NULL, a count, byte size or alignment that does not match, or
 *         memory that overlaps; ZURT_E_LIMIT: all `streams` requests are in flight, wait for one
 *         first; ZURT_E_DEVICE: the PL failed, destroy the session; ZURT_E_TIMEOUT: no answer
 *         within timeout_ms. On error `out` is unspecified.
 * Allocates nothing. Bit-exact with the reference kernels. Ref: docs/arithmetic.md.
 */
ZURT_API zurt_status zurt_session_run(zurt_session *s, const zurt_view *in, size_t n_in,
                                      const zurt_span *out, size_t n_out);

/**
 * Starts one inference on a thread of the session and returns at once; finish it with
 * zurt_session_wait() or zurt_session_wait_any().
 *
 * Parameters and errors as zurt_session_run(), but `in`'s data and `out`'s data must stay valid
 * until the wait returns (the two arrays themselves are copied).
 * @param ticket names the request; valid until waited for. Any thread; allocates nothing.
 */
ZURT_API zurt_status zurt_session_submit(zurt_session *s, const zurt_view *in, size_t n_in,
                                         const zurt_span *out, size_t n_out, uint64_t *ticket);

/**
 * Waits for a submitted request.
 *
 * @param timeout_ms UINT32_MAX: no limit; 0: do not block.
 * @return the request's own status, and the ticket is used up; ZURT_E_ARG: no such ticket, or
 *         another thread that waited for it was first; ZURT_E_TIMEOUT: still running, the ticket
 *         stays valid (if the request itself ran out of time on the PL, this is its own status, and
 *         waiting again gives ZURT_E_ARG).
 * Any thread; allocates nothing.
 */
ZURT_API zurt_status zurt_session_wait(zurt_session *s, uint64_t ticket, uint32_t timeout_ms);

/**
 * Waits for whichever request is done first. Those that a thread waits for by zurt_session_wait()
 * are left to it.
 *
 * @param timeout_ms UINT32_MAX: no limit; 0: do not block.
 * @param ticket     the request; 0 if the failure is not its own.
 * @return the request's own status, and the ticket is used up; ZURT_E_TIMEOUT with ticket 0: none
 * is done yet; ZURT_E_ARG: NULL, or nothing is in flight. Any thread; allocates nothing.
 */
ZURT_API zurt_status zurt_session_wait_any(zurt_session *s, uint32_t timeout_ms, uint64_t *ticket);

/**
 * Gives up a submitted request. One that has not begun ends at once, one that has ends with the
 * operator, or the launch of the PL, that it is at. It is waited for like any other: until then its
 * memory is in use. If it was faster, its status is its own.
 *
 * @return ZURT_OK: its wait gives ZURT_E_CANCELLED, or what it came to before; ZURT_E_ARG: NULL, or
 *         no such ticket.
 * Any thread; allocates nothing, does not block.
 */
ZURT_API zurt_status zurt_session_cancel(zurt_session *s, uint64_t ticket);

/**
 * A descriptor for poll(), select() or epoll: readable while a submitted request is done and not
 * yet waited for.
 *
 * @param out the session's: neither read nor close it; the same at every call. -1 on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_IO: the process has no descriptor left.
 * Any thread; allocates nothing.
 */
ZURT_API zurt_status zurt_session_completion_fd(zurt_session *s, int *out);

/** Time of one node, summed over the runs since creation or the last reset. */
typedef struct zurt_profile_entry {
    const char *name;   /**< of the node, or of the last of a PL segment */
    const char *op;     /**< of that node */
    const char *device; /**< "cpu", "xrt", "sim" */
    uint64_t runs;      /**< requests summed */
    uint64_t total_ns;  /**< wall clock, all runs */
    uint64_t macs;      /**< multiply-accumulates of one run */
    size_t first_node;  /**< in zurt_session_plan(): the first node of the step */
    size_t n_nodes;     /**< nodes of the step: those of a launch, or one */
} zurt_profile_entry;

/** @return number of profile entries: one per step of the plan; 0 without options.profile. */
ZURT_API size_t zurt_session_n_profile(const zurt_session *s);

/**
 * Time that one step took so far.
 *
 * @param i   below zurt_session_n_profile(), in execution order.
 * @param out strings are borrowed from the session.
 * @return ZURT_OK; ZURT_E_ARG: NULL, `i` out of range, or requests in flight. Allocates nothing.
 */
ZURT_API zurt_status zurt_session_profile(const zurt_session *s, size_t i, zurt_profile_entry *out);

/** Starts the sums from 0 again; does nothing while requests are in flight. NULL is allowed. */
ZURT_API void zurt_session_profile_reset(zurt_session *s);

/**
 * The plan that a session runs: as zurt_plan_create() makes it for the session's device.
 *
 * @param out owned by the caller: zurt_plan_destroy(), before the session; NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_NOMEM.
 * The session's thread.
 */
ZURT_API zurt_status zurt_session_plan(const zurt_session *s, zurt_plan **out);

/** Facts about a session, for reports. Strings are borrowed from the session. */
typedef struct zurt_session_info {
    const char *device;     /**< device that runs the PL part, or "cpu" */
    uint32_t threads;       /**< of one request, with 0 in the options resolved */
    uint32_t streams;       /**< requests that may be in flight */
    size_t arena_bytes;     /**< activations, one stream */
    size_t scratch_bytes;   /**< kernels' working memory, one stream */
    size_t n_steps;         /**< of the plan: CPU nodes and PL segments */
    uint32_t n_launches;    /**< of the device for one request: its segments; 0 for "cpu" */
    uint64_t macs;          /**< multiply-accumulates of one request */
    uint64_t device_macs;   /**< of `macs`, on the device; 0 for "cpu" */
    uint64_t n_fallbacks;   /**< answers given out that the CPU computed after the device failed */
    const char *failure;    /**< the device's last failure that was answered so; "": none. Changes
                                 as further answers are waited for */
    uint64_t device_cycles; /**< of the device for one request, modelled; 0 for "cpu" */
    uint32_t device_clock_khz; /**< for which they are modelled; 0 for "cpu" */
} zurt_session_info;

/**
 * What zurt_session_create() settled.
 *
 * @param out strings are borrowed from the session.
 * @return ZURT_OK; ZURT_E_ARG: NULL. Allocates nothing.
 */
ZURT_API zurt_status zurt_session_info_get(const zurt_session *s, zurt_session_info *out);

#ifdef __cplusplus
}
#endif

#endif
