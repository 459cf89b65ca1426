/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The step format: what the code generator writes, the checker proves and the engine runs.
 *
 * Terms. A *word* is 16 bytes: 16 channels of one pixel. The *scratchpad* has ZK_PP banks; word
 * address a is in bank a mod PP, row a div PP. A *plane* is one block of 16 channels of a tensor;
 * tensors are planes of rows of words, row pitch and plane pitch free. A *vector* is what one cycle
 * reads: one word per lane. A *group* is up to PP output pixels, one per lane, that are computed
 * together; a *block* is 16 output channels. A step computes, for each block, for each group, the
 * sum (or maximum) over its taps, and meanwhile absorbs weights and activations of later steps.
 *
 * Step buffer, in words (what `steps` of zk_engine() points to):
 *   [0, n_epochs)  one word per epoch: int32 {address of its first step, number of steps, 0, 0}
 *   steps            ZK_STEP_WORDS each, those of one epoch one after the other
 *   tables           anywhere; `table` of a step points to its own, which steps may share
 * Table of a step, in this order, each part starting at a full word:
 *   n_taps taps      8 bytes each: int32 offset, int16 dy, int16 dx (see zk_tap)
 *   if ZK_RESIDUAL   256 x int32 for the own value, then 256 x int32 for the residual's; entry
 *                    q + 128 is what value q adds to the sum, in 2^-add_shift of the output's unit
 *   if ZK_LUT        256 x int8; entry q + 128 replaces value q
 * All integers are little-endian.
 *
 * Epochs run one after the other, all writes done before the next begins: a word stored to the
 * act buffer may be loaded only in a later epoch. Within an epoch loads run ahead of stores.
 *
 * Weight streams: ring word n is 16 rows (output channel) of 16 bytes (input channel); stream q, of
 * four, holds rows 4q..4q+3 of every ring word: beat 4n + r of stream q is row 4q + r. A block is
 *   one header word: row o = {int32 bias, int32 multiplier, int32 shift (<= 0), 0} of channel o
 *   ZK_CONV:    n_icb * n_taps words, k = icb * n_taps + tap: row o, byte i = weight of tap `tap`
 *               from input channel 16 icb + i to output channel o
 *   ZK_DW_DIAG: ceil(n_taps / 16) words: row t, byte c = weight of tap 16 word + t for channel c
 *   ZK_DW_ROW:  n_taps words: row c, for an even channel c, byte t = weight of horizontal tap t in
 *               [8 - row_n, 8) for channel c; for an odd one byte 8 + t; the other bytes are zero
 * ZK_MAXPOOL and ZK_LOAD have no weights and no header. Weights are in [-127, 127] (the packed
 * products overflow at -128). bias = the layer's bias - zp_in * sum of the channel's weights.
 *
 * Ref: docs/engine.md.
 */
#ifndef ZK_STEP_H
#define ZK_STEP_H

#include <stdint.h>

#include "isa/zk_fields.h"

/** One word; also one beat of any port. */
typedef struct {
    int8_t b[16];
} v16;

enum zk_kind {
    ZK_LOAD = 0,    /**< absorbs only */
    ZK_CONV = 1,    /**< 16 x 16 channels per tap */
    ZK_DW_DIAG = 2, /**< depthwise, one tap per cycle: any kernel, also average pools */
    ZK_DW_ROW = 3,  /**< depthwise, one kernel row (per column phase) a cycle; lanes = PP */
    ZK_MAXPOOL = 4  /**< maximum of the taps, padding -128; with one tap: a copy */
};

