/* SPDX-License-Identifier: Apache-2.0 */
/* Places tensors and casts layers into steps for the tests of the engine. */
#include "engine_asm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

void rnd_seed(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15u + 1;
    for (int i = 0; i < 8; i++)
        rnd();
}

uint32_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20);
}

int32_t pick(int32_t lo, int32_t hi)
{
    return lo + (int32_t)(rnd() % (uint32_t)(hi - lo + 1));
}

int8_t rnd8(void)
{
    uint32_t r = rnd();
    return (r & 15) == 0 ? (r & 16 ? -128 : 127) : (int8_t)(int32_t)(r >> 8 & 255);
}

void *need(size_t n_bytes)
{
    void *p = calloc(1, n_bytes ? n_bytes : 1);
    if (p)
        return p;
    fprintf(stderr, "test_engine: out of memory\n");
    exit(1);
}

int32_t mod(int32_t a, int32_t b)
{
    return (a % b + b) % b;
}

tensor tensor_make(int32_t planes, int32_t h, int32_t w)
{
    tensor t = {planes, h, w, need((size_t)planes * ZK_C * (size_t)h * (size_t)w), 0, 0, 0, 0, 0};
    for (size_t i = 0; i < (size_t)planes * ZK_C * (size_t)h * (size_t)w; i++)
        t.v[i] = rnd8();
    return t;
}

int32_t tensor_addr(const tensor *t, int32_t plane, int32_t y, int32_t x)
{
    int32_t phases = 1 << t->split;
    return t->base + plane * t->plane + y * t->row + x / phases + x % phases * t->half;
}

int32_t tensor_extent(const tensor *t)
{
    return (t->planes - 1) * t->plane + t->h * t->row;
}

void asm_begin(launch *l)
{
    l->n_epochs = 0;
    l->n_steps = 0;
    l->n_words = 0;
    l->level = 0;
    asm_epoch(l);
}

void asm_epoch(launch *l)
{
    l->first[l->n_epochs++] = l->n_steps;
}

void asm_step(launch *l, const zk_step *s, const zk_tap *taps, const layer *y)
{
    int32_t n = l->n_steps++, at = 0;
    v16 *t = l->table[n];
    l->step[n] = *s;
    l->step[n].move = zk_step_products(s);
    memset(t, 0, sizeof(l->table[n]));
    for (int32_t i = 0; i < s->n_taps; i++)
        zk_tap_pack(&taps[i], i % 2, &t[i / 2]);
    at = (s->n_taps + 1) / 2;
    for (int32_t side = 0; side < 2 && s->flags & ZK_RESIDUAL; side++) {
        for (int32_t q = -128; q < 128; q++)
            zk_put32(&t[at + (q + 128) / 4], (q + 128) % 4, y->term[side][q + 128]);
        at += ZK_ADD_WORDS;
    }
    for (int32_t q = 0; q < 256 && s->flags & ZK_LUT; q++)
        t[at + q / 16].b[q % 16] = y->lut[q];
    l->table_words[n] = zk_table_words(s);
    l->step[n].iterations = zk_step_iterations(s, ZK_RING, &l->level);
    if (l->step[n].iterations < 0) {
        fprintf(stderr, "test_engine: step %d would wait for ever\n", n);
        exit(1);
    }
}

static void put_header(int8_t word[ZK_C][ZK_C], const channel *ch)
{
    for (int32_t o = 0; o < ZK_C; o++) {
        v16 row = {{0}};
        zk_put32(&row, 0, ch[o].bias);
        zk_put32(&row, 1, ch[o].multiplier);
        zk_put32(&row, 2, ch[o].shift);
        memcpy(word[o], row.b, sizeof(row.b));
    }
}

static int8_t *new_word(launch *l)
{
    if (l->n_words == ASM_WORDS) {
        fprintf(stderr, "test_engine: too many weights\n");
        exit(1);
    }
    memset(l->word[l->n_words], 0, sizeof(l->word[0]));
    return &l->word[l->n_words++][0][0];
}

