/* SPDX-License-Identifier: Apache-2.0 */
/** @file What several stages ask of a program. Private to codegen/. */
#ifndef ZI_CODEGEN_IMPL_H
#define ZI_CODEGEN_IMPL_H

#include "base/whole.h"
#include "codegen/codegen.h"

/** Bands of an input, about: the first layer starts before all of it is there. */
enum { ZI_INPUT_BANDS = 7 };

/** Root of a tensor: the one that has memory. *block: planes before it. */
static inline uint32_t zi_cg_root(const zi_cg_program *m, uint32_t p, int32_t *block)
{
    *block = 0;
    while (m->tensors[p].parent != ZI_NONE) {
        *block += m->tensors[p].first_block;
        p = m->tensors[p].parent;
    }
    return p;
}

/** The layer that copies a tensor; its costs are `node`'s. */
zi_layer zi_cg_copy_of(const zi_cg_tensor *p, zi_id node);

/** Rows of input that output rows [y0, y1) of a layer's sum read: [*r0, *r1), within the picture.
 */
void zi_cg_rows(const zi_cg_layer *l, int32_t in_h, int32_t y0, int32_t y1, int32_t *r0,
                int32_t *r1);

/** Words of planes of `plane` words, as many as `times` the tensor has; one that exceeds int32 fits
 *  nowhere. */
static inline int32_t zi_cg_tensor_words(const zi_cg_tensor *p, int32_t times)
{
    int64_t words = (int64_t)p->buffer.plane * p->blocks * times;
    return words < INT32_MAX / 2 ? (int32_t)words : INT32_MAX / 2;
}

/** Chooses pitch and half of tensor `index` for its readers, or for layer `only`, whose band it
 *  is. */
void zi_cg_choose_pitch(zi_cg_program *m, uint32_t index, const zi_cg_layer *only);

/** Makes one tile of all rows of a layer's sum, or as few as can be. */
void zi_cg_whole_tile(zi_cg_program *m, zi_cg_layer *l);
/**
 * Bands for the layers that read from the act buffer; sizes of those that have them already are
 * left alone.
 * @return ZURT_OK; ZURT_E_NOMEM. Pointers to tensors are void after it.
 */
zurt_status zi_cg_make_bands(zurt_ctx *ctx, zi_cg_program *m);
/**
 * Layers that scatter their results to tensor `root` get a tile each; the tensor may then be in the
 * act buffer.
 * @return ZURT_OK; ZURT_E_NOMEM. Pointers to tensors are void after it.
 */
zurt_status zi_cg_scatter_in_tiles(zurt_ctx *ctx, zi_cg_program *m, uint32_t root);
/** Makes a layer's bands smaller; false: they are as small as can be. */
bool zi_cg_shrink_bands(zi_cg_program *m, zi_cg_layer *l);

/** From the kernel position of a packed word's first lane to that of `lane`; *c: the channel there.
 *  False: the word has fewer lanes. */
bool zi_cg_unpack_lane(const zi_cg_tensor *packed, int32_t lane, int32_t *ky, int32_t *kx,
                       int32_t *c);

/** Pairs layers: see zi_cg_layer.leads. */
void zi_cg_interleave(zi_cg_program *m);
/** Parts the layers that zi_cg_interleave() paired; false: there was no pair. */
bool zi_cg_undo_interleave(zi_cg_program *m);

zurt_status zi_cg_nomem(zurt_ctx *ctx);
/** One more element; *array holds `size` bytes each. False: memory is refused. */
bool zi_cg_grow(zi_cg_program *m, void **array, size_t *capacity, size_t count, size_t size);

#endif
