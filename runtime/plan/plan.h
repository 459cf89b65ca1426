/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Pure functions of a graph and capability tables: which device runs each node and why, and where
 * each tensor lives. The loader and `zurt inspect` call the same ones.
 */
#ifndef ZI_PLAN_PLAN_H
#define ZI_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "graph/graph.h"

typedef enum zi_caps_kind {
    ZI_CAPS_CPU = 0, /**< runs every op */
    ZI_CAPS_PL = 1   /**< the step engine; limits below */
} zi_caps_kind;

/** Capability table: what a device can do. For the PL it ships inside the xclbin as data. */
typedef struct zi_caps {
    zi_caps_kind kind;
    const char *name; /**< "cpu", "kv260", "zcu104", ... */
    uint32_t engine_version;
    uint32_t pixel_parallel;   /**< PP */
    uint32_t in_parallel;      /**< input channels per cycle */
    uint32_t out_parallel;     /**< output channels per cycle */
    uint32_t requant_parallel; /**< results per cycle */
    uint32_t scratchpad_words; /**< 128-bit words of activations on chip */
    uint32_t ring_beats; /**< 16 bytes of weights on chip each; a ring word of 16x16 weights is 16
                            of them */
    uint32_t max_taps;   /**< kernel positions of a step */
    uint32_t clock_khz;
    uint32_t ddr_bytes_per_us;
    uint64_t ops[2];  /**< bit `op`: supported in principle */
    bool assume_int8; /**< plan float tensors as if they were s8: for models not yet quantised */
    const struct zi_lowering *lowering; /**< how segments become its programs; NULL: every int8 node
                                             of its ops is taken, and nothing made beforehand */
} zi_caps;

/** Whether the table has an op; limits beyond that are the lowering's. */
static inline bool zi_caps_has_op(const zi_caps *caps, uint32_t op)
{
    return caps->ops[op / 64] >> (op % 64) & 1;
}

static inline void zi_caps_add_op(zi_caps *caps, zi_op op)
{
    caps->ops[op / 64] |= (uint64_t)1 << (op % 64);
}

/** The CPU's table. */
const zi_caps *zi_caps_cpu(void);

/** Where one node runs. */
typedef struct zi_placement {
    uint32_t device;      /**< index into the capability tables given */
    const char *reason;   /**< why there, in words; in the partition's arena or static */
    const char *remedy;   /**< what would put it on the PL; "" if it is there */
    uint64_t cycles;      /**< modelled; 0 for the CPU */
    uint64_t ddr_bytes;   /**< modelled traffic of the node; 0 for the CPU */
    int32_t batch;        /**< pictures, if its device's segments have one count; else 0 */
    const void *analysis; /**< what judge() of the lowering found out, for its lower() */
} zi_placement;

/** A maximal run of consecutive nodes on one device: a back end gets it whole. Nodes are counted
 *  in the order of zi_partition.graph. */
typedef struct zi_segment {
    uint32_t device;
    zi_id first_node;
    zi_id n_nodes;
    const zi_id *inputs; /**< tensors computed outside and read inside; not constants */
    uint32_t n_inputs;
    const zi_id *outputs; /**< tensors computed inside and read outside, or graph outputs */
    uint32_t n_outputs;
    zi_id n_free; /**< of the CPU, behind one of a device: its first nodes that read nothing of it,
                       so that they may be computed while it is in flight */
    struct zi_lowered *lowered; /**< as its device will run it; NULL: no lowering */
} zi_segment;

/** What one node of a lowered segment costs. */
typedef struct zi_node_cost {
    uint64_t cycles, ddr_bytes;
    zi_id with; /**< the node that it is computed with; ZI_NONE: none */
} zi_node_cost;

/** A segment as its device will run it: the device's own struct begins with this. */
typedef struct zi_lowered {
    zi_node_cost *nodes;   /**< one per node of the segment */
    uint64_t device_bytes; /**< of the device's memory */
    /* What the CPU converts on the way there and back, of all pictures. */
    uint64_t packed_bytes; /**< written one by one */
    uint64_t words_in;     /**< of 16 bytes */
    uint64_t words_out;
} zi_lowered;