static void put_conv(launch *l, const layer *y, int32_t block, int32_t n_icb)
{
    int32_t area = y->kh * y->kw;
    for (int32_t icb = 0; icb < n_icb; icb++)
        for (int32_t k = 0; k < area; k++) {
            int8_t *word = new_word(l);
            for (int32_t o = 0; o < ZK_C; o++)
                for (int32_t i = 0; i < ZK_C; i++)
                    word[o * ZK_C + i] =
                        y->w[((block * ZK_C + o) * n_icb * ZK_C + icb * ZK_C + i) * area + k];
        }
}

static void put_diagonal(launch *l, const layer *y, int32_t block)
{
    int32_t area = y->kh * y->kw;
    int8_t *word = NULL;
    for (int32_t k = 0; k < area; k++) {
        if (k % ZK_C == 0)
            word = new_word(l);
        for (int32_t c = 0; c < ZK_C; c++)
            word[k % ZK_C * ZK_C + c] = y->w[(block * ZK_C + c) * area + k];
    }
}

/* One word per kernel row and, for stride 2, column phase: phase of column dx = kx - pad_x. */
static void put_rows(launch *l, const layer *y, int32_t block, int32_t row_n)
{
    for (int32_t ky = 0; ky < y->kh; ky++)
        for (int32_t phase = 0; phase < y->sx; phase++) {
            int8_t *word = new_word(l);
            for (int32_t kx = 0; kx < y->kw; kx++) {
                int32_t dx = kx * y->dil_x - y->pad_x, t = ZK_ROW_WIDTH - y->kw + kx;
                if (mod(dx, y->sx) != phase)
                    continue;
                if (y->sx == 2)
                    t = ZK_ROW_WIDTH - 1 + (dx - phase) / 2;
                if (t < ZK_ROW_WIDTH - row_n || t >= ZK_ROW_WIDTH) {
                    fprintf(stderr, "test_engine: tap outside the window\n");
                    exit(1);
                }
                for (int32_t c = 0; c < ZK_C; c++)
                    word[c * ZK_C + c % 2 * ZK_ROW_WIDTH + t] =
                        y->w[((block * ZK_C + c) * y->kh + ky) * y->kw + kx];
            }
        }
}

int32_t asm_weights(launch *l, const layer *y, int32_t n_icb, int32_t row_n)
{
    int32_t first = l->n_words;
    for (int32_t block = 0; block < y->out_planes && y->kind != ZK_MAXPOOL; block++) {
        int8_t *word = new_word(l);
        put_header((int8_t(*)[ZK_C])word, y->ch + block * ZK_C);
        if (y->kind == ZK_CONV)
            put_conv(l, y, block, n_icb);
        else if (y->kind == ZK_DW_DIAG)
            put_diagonal(l, y, block);
        else
            put_rows(l, y, block, row_n);
    }
    return first;
}

void asm_run(const launch *l, const v16 *act_r, v16 *act_w)
{
    int32_t at = l->n_epochs, table = l->n_epochs + l->n_steps * ZK_STEP_WORDS;
    int32_t n_steps = ASM_COSIM ? ASM_PORT_STEPS : table + l->n_steps * ASM_TABLE;
    v16 *steps = need((size_t)n_steps * sizeof(v16));
    v16 *stream[4];
    for (int q = 0; q < 4; q++) {
        stream[q] = need((size_t)(ASM_COSIM ? ASM_PORT_W : l->n_words * 4) * sizeof(v16));
        for (int32_t n = 0; n < 4 * l->n_words; n++)
            memcpy(stream[q][n].b, l->word[n / 4][4 * q + n % 4], ZK_C);
    }
    for (int32_t i = 0; i < l->n_epochs; i++) {
        int32_t end = i + 1 < l->n_epochs ? l->first[i + 1] : l->n_steps;
        zk_put32(&steps[i], 0, at + l->first[i] * ZK_STEP_WORDS);
        zk_put32(&steps[i], 1, end - l->first[i]);
    }
    for (int32_t i = 0; i < l->n_steps; i++) {
        zk_step s = l->step[i];
        s.table = table;
        zk_step_pack(&s, &steps[at + i * ZK_STEP_WORDS]);
        memcpy(&steps[table], l->table[i], (size_t)l->table_words[i] * sizeof(v16));
        table += l->table_words[i];
    }
    ZK_NAME(engine)(steps, l->n_epochs, stream[0], stream[1], stream[2], stream[3], act_r, act_w);
    free(steps);
    for (int q = 0; q < 4; q++)
        free(stream[q]);
}
