/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets are followed here and nowhere else; all integers are little-endian. */
#include "import/tflite/flatbuffer.h"

#include <string.h>

static void damaged(zc_fb *fb, size_t at, const char *what)
{
    if (fb->damage)
        return;
    fb->damage = what;
    fb->at = at;
}

static bool inside(const zc_fb *fb, size_t at, size_t bytes)
{
    return at <= fb->file.size && bytes <= fb->file.size - at;
}

static uint32_t get(const zc_fb *fb, size_t at, size_t bytes)
{
    const uint8_t *p = (const uint8_t *)fb->file.data + at;
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)p[i] << (8 * i);
    return value;
}

/* Where the offset that stands at `at` leads; 0: nowhere. */
static size_t follow(zc_fb *fb, size_t at)
{
    if (!inside(fb, at, 4)) {
        damaged(fb, at, "an offset is cut off");
        return 0;
    }
    const uint32_t offset = get(fb, at, 4);
    if (offset == 0 || !inside(fb, at + offset, 4)) {
        damaged(fb, at, "an offset leaves the file");
        return 0;
    }
    return at + offset;
}

static zc_fb_table table_at(zc_fb *fb, size_t at)
{
    const zc_fb_table none = {0};
    if (at == 0)
        return none;
    const int64_t vtable = (int64_t)at - (int32_t)get(fb, at, 4);
    if (vtable < 0 || !inside(fb, (size_t)vtable, 4)) {
        damaged(fb, at, "a table has no list of fields");
        return none;
    }
    const uint32_t bytes = get(fb, (size_t)vtable, 2);
    if (bytes < 4 || !inside(fb, (size_t)vtable, bytes)) {
        damaged(fb, (size_t)vtable, "a list of fields is cut off");
        return none;
    }
    return (zc_fb_table){at, (size_t)vtable, bytes};
}

zc_fb_table zc_fb_root(zc_fb *fb)
{
    return table_at(fb, follow(fb, 0));
}

/* Where a field of `bytes` is; 0: the table has none. */
static size_t field_at(zc_fb *fb, zc_fb_table t, uint32_t field, size_t bytes)
{
    const uint32_t slot = 4 + 2 * field;
    if (t.at == 0 || slot + 2 > t.vtable_bytes)
        return 0;
    const uint32_t offset = get(fb, t.vtable + slot, 2);
    if (offset == 0)
        return 0;
    if (inside(fb, t.at + offset, bytes))
        return t.at + offset;
    damaged(fb, t.vtable + slot, "a field leaves the file");
    return 0;
}

bool zc_fb_has(const zc_fb *fb, zc_fb_table t, uint32_t field)
{
    const uint32_t slot = 4 + 2 * field;
    return t.at && slot + 2 <= t.vtable_bytes && get(fb, t.vtable + slot, 2) != 0;
}

uint8_t zc_fb_u8(zc_fb *fb, zc_fb_table t, uint32_t field, uint8_t absent)
{
    const size_t at = field_at(fb, t, field, 1);
    return at ? (uint8_t)get(fb, at, 1) : absent;
}

int32_t zc_fb_i32(zc_fb *fb, zc_fb_table t, uint32_t field, int32_t absent)
{
    const size_t at = field_at(fb, t, field, 4);
    return at ? (int32_t)get(fb, at, 4) : absent;
}

static float to_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

float zc_fb_f32(zc_fb *fb, zc_fb_table t, uint32_t field, float absent)
{
    const size_t at = field_at(fb, t, field, 4);
    return at ? to_float(get(fb, at, 4)) : absent;
}

zc_fb_table zc_fb_sub(zc_fb *fb, zc_fb_table t, uint32_t field)
{
    const size_t at = field_at(fb, t, field, 4);
    return table_at(fb, at ? follow(fb, at) : 0);
}

zc_fb_vector zc_fb_list(zc_fb *fb, zc_fb_table t, uint32_t field, size_t size)
{
    const zc_fb_vector none = {0};
    size_t at = field_at(fb, t, field, 4);
    at = at ? follow(fb, at) : 0;
    if (at == 0)
        return none;
    const uint32_t n = get(fb, at, 4);
    if (n <= (fb->file.size - at - 4) / size)
        return (zc_fb_vector){at + 4, n};
    damaged(fb, at, "a list leaves the file");
    return none;
}

zi_bytes zc_fb_string(zc_fb *fb, zc_fb_table t, uint32_t field)
{
    const zc_fb_vector v = zc_fb_list(fb, t, field, 1);
    return (zi_bytes){(const uint8_t *)fb->file.data + v.at, v.n};
}

zc_fb_table zc_fb_table_at(zc_fb *fb, zc_fb_vector v, uint32_t i)
{
    return table_at(fb, follow(fb, v.at + 4 * (size_t)i));
}

int32_t zc_fb_i32_at(const zc_fb *fb, zc_fb_vector v, uint32_t i)
{
    return (int32_t)get(fb, v.at + 4 * (size_t)i, 4);
}

int64_t zc_fb_i64_at(const zc_fb *fb, zc_fb_vector v, uint32_t i)
{
    const size_t at = v.at + 8 * (size_t)i;
    return (int64_t)((uint64_t)get(fb, at + 4, 4) << 32 | get(fb, at, 4));
}

float zc_fb_f32_at(const zc_fb *fb, zc_fb_vector v, uint32_t i)
{
    return to_float(get(fb, v.at + 4 * (size_t)i, 4));
}
