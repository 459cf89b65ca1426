/* SPDX-License-Identifier: Apache-2.0 */
/* Between the host's HWC and planes of 16 channels. */
#include "backend/pl/pl_boundary.h"

#include <string.h>

#include "base/copy_rows.h"

/* Pixels whose words are moved plane by plane: their channels stay in the first-level cache. */
enum { TILE = 64 };

static void write_plain(const zi_cg_tensor *p, const int8_t *x, v16 *out)
{
    const int64_t pixels = (int64_t)p->h * p->w, channels = p->c;
    for (int64_t i = 0; i < pixels; i += TILE) {
        const int64_t some = pixels - i < TILE ? pixels - i : TILE;
        for (int64_t c = 0; c < channels; c += 16) {
            const int64_t n = channels - c < 16 ? channels - c : 16;
            v16 *words = out + c / 16 * pixels + i;
            if (n < 16)
                memset(words, 0, (size_t)some * sizeof(*words));
            zi_copy_rows(x + i * channels + c, channels, words, sizeof(*words), n, some);
        }
    }
}

/* The lanes of a packed pixel, whose words lie a plane apart. */
typedef struct lanes {
    v16 *words;
    size_t plane, next;
} lanes;

/* The next n lanes; from NULL: all are `value`. */
static void put(lanes *to, const int8_t *from, int8_t value, size_t n)
{
    while (n) {
        const size_t at = to->next % 16, some = n < 16 - at ? n : 16 - at;
        int8_t *out = to->words[to->next / 16 * to->plane].b + at;
        if (from) {
            zi_copy_few(out, from, some);
            from += some;
        } else {
            memset(out, value, some);
        }
        to->next += some;
        n -= some;
    }
}

static int32_t within(int32_t v, int32_t lo, int32_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Lanes of one row of a packed pixel: `row` is the picture's, from its first column on. */
static void put_row(const zi_cg_tensor *p, int8_t zero, const int8_t *row, int32_t column,
                    lanes *to)
{
    const zi_cg_pack *k = &p->pack;
    const zi_image *s = &p->source;
    const size_t c = (size_t)s->c;
    if (k->dilation == 1) { // what lies inside is one piece
        const int32_t begin = within(-column, 0, k->lanes_w);
        const int32_t end = within(s->w - column, begin, k->lanes_w);
        put(to, NULL, zero, (size_t)begin * c);
        if (end > begin)
            put(to, row + (size_t)(column + begin) * c, zero, (size_t)(end - begin) * c);
        put(to, NULL, zero, (size_t)(k->lanes_w - end) * c);
        return;
    }
    for (int32_t i = 0; i < k->lanes_w; i++, column += k->dilation)
        put(to, column >= 0 && column < s->w ? row + (size_t)column * c : NULL, zero, c);
}

/* One packed pixel; `blocks` words, a plane apart. */
static void write_packed_pixel(const zi_cg_tensor *p, int8_t zero, const int8_t *x, int32_t py,
                               int32_t px, v16 *out)
{
    const zi_cg_pack *k = &p->pack;
    const zi_image *s = &p->source;
    lanes to = {out, (size_t)p->h * (size_t)p->w, 0};
    for (int32_t b = 0; b < p->blocks; b++)
        memset(out[(size_t)b * to.plane].b, 0, 16);
    const int32_t column = px * k->step_x - k->left;
    for (int32_t j = 0; j < k->lanes_h; j++) {
        const int32_t y = py * k->step_y + j - k->top;
        if (y >= 0 && y < s->h)
            put_row(p, zero, x + (size_t)y * (size_t)s->w * (size_t)s->c, column, &to);
        else
            put(&to, NULL, zero, (size_t)k->lanes_w * (size_t)s->c);
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
    const int64_t pixels = (int64_t)p->h * p->w, channels = p->c;
    for (int64_t i = 0; i < pixels; i += TILE) {
        const int64_t some = pixels - i < TILE ? pixels - i : TILE;
        for (int64_t c = 0; c < channels; c += 16)
            zi_copy_rows(planes + c / 16 * pixels + i, sizeof(*planes), out + i * channels + c,
                         channels, channels - c < 16 ? channels - c : 16, some);
    }
}