enum zk_flag {
    ZK_RESIDUAL = 1,     /**< adds a tensor of the output's size, after the clamp */
    ZK_LUT = 2,          /**< final table, after the clamp or the add */
    ZK_OUT_BANK = 4,     /**< writes the result to the scratchpad */
    ZK_OUT_FIFO = 8,     /**< sends the result to the act buffer; wr_lanes = 1 (2 with POOL2); not
                                with UP2 */
    ZK_POOL2 = 16,       /**< 2x2/2 maximum of the results; walk.w >= ZK_POOL2_WIDTH and even,
                                lanes even, wr_lanes = 2 */
    ZK_UP2 = 32,         /**< writes each result to 2x2 pixels; wr_lanes = 1; not with POOL2 */
    ZK_KEEP_WEIGHTS = 64 /**< the ring words read stay for the next step, which reads them again */
};

/**
 * One kernel position. Lane with output pixel (y, x) reads, for input block icb,
 * word lane_in + offset + icb * in.plane where lane_in = in.base + y * in.row + x * in.col (+ the
 * block's step), if 0 <= y * in.stride_y + dy < in.h and 0 <= x * in.stride_x + dx < in.w;
 * otherwise the padding value. In ZK_DW_ROW one entry is one vector: see zk_step_in.
 */
typedef struct {
    int32_t offset; /**< words, may be negative */
    int32_t dy;     /**< [-32768, 32767], in int16 */
    int32_t dx;
} zk_tap;

/* The units of a step. All fields int32 here, of the widths of zk_fields.h when packed; 0 where not
 * used. Addresses and pitches of the scratchpad and of the act buffer are in words. Read by: F
 * fetch, L loaders, E exec, S store. */

/**
 * Which pixels a step computes, and in what order. Lane l starts a block at pixel start + l, x
 * wrapping at wrap_w; after each group x += dx, y += dy, and if x >= wrap_w then x -= wrap_w,
 * y += 1. Pixels with x >= w, y >= h or y < 0 are computed and dropped. Flattened order:
 * wrap_w = w, dx = lanes mod w, dy = lanes div w. Row order (no group crosses a row): wrap_w = w
 * rounded up to a multiple of lanes, dx = lanes, dy = 0. A priming group starts lanes pixels early:
 * start_y < 0.
 */
typedef struct {
    int32_t n_groups; /**< E groups per block, a priming group included */
    int32_t period;   /**< E iterations per group: zk_step_period() or more */
    int32_t lanes;    /**< E pixels per group, [1, PP] */
    int32_t wr_lanes; /**< E pixels written per iteration, [1, RQ]; they must hit distinct banks */
    int32_t w;        /**< E width of what is computed, before POOL2 or UP2 */
    int32_t h;        /**< E */
    int32_t wrap_w;   /**< E >= lanes or == w */
    int32_t dx;       /**< E [0, lanes] */
    int32_t dy;       /**< E [0, lanes] */
    int32_t start_x;  /**< E [0, wrap_w) */
    int32_t start_y;  /**< E */
} zk_step_walk;

/**
 * The map whose taps are summed. DW_ROW: lane l reads its word at its tap's offset,
 * unconditionally; horizontal tap t in [8 - row_n, 8) then takes the word of lane l - (7 - t), of
 * the previous group's vector where that is negative, if row y * stride_y + dy and column
 * x * stride_x + dx - (7 - t) * row_dx exist, otherwise the padding value. So dx is that of the
 * last tap, which is the lane's own.
 */
typedef struct {
    int32_t stride_y;  /**< E of the padding predicate; the address has its own in `row` */
    int32_t stride_x;  /**< E */
    int32_t h;         /**< E rows that exist, from the row of `base` on */
    int32_t w;         /**< E */
    int32_t base;      /**< E */
    int32_t row;       /**< E words from one output row to the next: stride_y * pitch */
    int32_t col;       /**< E words from one output column to the next; 1 in split tensors */
    int32_t plane;     /**< E words from one input block to the next */
    int32_t ocb_step;  /**< E added to `base` after every ocb_every blocks: groups, depthwise */
    int32_t ocb_every; /**< E >= 1 */
    int32_t zp;        /**< E padding value of CONV, DW */
    int32_t row_n;     /**< E DW_ROW: horizontal taps, [1, ZK_ROW_WIDTH] */
    int32_t row_dx;    /**< E DW_ROW: input columns from one horizontal tap to the next */
} zk_step_in;

