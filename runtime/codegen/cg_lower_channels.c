/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choices of channels. Which lanes of which tensor hold a tensor is only noted at first: a
 * convolution reads them where they are, by the order of its weights. For other readers a
 * convolution of 1x1 with one weight per output channel puts them in order, exactly: a weight of 2
 * and a multiplier of one half.
 */
#include "codegen/cg_lower.h"

/** Lanes noted in a segment: nodes that choose among many channels are small in a file. */
enum { MAX_LANES = 1 << 24 };

static zurt_status new_lanes(zi_cg_builder *b, size_t n, int32_t **out)
{
    b->n_lanes += n;
    if (b->n_lanes > MAX_LANES)
        return zi_fail(b->ctx, ZURT_E_UNSUPPORTED,
                       "mapping: choices of more than %d channels in one segment", MAX_LANES);
    *out = zi_arena_calloc(&b->m->arena, n, sizeof(**out));
    return *out ? ZURT_OK : zi_cg_nomem(b->ctx);
}

static zurt_status new_choice(zi_cg_builder *b, uint32_t tensor, int32_t c, zi_cg_choice **out)
{
    int32_t *lanes;
    zurt_status st = new_lanes(b, (size_t)c, &lanes);
    if (st)
        return st;
    *out = zi_arena_calloc(&b->m->arena, 1, sizeof(**out));
    if (!*out)
        return zi_cg_nomem(b->ctx);
    **out = (zi_cg_choice){.tensor = tensor, .c = c, .lanes = lanes};
    return ZURT_OK;
}

/** The planes of the tensor that hold lanes of the choice: [*first, *end). */
static void used_blocks(const zi_cg_choice *c, int32_t *first, int32_t *end)
{
    *first = INT32_MAX;
    *end = 0;
    for (int32_t i = 0; i < c->c; i++) {
        int32_t block = c->lanes[i] / ZK_C;
        if (c->lanes[i] < 0)
            continue;
        *first = block < *first ? block : *first;
        *end = block >= *end ? block + 1 : *end;
    }
    if (*end == 0) { // nothing but padding
        *first = 0;
        *end = 1;
    }
}

/** Some planes of a tensor, as a tensor. */
static zurt_status add_part(zi_cg_builder *b, uint32_t whole, int32_t first, int32_t end,
                            uint32_t *out)
{
    zi_cg_tensor *w = &b->m->tensors[whole];
    *out = whole;
    if (first == 0 && end == w->blocks)
        return ZURT_OK;
    zi_image i = {1, w->h, w->w, end * ZK_C < w->c ? (end - first) * ZK_C : w->c - first * ZK_C};
    zurt_status st = zi_cg_add_tensor(b, ZI_NONE, i, out);
    if (!st) {
        b->m->tensors[*out].parent = whole;
        b->m->tensors[*out].first_block = first;
    }
    return st;
}

/** Whole blocks in their order, and no others: a copy does. */
static bool in_order(const zi_cg_choice *c)
{
    for (int32_t i = 0; i < c->c; i++) {
        if (c->lanes[i] != c->lanes[0] + i)
            return false;
    }
    return c->lanes[0] >= 0 && c->lanes[0] % ZK_C == 0;
}

zurt_status zi_cg_put_in_order(zi_cg_builder *b, const zi_cg_choice *choice, const zi_layer *window,
                               uint32_t out, zi_cg_layer **layer)
{
    int32_t first, end;
    uint32_t in;
    used_blocks(choice, &first, &end);
    zurt_status st = add_part(b, choice->tensor, first, end, &in);
    if (st)
        return st;
    const zi_cg_tensor *x = &b->m->tensors[in], *y = &b->m->tensors[out];
    zi_layer l = zi_cg_copy_of(x, window->node);
    l.y = (zi_image){1, y->h, y->w, y->c};
    for (int d = 0; d < 2; d++) {
        l.stride[d] = window->stride[d];
        l.pad[d] = window->pad[d];
    }
    bool copies = in_order(choice);
    if (!copies)
        l.kind = ZI_LAYER_CONV;
    st = zi_cg_add_layer(b, &l, in, out, layer);
    if (st || copies)
        return st;
    int32_t *lanes;
    st = new_lanes(b, (size_t)choice->c, &lanes);
    if (st)
        return st;
    for (int32_t i = 0; i < choice->c; i++)
        lanes[i] = choice->lanes[i] < 0 ? -1 : choice->lanes[i] - first * ZK_C;
    (*layer)->choice = lanes;
    (*layer)->fill = choice->fill;
    return ZURT_OK;
}

/** A tensor of its own for a tensor that is only noted. */
static zurt_status own_place(zi_cg_builder *b, zi_id tensor, const zi_cg_choice *choice,
                             const zi_layer *window)
{
    uint32_t out;
    zi_cg_layer *layer;
    zi_image i;
    (void)zi_image_of(&b->m->g->tensors[tensor], &i); // of rank 4
    zurt_status st = zi_cg_add_tensor(b, tensor, (zi_image){1, i.h, i.w, i.c}, &out);
    return st ? st : zi_cg_put_in_order(b, choice, window, out, &layer);
}

