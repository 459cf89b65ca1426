/* SPDX-License-Identifier: Apache-2.0 */
/* Draws pictures of clouds, the same on every machine. */
#include "synthetic.h"

#include <string.h>

/** Cells of the coarsest and the finest octave over the longer side. */
enum { COARSEST = 2, FINEST = 64 };

/* splitmix64's finaliser over a key: a number in [-1, 1). */
static float noise(uint64_t key)
{
    uint64_t z = key + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (float)(z >> 40) / 8388608.0f - 1.0f;
}

/* Noise on a lattice of `cells` over `side` pixels, linear in between. */
static float octave(uint64_t seed, int32_t cells, int32_t side, int32_t y, int32_t x)
{
    float fy = (float)y * (float)cells / (float)side, fx = (float)x * (float)cells / (float)side;
    uint64_t iy = (uint64_t)fy, ix = (uint64_t)fx;
    float ty = fy - (float)iy, tx = fx - (float)ix;
    uint64_t key = (seed << 40) + ((uint64_t)cells << 32) + (iy << 16) + ix;
    float top = noise(key) * (1.0f - tx) + noise(key + 1) * tx;
    float bottom = noise(key + (1u << 16)) * (1.0f - tx) + noise(key + (1u << 16) + 1) * tx;
    return top * (1.0f - ty) + bottom * ty;
}

static float clouds(uint64_t seed, int32_t side, int32_t y, int32_t x)
{
    float sum = 0.0f;
    for (int32_t cells = COARSEST; cells <= FINEST && cells <= side; cells *= 2)
        sum += octave(seed, cells, side, y, x);
    return sum;
}

static float clamp_unit(float v)
{
    return v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
}

static float normalise(const zurt_norm *norm, int32_t c, float unit)
{
    int32_t k = c < norm->channels ? c : norm->channels - 1;
    return (unit - norm->mean[k]) / norm->std[k];
}

static void fill_picture(const zurt_norm *norm, uint64_t seed, const int32_t *dims, float *out)
{
    int32_t h = dims[1], w = dims[2], c = dims[3], side = h > w ? h : w;
    for (int32_t n = 0; n < dims[0]; n++, seed++) {
        for (int32_t y = 0; y < h; y++) {
            for (int32_t x = 0; x < w; x++) {
                float grey = clouds(seed * 8, side, y, x);
                for (int32_t k = 0; k < c; k++) {
                    float own = clouds(seed * 8 + 1 + (uint64_t)(k % 7), side, y, x);
                    *out++ = normalise(norm, k, clamp_unit(0.5f + 0.3f * grey + 0.1f * own));
                }
            }
        }
    }
}

zurt_status zc_synthetic_fill(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    const zc_synthetic *s = self;
    const zurt_norm *norm = zurt_graph_norm(s->graph);
    for (size_t k = 0; k < n_inputs; k++) {
        zurt_tensor_info info;
        zurt_status st = zurt_graph_input(s->graph, k, &info);
        if (st)
            return st;
        uint64_t seed = (uint64_t)index * 131 + (uint64_t)k * 17;
        float *values = inputs[k].data;
        if (info.dtype != ZURT_F32) {
            memset(inputs[k].data, 0, inputs[k].bytes);
        } else if (info.rank == 4) {
            fill_picture(norm, seed, info.dims, values);
        } else {
            for (size_t i = 0; i < inputs[k].bytes / sizeof(*values); i++)
                values[i] = normalise(norm, 0, 0.5f + 0.5f * noise((seed << 40) + i));
        }
    }
    return ZURT_OK;
}