/**
 * The result. (y, x) of block o goes to word base + o * plane + y * row + (x >> split) * col
 * + (x & (1 << split) - 1) * half, where POOL2 has halved y and x, UP2 has doubled them (and adds
 * 0, 1).
 */
typedef struct {
    int32_t zp;    /**< E added after the requantisation; not used by MAXPOOL */
    int32_t lo;    /**< E clamp of the result, before residual and table */
    int32_t hi;    /**< E */
    int32_t base;  /**< E */
    int32_t row;   /**< E */
    int32_t col;   /**< E [1, ZK_OUT_COL]: 1, or the stride of a transposed convolution */
    int32_t plane; /**< E */
    int32_t split; /**< E log2 of the column split for a consumer's stride: 0, 1, 2 */
    int32_t half;  /**< E words from one column phase to the next */
} zk_step_out;

/**
 * The residual: block o, pixel (y, x) is at base + o * plane + y * row + x. The sum of the two
 * tables' entries, plus `up` where it is >= 0, `down` where it is < 0, shifted right by `shift`
 * (towards minus infinity), plus zp, clamped to [lo, hi].
 */
typedef struct {
    int32_t base;  /**< E */
    int32_t row;   /**< E */
    int32_t plane; /**< E */
    int32_t shift; /**< E fraction bits of the tables, [ZK_ADD_SHIFT_MIN, ZK_ADD_SHIFT_MAX] */
    int32_t up;    /**< E */
    int32_t down;  /**< E */
    int32_t zp;    /**< E */
    int32_t lo;    /**< E */
    int32_t hi;    /**< E */
} zk_step_res;

/**
 * What is absorbed for later steps: w_words ring words of weights, and planes * words words of
 * activations (<= ZK_STEP_BEATS). Word j of plane p comes from src + p * src_plane + j of the act
 * buffer and goes, with y = j div w, x = j mod w, to dst + p * plane + y * row + (x >> split)
 * + (x & (1 << split) - 1) * half.
 */
typedef struct {
    int32_t w_words;   /**< LE ring words absorbed, <= ZK_STEP_WEIGHTS */
    int32_t w_src;     /**< L first beat, the same in all four streams */
    int32_t src;       /**< L */
    int32_t planes;    /**< LE 0: no activations are loaded */
    int32_t words;     /**< LE */
    int32_t src_plane; /**< L */
    int32_t dst;       /**< E */
    int32_t w;         /**< E */
    int32_t row;       /**< E */
    int32_t plane;     /**< E */
    int32_t split;     /**< E 0, 1, 2 */
    int32_t half;      /**< E */
} zk_step_load;

/** OUT_FIFO: block o's results, in the order of pixels, go to dst + o * plane onwards. */
typedef struct {
    int32_t dst;   /**< S */
    int32_t words; /**< S results per block: w * h of the walk, a quarter of it with POOL2 */
    int32_t plane; /**< S */
} zk_step_store;

/**
 * Products of the other fields, so that the engine has no multiplier for them: counts, what a move
 * from one group to the next adds to a lane, and lane 0 at the start of a block. Relative to the
 * bases. zk_step_products() sets them; all 0 for LOAD.
 */
typedef struct {
    int32_t reads;     /**< E n_taps * n_icb */
    int32_t writes;    /**< E write-back iterations of a group: zk_step_writeback() */
    int32_t in;        /**< E walk.dy * in.row + walk.dx * in.col */
    int32_t in_wrap;   /**< E in.row - wrap_w * in.col: beyond that where a row ends */
    int32_t res;       /**< E walk.dy * res.row + walk.dx */
    int32_t ix;        /**< E walk.dx * in.stride_x */
    int32_t ix_wrap;   /**< E -wrap_w * in.stride_x */
    int32_t iy;        /**< E walk.dy * in.stride_y */
    int32_t row;       /**< E walk.dy * out.row */
    int32_t start_in;  /**< E start_y * in.row + start_x * in.col */
    int32_t start_res; /**< E start_y * res.row + start_x */
    int32_t start_ix;  /**< E start_x * in.stride_x */
    int32_t start_iy;  /**< E start_y * in.stride_y */
    int32_t start_row; /**< E start_y * out.row */
} zk_step_move;

