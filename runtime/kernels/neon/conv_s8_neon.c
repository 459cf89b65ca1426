/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of s8 in the first form that takes its shape and weights. */
#include <assert.h>

#include "kernels/kernels.h"
#include "kernels/neon/conv_s8_neon.h"

/* Best first; the last takes everything. */
static const zk_neon_form *const forms[] = {&zk_neon_winograd, &zk_neon_gemm};

enum { FORMS = sizeof(forms) / sizeof(*forms) };

/* What stands before a form's packed operand; as long as that is aligned. */
typedef struct header {
    int32_t form; /* index among `forms` */
    int32_t unused[3];
} header;

static size_t packed_bytes(const zk_conv_shape *s)
{
    size_t most = 0;
    for (int i = 0; i < FORMS; i++) {
        const size_t bytes = forms[i]->takes(s) ? forms[i]->packed_bytes(s) : 0;
        most = bytes > most ? bytes : most;
    }
    return sizeof(header) + most;
}

static void pack(const zk_conv_s8_args *a, void *packed)
{
    header *h = packed;
    while (!forms[h->form]->takes(a->shape) || !forms[h->form]->pack(a, h + 1))
        h->form++;
    assert(h->form < FORMS);
}

/* Before the weights are known: of the form that needs most. */
static size_t scratch_bytes(const zk_conv_shape *s, int32_t tile)
{
    size_t most = 0;
    for (int i = 0; i < FORMS; i++) {
        const size_t bytes = forms[i]->takes(s) ? forms[i]->scratch_bytes(s, tile) : 0;
        most = bytes > most ? bytes : most;
    }
    return most;
}

static zk_conv_grain grain(const zk_conv_s8_args *a)
{
    const header *h = a->packed;
    return forms[h->form]->grain(a->shape);
}

static void run(const zk_conv_s8_args *a)
{
    const header *h = a->packed;
    zk_conv_s8_args args = *a;
    args.packed = h + 1;
    forms[h->form]->run(&args);
}

const zk_conv_s8_kernel zk_conv_s8_neon = {
    .packed_bytes = packed_bytes,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .grain = grain,
    .run = run,
};
