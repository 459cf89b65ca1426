/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * From a segment of the graph to a program of the step engine: pure geometry, so that a float
 * graph has cycles too. Weights and tables follow when it is encoded (cg_encode.h).
 *
 * Terms (isa/zk_step.h has the engine's): a *layer* is one node with what is fused into it; a
 * *tensor* is what layers read and write, its *buffer* where that is; a *band* is some rows of a
 * tensor that is in the act buffer, loaded while a layer reads them. Batches run picture by
 * picture, the same steps again.
 */
#ifndef ZI_CODEGEN_H
#define ZI_CODEGEN_H

#include "codegen/layer.h"
#include "isa/zk_config.h"
#include "isa/zk_step.h"

/** How the host prepares an input with few channels: pixel (y, x), channel (j * lanes_w + i) * c +
 * k holds element k of pixel (y * step_y + j - top, x * step_x + i * dilation - left). */
typedef struct zi_cg_pack {
    int32_t lanes_h, lanes_w; /**< 0: not packed */
    int32_t step_y, step_x;
    int32_t dilation;
    int32_t top, left;
} zi_cg_pack;

/** Where a buffer is. */
typedef enum zi_cg_where {
    ZI_CG_SCRATCHPAD, /**< on chip, whole, from its first layer to its last */
    ZI_CG_DDR,        /**< in the act buffer: read in bands */
    ZI_CG_BAND, /**< on chip: some rows of another, or results of a tile, while one layer works */
} zi_cg_where;

/** Memory of a tensor. That of a part of another (`parent`) follows from the whole's. */
typedef struct zi_cg_buffer {
    zi_cg_where where;
    bool stored;                      /**< its producer writes it to the act buffer, too */
    bool pinned;                      /**< on chip: its producer cannot write to the act buffer */
    bool doubled;                     /**< of a band: two in turn */
    uint32_t first_layer, last_layer; /**< that write or read it */
    uint32_t shares;                  /**< tensor whose memory it takes over in place; or ZI_NONE */
    int32_t split;                    /**< log2 of the column phases */
    int32_t pitch, half, plane;       /**< words between rows, column phases, planes */
    int32_t base;                     /**< first word in the scratchpad */
    int32_t words;                    /**< there; 0: it is not there */
    int32_t ddr;                      /**< first word in the act buffer, planes of h * w words */
} zi_cg_buffer;

/** A tensor as the engine sees it: one picture of planes of 16 channels. */
typedef struct zi_cg_tensor {
    zi_id id; /**< in the graph; of a fused chain: the last; ZI_NONE: a copy or a band */
    int32_t h, w, c;
    int32_t blocks;  /**< planes: of 16 channels */
    uint32_t parent; /**< tensor whose planes from `first_block` on these are; or ZI_NONE */
    int32_t first_block;
    uint32_t producer;  /**< layer; ZI_NONE: an input or a band */
    bool input, output; /**< of the segment */
    zi_cg_pack pack;
    zi_image source; /**< inputs: the picture before packing */
    zi_cg_buffer buffer;
} zi_cg_tensor;

typedef struct zi_cg_layer {
    zi_layer l;
    uint32_t in, residual, out; /**< tensors; residual may be ZI_NONE */
    zi_id add;                  /**< fused Add; ZI_NONE: none */
    const zi_sum_tables *sum;   /**< of the Add; NULL: of a float graph */
    uint32_t own_operand;       /**< of the Add: which one is the sum */
    const int8_t *own_lut;      /**< of the Add: table of its own operand, before; NULL: none */
    const int8_t *lut;          /**< final table; NULL: none; see has_lut */
    bool has_lut;
    bool pool2;
    bool picks;    /**< reads some columns of a picture that is not split: one lane */
    bool packed;   /**< the input is packed: kernel, stride and pad are in the packed picture */
    uint32_t tile; /**< tensor of a tile's results that another step takes to the output: sums of
                        2x2 pixels, one after the other as blocks, of which it takes the maximum;
                        or scattered ones. ZI_NONE: they are written there at once */
    const int32_t *choice; /**< CONV of no node's weights: lane of the input of each output
                                channel, -1: `fill`; else NULL */
    int8_t fill;
    const int32_t *channels; /**< CONV: channel in each lane of the input, -1: none; NULL: all in
                                  order */
    int32_t flat_h, flat_w;  /**< FullyConnected of a flattened picture: its size; else 0 */
    zi_id last_node;         /**< of the chain */
    uint32_t band[2];        /**< of input and residual, if they are in the act buffer */
    int32_t tile_rows;       /**< of the sum */
    bool leads;              /**< tiles take turns with those of the next layer, which reads them */
    uint64_t cycles, ddr_bytes;
} zi_cg_layer;

/** Whether results are not written in the order of pixels, which the act buffer wants. */
static inline bool zi_cg_scatters(const zi_cg_layer *l)
{
    return l->l.transposed || l->l.up2;
}

/** Whether the layer's sums are those of 2x2 pixels apart; the maximum of them is not. */
static inline bool zi_cg_sums_quads(const zi_cg_layer *l)
{
    return l->tile != ZI_NONE && l->l.kind == ZI_LAYER_CONV && !l->l.transposed;
}

/** Whether the layer is the maximum of 2x2 pixels whose sums zi_cg_sums_quads() keeps apart. */
static inline bool zi_cg_takes_maximum(const zi_cg_layer *l)
{
    return l->tile != ZI_NONE && l->l.kind == ZI_LAYER_MAX && !l->l.up2;
}

/** Whether results go to the tile, not to the output. */
static inline bool zi_cg_fills_tile(const zi_cg_layer *l)
{
    return l->tile != ZI_NONE && !zi_cg_takes_maximum(l);
}

/** Blocks of 16 sums. */
static inline int32_t zi_cg_blocks(const zi_cg_layer *l)
{
    return (zi_cg_sums_quads(l) ? 4 : 1) * zi_blocks(l->l.y.c);
}

/** A tap and the weight it stands for. */
typedef struct zi_cg_tap {
    zk_tap tap;
    int32_t ky, kx; /**< in the packed kernel if the layer is packed; -1: weight 0 */
    int32_t part;   /**< which pass */
} zi_cg_tap;

typedef struct zi_cg_step {
    zk_step step;   /**< complete but for zero points, clamps, tables: the back end's */
    uint32_t layer; /**< ZI_NONE: loads only */
    int32_t first_block;
    uint32_t first_tap;           /**< in zi_cg_program.taps */
    int32_t w_first;              /**< first of its ring words in the stream */
    int32_t w_used;               /**< ring words read */
    bool w_again;                 /**< the words of the step before, kept in the ring */
    int32_t read[2][2], write[2]; /**< scratchpad [begin, end): input, residual; output */
} zi_cg_step;

/** A tensor that leaves the segment and the tensor that holds it in the act buffer. */
typedef struct zi_cg_output {
    zi_id id;
    uint32_t tensor;
} zi_cg_output;

typedef struct zi_cg_program {
    zi_lowered lowered; /**< what plan/ sees of it: first */
    zi_arena arena;
    const zi_graph *g;
    const zi_caps *caps;
    zi_id first_node;
    zi_id n_nodes;
    int32_t batch;
    zi_cg_layer *layers;
    size_t n_layers, cap_layers;
    zi_cg_tensor *tensors;
    size_t n_tensors, cap_tensors;
    zi_cg_step *steps;
    size_t n_steps, cap_steps;
    zi_cg_tap *taps;
    size_t n_taps, cap_taps;
    uint32_t *starts; /**< first step of each epoch */
    size_t n_starts, cap_starts;
    zi_cg_output *outputs;
    size_t n_outputs;
    int32_t act_words;    /**< of the act buffer, per picture */
    int32_t stream_words; /**< ring words of the weight streams */
    uint64_t cycles;      /**< of the whole batch, modelled */
    uint64_t ddr_bytes;
} zi_cg_program;

/**
 * Describes a node. The same function judges a node for plan/ and describes it to the first stage,
 * so they cannot disagree.
 *
 * @param reason, remedy set if false is returned; *reason is NULL if memory is refused.
 * @return whether the engine can compute it.
 */
bool zi_layer_from_node(const zi_layer_query *q, const zi_node *n, zi_layer *out,
                        const char **reason, const char **remedy);

/** How the step engine's segments are lowered. */
extern const zi_lowering zi_cg_lowering;

/** The program of a segment that was lowered so; NULL: none was. */
static inline const zi_cg_program *zi_cg_program_of(const zi_segment *segment)
{
    return (const zi_cg_program *)(const void *)segment->lowered;
}

/** Words of 16 bytes in the device's memory that a mapped segment takes. */
typedef struct zi_cg_words {
    int64_t epochs; /**< one for each epoch of every picture: the front of the step list */
    int64_t steps;  /**< of one picture */
    int64_t tables;
    int64_t weights; /**< of each of the four streams */
    int64_t act;     /**< of the whole batch */
} zi_cg_words;

zi_cg_words zi_cg_words_of(const zi_cg_program *m);
/** All of the step list: epochs, steps of every picture, tables. */
int64_t zi_cg_list_words(const zi_cg_program *m, const zi_cg_words *words);

#endif