/** A step. */
typedef struct {
    int32_t kind;       /**< E zk_kind */
    int32_t flags;      /**< FES zk_flag, or-ed */
    int32_t iterations; /**< E what zk_step_iterations() gives: the trip count of the loop */
    int32_t table;      /**< F address of the table in the step buffer */
    int32_t n_taps;     /**< FE [1, ZK_TAPS]; DW_ROW: vectors per group, <= ZK_ROW_TAPS */
    int32_t n_icb;      /**< E input blocks summed; 1 unless CONV */
    int32_t n_ocb;      /**< ES output blocks; 0 for LOAD */
    zk_step_walk walk;
    zk_step_in in;
    zk_step_out out;
    zk_step_res res;
    zk_step_load load;
    zk_step_store store;
    zk_step_move move;
} zk_step;

/**
 * n_epochs of a launch that computes nothing: the engine writes ZK_IDENTITY_WORDS to the start of
 * act_w, so that a capability table of another engine is found before results are wrong.
 */
#define ZK_IDENTIFY       (-1)
#define ZK_IDENTITY_WORDS 2
#define ZK_IDENTITY_MAGIC 0x5452555a /**< "ZURT" */

/** Fields of the identity, int32 each. */
enum {
    ZK_ID_MAGIC,
    ZK_ID_VERSION,
    ZK_ID_PP,
    ZK_ID_RQ,
    ZK_ID_RING,
    ZK_ID_ROWS,
    ZK_ID_TAPS,
    ZK_ID_ECHO /**< the first int32 of the step buffer: the answer is to this question */
};

/** int32 number i, of four, of a word. */
static inline int32_t zk_get32(const v16 *w, int i)
{
    uint32_t v = (uint32_t)(uint8_t)w->b[4 * i] | (uint32_t)(uint8_t)w->b[4 * i + 1] << 8 |
                 (uint32_t)(uint8_t)w->b[4 * i + 2] << 16 |
                 (uint32_t)(uint8_t)w->b[4 * i + 3] << 24;
    return (int32_t)v;
}

static inline void zk_put32(v16 *w, int i, int32_t value)
{
    uint32_t v = (uint32_t)value;
    w->b[4 * i] = (int8_t)(v & 255);
    w->b[4 * i + 1] = (int8_t)(v >> 8 & 255);
    w->b[4 * i + 2] = (int8_t)(v >> 16 & 255);
    w->b[4 * i + 3] = (int8_t)(v >> 24);
}

/** Byte i of the field at bit `at`, in its place; 0 beyond the field. */
static inline uint64_t zk_field_byte(const v16 *w, int at, int bits, int i)
{
    int byte = (at >> 3) + i;
    if (8 * i >= (at & 7) + bits)
        return 0;
    return (uint64_t)(uint8_t)w[byte >> 4].b[byte & 15] << 8 * i;
}

/** The field of `bits` bits, 32 at most, that begins at bit `at` of a step. */
static inline int32_t zk_field_get(const v16 *w, int at, int bits, int is_signed)
{
    uint64_t v = zk_field_byte(w, at, bits, 0) | zk_field_byte(w, at, bits, 1) |
                 zk_field_byte(w, at, bits, 2) | zk_field_byte(w, at, bits, 3) |
                 zk_field_byte(w, at, bits, 4);
    uint64_t ones = ((uint64_t)1 << bits) - 1, top = is_signed ? (ones >> 1) + 1 : 0;
    v = v >> (at & 7) & ones;
    return (int32_t)((int64_t)(v ^ top) - (int64_t)top);
}