/** What a kind of device brings with it, so that plan/ knows none. */
typedef struct zi_lowering {
    /**
     * Judges one node.
     *
     * @param arena outlives the segment: it holds the words of the answer, and out->analysis.
     * @param out   reason and remedy are set, if the node is refused; else `batch` and `analysis`.
     *              A reason of NULL after a refusal: memory was refused.
     * @return whether the device takes the node.
     */
    bool (*judge)(zi_arena *arena, const zi_caps *caps, const zi_graph *g, const zi_node *n,
                  zi_placement *out);
    /**
     * Makes a segment's program of nodes that judge() took.
     *
     * @param placed one per node of the graph.
     * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: it cannot be arranged, with the reason.
     */
    zurt_status (*lower)(zurt_ctx *ctx, const zi_caps *caps, const zi_graph *g,
                         const zi_segment *segment, const zi_placement *placed, zi_lowered **out);
    void (*destroy)(zi_lowered *lowered); /**< NULL is allowed */
    bool wants_macs; /**< a segment without multiply-accumulates, or moves at its edges, stay on the
                          CPU: the way to the device and back would cost more */
} zi_lowering;

typedef struct zi_partition {
    zi_arena arena;
    const zi_graph *graph; /**< the graph given, or `ordered` */
    zi_graph ordered;      /**< its tensors, and its nodes such that there are few segments */
    zi_placement *nodes;   /**< one per node of `graph` */
    zi_segment *segments;
    uint32_t n_segments;
    uint32_t n_devices;            /**< the last is the CPU */
    const zi_lowering **lowerings; /**< one per device; NULL: none */
} zi_partition;

static inline bool zi_segment_is_cpu(const zi_partition *partition, const zi_segment *segment)
{
    return segment->device == partition->n_devices - 1;
}

/** Multiply-accumulates of one run. */
uint64_t zi_segment_macs(const zi_partition *partition, const zi_segment *segment);

/**
 * Assigns each node to the first capable device of the list; the last must be the CPU. Nodes may
 * change places, so that those of a device stand together: from here on, use the partition's graph.
 *
 * @param g borrowed, as are its tensors and the operands of its nodes.
 * @return ZURT_OK; ZURT_E_ARG; ZURT_E_NOMEM.
 */
zurt_status zi_partition_create(zurt_ctx *ctx, const zi_graph *g, const zi_caps *const *caps,
                                uint32_t n_caps, zi_partition **out);
void zi_partition_destroy(zi_partition *partition);

/** Where a tensor's bytes are during a run. */
typedef enum zi_storage_kind {
    ZI_STORAGE_NONE = 0,   /**< not in host memory: unused, or inside a device segment */
    ZI_STORAGE_CONST = 1,  /**< zi_tensor.data of tensor `index`: itself, or what it is a view of */
    ZI_STORAGE_INPUT = 2,  /**< the caller's input `index` */
    ZI_STORAGE_OUTPUT = 3, /**< the caller's output `index` */
    ZI_STORAGE_ARENA = 4   /**< arena + offset */
} zi_storage_kind;

typedef struct zi_storage {
    zi_storage_kind kind;
    uint32_t index; /**< CONST: a tensor; INPUT, OUTPUT: which one */
    size_t offset;  /**< in the arena, bytes, a multiple of ZI_ALIGN */
} zi_storage;

/** Copy made after the last node: an output whose bytes live elsewhere
 *  (an input, a constant or another output passed through). */
typedef struct zi_output_copy {
    uint32_t output; /**< index of the graph output */
    zi_id tensor;    /**< where the bytes are; never an output that is itself such a copy */
} zi_output_copy;

typedef struct zi_memory_plan {
    zi_arena arena;
    zi_storage *tensors; /**< one per tensor of the graph */
    size_t arena_bytes;
    zi_output_copy *copies;
    uint32_t n_copies;
} zi_memory_plan;

/**
 * Lifetimes to offsets in one arena. Views share their input's bytes; MAP and BINARY ops write in
 * place where an input of the same shape and element size dies there; a graph output is computed
 * in the caller's memory. Nodes of a CPU segment are planned one by one; a device segment counts
 * as one step (its inner tensors are never in host memory, unless read outside), which lasts until
 * the free nodes behind it are computed.
 * Live tensors never overlap: checked by the fuzz target `plan`.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_LIMIT: the arena would exceed SIZE_MAX / 2.
 */
zurt_status zi_memory_plan_create(zurt_ctx *ctx, const zi_partition *partition,
                                  zi_memory_plan **out);
void zi_memory_plan_destroy(zi_memory_plan *plan);

#endif