zurt_status zi_cg_make_real(zi_cg_builder *b, zi_id tensor, zi_id node)
{
    const zi_layer plain = {.node = node, .stride = {1, 1}};
    if (b->tensor_of[tensor] != ZI_NONE || !b->choice_of[tensor])
        return ZURT_OK;
    return own_place(b, tensor, b->choice_of[tensor], &plain);
}

zurt_status zi_cg_note_choice(zi_cg_builder *b, zi_id tensor, const zi_cg_choice *choice,
                              zi_id node)
{
    b->choice_of[tensor] = choice;
    return b->read_outside[tensor] ? zi_cg_make_real(b, tensor, node) : ZURT_OK;
}

zurt_status zi_cg_choose(zi_cg_builder *b, const zi_node *n, const zi_layer *desc)
{
    const zi_cg_choice *from = b->choice_of[n->in[0]];
    zurt_status st = ZURT_OK;
    bool moves = desc->stride[0] != 1 || desc->stride[1] != 1 || desc->pad[0] || desc->pad[1] ||
                 desc->x.h != desc->y.h || desc->x.w != desc->y.w;
    if (b->tensor_of[n->in[0]] != ZI_NONE)
        from = NULL; // it has been put in order
    for (uint32_t k = 0; !st && k < n->n_out; k++) {
        uint32_t tensor = from ? from->tensor : b->tensor_of[n->in[0]];
        zi_cg_choice *choice;
        st = new_choice(b, tensor, b->m->g->tensors[n->out[k]].dims[3], &choice);
        if (st)
            return st;
        choice->fill = zi_layer_fill(b->m->g, n);
        zi_layer_channels(b->m->g, n, k, choice->lanes);
        for (int32_t i = 0; from && i < choice->c; i++)
            choice->lanes[i] = choice->lanes[i] < 0 ? -1 : from->lanes[choice->lanes[i]];
        st = moves || n->op == ZI_OP_Pad ? own_place(b, n->out[k], choice, desc)
                                         : zi_cg_note_choice(b, n->out[k], choice, desc->node);
    }
    return st;
}

zurt_status zi_cg_gap(zi_cg_builder *b, const zi_node *n, uint32_t whole, zi_id node)
{
    const zi_graph *g = b->m->g;
    zi_cg_choice *choice;
    int32_t at = 0, block = 0;
    zurt_status st = new_choice(b, whole, g->tensors[n->out[0]].dims[3], &choice);
    if (st)
        return st;
    for (uint32_t k = 0; k < n->n_in; k++) {
        int32_t c = zi_node_in(g, n, k)->dims[3];
        for (int32_t i = 0; i < c; i++)
            choice->lanes[at++] = block * ZK_C + i;
        block += zi_blocks(c);
    }
    return zi_cg_note_choice(b, n->out[0], choice, node);
}

/** Whether a convolution may read a choice where it is: its weights fit the ring with what is
 *  between the lanes, and that is not more than the lanes. */
static bool reads_choice(const zi_cg_builder *b, const zi_node *n, const zi_layer *desc,
                         int32_t blocks)
{
    int64_t words = (int64_t)desc->kernel[0] * desc->kernel[1] * desc->passes * blocks;
    const bool fits =
        blocks <= 2 * zi_blocks(desc->x.c) && words + 1 <= b->m->caps->ring_beats / 16;
    return fits && n->op == ZI_OP_Conv && desc->kind == ZI_LAYER_CONV && n->attr.conv.groups == 1;
}

/** The channel in each lane of the blocks [first, end); *twice: some lane holds two. */
static zurt_status channels_of(zi_cg_builder *b, const zi_cg_choice *choice, int32_t first,
                               int32_t end, int32_t **out, bool *twice)
{
    size_t n = (size_t)(end - first) * ZK_C;
    zurt_status st = new_lanes(b, n, out);
    *twice = false;
    for (size_t i = 0; !st && i < n; i++)
        (*out)[i] = -1;
    for (int32_t i = 0; !st && i < choice->c; i++) {
        int32_t *lane = &(*out)[choice->lanes[i] - first * ZK_C];
        *twice = *twice || *lane >= 0;
        *lane = i;
    }
    return st;
}

zurt_status zi_cg_read_choice(zi_cg_builder *b, const zi_node *n, const zi_layer *desc,
                              bool *out_read)
{
    const zi_cg_choice *choice = b->choice_of[n->in[0]];
    int32_t first, end;
    *out_read = false;
    if (!choice || b->tensor_of[n->in[0]] != ZI_NONE)
        return ZURT_OK;
    used_blocks(choice, &first, &end);
    if (!reads_choice(b, n, desc, end - first))
        return ZURT_OK;
    uint32_t in, out;
    zi_cg_layer *layer;
    bool twice;
    int32_t *channels;
    zurt_status st = channels_of(b, choice, first, end, &channels, &twice);
    if (st || twice)
        return st;
    st = add_part(b, choice->tensor, first, end, &in);
    if (!st)
        st = zi_cg_add_tensor(b, n->out[0], (zi_image){1, desc->y.h, desc->y.w, desc->y.c}, &out);
    if (!st)
        st = zi_cg_add_layer(b, desc, in, out, &layer);
    if (st)
        return st;
    layer->channels = channels;
    layer->l.x.c = b->m->tensors[in].c;
    *out_read = true;
    return ZURT_OK;
}