/** Puts the low `bits` bits of a value where there are zeros. */
static inline void zk_field_put(v16 *w, int at, int bits, int32_t value)
{
    uint64_t v = ((uint64_t)(uint32_t)value & (((uint64_t)1 << bits) - 1)) << (at & 7);
    for (int i = 0; 8 * i < (at & 7) + bits; i++) {
        int byte = (at >> 3) + i;
        w[byte >> 4].b[byte & 15] |= (int8_t)(v >> 8 * i & 255);
    }
}

static inline int zk_field_fits(int32_t value, int bits, int is_signed)
{
    int64_t ones = ((int64_t)1 << bits) - 1, least = is_signed ? -(ones >> 1) - 1 : 0;
    return value >= least && value <= least + ones;
}

static inline void zk_step_unpack(const v16 w[ZK_STEP_WORDS], zk_step *out)
{
    int at = 0;
#define ZK_FIELD(f, bits, is_signed)                                                               \
    out->f = zk_field_get(w, at, bits, is_signed);                                                 \
    at += bits;
    ZK_STEP_FIELDS(ZK_FIELD)
#undef ZK_FIELD
}

/** Of values beyond their widths only the low bits are kept: zk_step_misfit(). */
static inline void zk_step_pack(const zk_step *s, v16 out[ZK_STEP_WORDS])
{
    const v16 zero = {{0}};
    int at = 0;
    for (int i = 0; i < ZK_STEP_WORDS; i++)
        out[i] = zero;
#define ZK_FIELD(f, bits, is_signed)                                                               \
    zk_field_put(out, at, bits, s->f);                                                             \
    at += bits;
    ZK_STEP_FIELDS(ZK_FIELD)
#undef ZK_FIELD
}

/** Name of the first field whose value its width does not hold; a null pointer: all fit. */
static inline const char *zk_step_misfit(const zk_step *s)
{
#define ZK_FIELD(f, bits, is_signed)                                                               \
    if (!zk_field_fits(s->f, bits, is_signed))                                                     \
        return #f;
    ZK_STEP_FIELDS(ZK_FIELD)
#undef ZK_FIELD
    return 0;
}

/** Tap `half` (0, 1) of a word of the table. */
static inline void zk_tap_unpack(const v16 *w, int half, zk_tap *out)
{
    uint32_t d = (uint32_t)zk_get32(w, 2 * half + 1);
    out->offset = zk_get32(w, 2 * half);
    out->dy = (int32_t)((d & 0xffff) ^ 0x8000) - 0x8000;
    out->dx = (int32_t)((d >> 16) ^ 0x8000) - 0x8000;
}

static inline void zk_tap_pack(const zk_tap *t, int half, v16 *out)
{
    uint32_t d = ((uint32_t)t->dy & 0xffff) | (uint32_t)t->dx << 16;
    zk_put32(out, 2 * half, t->offset);
    zk_put32(out, 2 * half + 1, (int32_t)d);
}

/** Bounds of res.shift: fraction bits of the add's tables. */
#define ZK_ADD_SHIFT_MIN 18
#define ZK_ADD_SHIFT_MAX 23

/** Words of the parts of a step's table. */
#define ZK_ADD_WORDS 64 /**< of one of the two tables of a residual */
#define ZK_LUT_WORDS 16

static inline int32_t zk_table_words(const zk_step *s)
{
    return (s->n_taps + 1) / 2 + (s->flags & ZK_RESIDUAL ? 2 * ZK_ADD_WORDS : 0) +
           (s->flags & ZK_LUT ? ZK_LUT_WORDS : 0);
}

/** Ring words of weights in a block, its header not counted; 0: the kind has neither. */
static inline int32_t zk_block_words(const zk_step *s)
{
    if (s->kind == ZK_CONV)
        return s->n_taps * s->n_icb;
    if (s->kind == ZK_DW_DIAG)
        return (s->n_taps + 15) / 16;
    return s->kind == ZK_DW_ROW ? s->n_taps : 0;
}

#endif
