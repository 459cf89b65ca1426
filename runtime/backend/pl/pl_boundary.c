/* SPDX-License-Identifier: Apache-2.0 */
/* Between the host's HWC and planes of 16 channels. */
#include "backend/pl/pl_boundary.h"

#include <string.h>

static void write_plain(const zi_cg_tensor *p, const int8_t *x, v16 *out)
{
    size_t pixels = (size_t)p->h * (size_t)p->w, channels = (size_t)p->c;
    for (size_t first = 0; first < channels; first += 16, out += pixels) {
        size_t n = channels - first < 16 ? channels - first : 16;
        for (size_t i = 0; i < pixels; i++) {
            memcpy(out[i].b, x + i * channels + first, n);
            memset(out[i].b + n, 0, 16 - n);
        }
    }
}

/* One packed pixel; `blocks` words, a plane apart. */
static void write_packed_pixel(const zi_cg_tensor *p, int8_t zero, const int8_t *x, int32_t py,
                               int32_t px, v16 *out)
{
    const zi_cg_pack *k = &p->pack;
    const zi_image *s = &p->source;
    size_t plane = (size_t)p->h * (size_t)p->w, lane = 0;
    for (int32_t b = 0; b < p->blocks; b++)
        memset(out[(size_t)b * plane].b, 0, 16);
    for (int32_t j = 0; j < k->lanes_h; j++) {
        int32_t y = py * k->step_y + j - k->top;
        for (int32_t i = 0; i < k->lanes_w; i++) {
            int32_t column = px * k->step_x + i * k->dilation - k->left;
            bool inside = y >= 0 && y < s->h && column >= 0 && column < s->w;
            const int8_t *from =
                inside ? x + ((size_t)y * (size_t)s->w + (size_t)column) * (size_t)s->c : NULL;
            for (int32_t c = 0; c < s->c; c++, lane++)
                out[lane / 16 * plane].b[lane % 16] = from ? from[c] : zero;
        }
    }
}

void zi_pl_write_input(const zi_cg_tensor *p, int8_t zero_point, const int8_t *picture, v16 *out)
{
    if (!p->pack.lanes_h) {
        write_plain(p, picture, out);
        return;
    }
    for (int32_t y = 0; y < p->h; y++) {
        for (int32_t x = 0; x < p->w; x++)
            write_packed_pixel(p, zero_point, picture, y, x,
                               out + (size_t)y * (size_t)p->w + (size_t)x);
    }
}

void zi_pl_read_output(const zi_cg_tensor *p, const v16 *planes, int8_t *out)
{
    size_t pixels = (size_t)p->h * (size_t)p->w, channels = (size_t)p->c;
    for (size_t first = 0; first < channels; first += 16, planes += pixels) {
        size_t n = channels - first < 16 ? channels - first : 16;
        for (size_t i = 0; i < pixels; i++)
            memcpy(out + i * channels + first, planes[i].b, n);
    }
}
