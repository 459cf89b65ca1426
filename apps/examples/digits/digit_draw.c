// SPDX-License-Identifier: Apache-2.0
/*
 * A digit is a pen path in a box about 70 wide and 100 high. The path is bent by a random grid,
 * widened, slanted, turned, scaled, and drawn with a round pen of varying width. Lengths after that
 * are in 1/256 pixel. Integers only.
 */
#include "digit_draw.h"

#include <stdbool.h>
#include <string.h>

enum {
    BOX = 20,        // the ink fits BOX x BOX pixels
    ONE = 256,       // one pixel, and one unit of a pen path
    CURVE_STEPS = 8, // straight pieces per curve
    MAX_CONTROL = 32,
    MAX_POINTS = MAX_CONTROL * CURVE_STEPS,
};

// ---------------------------------------------------------------- pen paths

// x, y pairs, y downwards. The curve passes through every point (Catmull-Rom); a point given twice
// is a corner. UP lifts the pen, STOP ends the path.
#define UP   -1
#define STOP -2

typedef struct {
    int digit;
    signed char path[2 * MAX_CONTROL];
} style;

// clang-format off
static const style styles[] = {
    {0, {38,2, 18,12, 6,35, 6,65, 18,90, 36,98, 54,88, 65,65, 64,35, 52,12, 36,3, STOP}},
    {0, {45,7, 30,2, 14,18, 8,48, 14,80, 32,98, 50,86, 58,55, 54,22, 38,4, 26,8, STOP}},
    {0, {52,10, 32,2, 10,18, 2,50, 12,84, 35,98, 58,84, 68,50, 60,18, 42,4, 32,6, STOP}},
    {1, {35,0, 36,50, 35,100, STOP}},
    {1, {37,0, 35,34, 36,66, 34,100, STOP}},
    {1, {20,22, 37,0, 37,0, 36,50, 36,100, STOP}},
    {1, {20,20, 36,2, 36,2, 36,50, 36,98, UP, 16,98, 36,97, 57,98, STOP}},
    {2, {8,25, 18,7, 38,2, 56,14, 56,36, 40,60, 20,82, 4,97, 4,97, 34,96, 68,97, STOP}},
    {2, {10,22, 22,4, 46,3, 60,20, 52,45, 34,70, 16,92, 5,92, 8,80, 22,78, 36,88, 50,96,
         68,92, STOP}},
    {2, {8,14, 30,2, 54,8, 58,26, 44,50, 26,74, 8,97, 8,97, 36,96, 66,94, STOP}},
    {3, {10,12, 28,2, 50,8, 54,26, 42,42, 24,47, 24,47, 48,52, 62,70, 52,90, 30,98, 6,88, STOP}},
    {3, {8,4, 34,4, 58,4, 58,4, 46,22, 32,40, 32,40, 54,50, 62,72, 48,93, 26,98, 6,88, STOP}},
    {3, {12,14, 32,2, 52,12, 50,34, 26,47, 26,47, 50,54, 60,74, 48,94, 26,98, 4,88, STOP}},
    {4, {14,4, 10,28, 7,52, 7,52, 34,54, 64,50, UP, 54,2, 50,50, 46,100, STOP}},
    {4, {46,0, 26,30, 4,64, 4,64, 38,64, 70,62, UP, 47,0, 48,50, 46,100, STOP}},
    {4, {10,6, 7,30, 16,50, 36,52, 57,40, UP, 61,2, 57,36, 53,68, 49,100, STOP}},
    {5, {18,4, 15,24, 12,44, 12,44, 32,38, 54,48, 62,68, 50,90, 28,98, 4,90, UP, 18,4,
         40,5, 64,2, STOP}},
    {5, {64,4, 40,4, 18,6, 18,6, 15,24, 12,44, 12,44, 34,38, 56,50, 60,72, 44,93, 22,98,
         4,90, STOP}},
    {5, {60,4, 40,5, 22,7, 22,7, 17,25, 14,42, 14,42, 32,46, 50,56, 55,76, 42,94, 22,98,
         4,92, STOP}},
    {6, {50,2, 28,22, 12,48, 8,74, 18,94, 38,98, 56,86, 58,66, 42,54, 22,62, 10,80, STOP}},
    {6, {40,0, 22,30, 9,62, 12,88, 32,99, 54,90, 58,70, 42,57, 22,64, 11,82, STOP}},
    {6, {36,0, 20,28, 10,60, 14,88, 32,98, 50,88, 50,68, 34,60, 14,74, STOP}},
    {7, {6,6, 36,5, 64,4, 64,4, 46,36, 34,66, 28,98, STOP}},
    {7, {4,10, 30,4, 56,6, 62,16, 52,38, 38,66, 30,98, STOP}},
    {7, {6,6, 36,5, 64,4, 64,4, 46,36, 34,66, 28,98, UP, 20,51, 38,50, 56,48, STOP}},
    {7, {6,24, 8,6, 8,6, 36,5, 64,4, 64,4, 46,36, 34,66, 30,98, STOP}},
    {8, {56,14, 38,2, 16,8, 14,26, 34,46, 54,66, 56,86, 36,98, 14,88, 14,68, 34,48,
         54,28, 56,12, STOP}},
    {8, {34,2, 18,10, 14,26, 22,42, 36,47, 50,40, 56,24, 50,8, 34,2,
         UP, 36,47, 16,58, 8,76, 18,94, 36,99, 56,92, 62,74, 54,56, 36,47, STOP}},
    {8, {50,8, 32,2, 18,14, 24,36, 42,54, 54,76, 40,97, 20,94, 14,76, 28,54, 46,34,
         54,16, 46,5, STOP}},
    {9, {56,18, 44,4, 22,4, 8,22, 12,44, 32,50, 50,38, 57,16, 57,16, 55,58, 49,100, STOP}},
    {9, {56,16, 42,3, 20,6, 8,24, 14,44, 34,48, 50,36, 57,14, 57,14, 57,50, 48,84, 30,98,
         12,92, STOP}},
    {9, {52,12, 34,2, 15,14, 13,36, 32,46, 48,32, 54,10, 54,10, 47,56, 38,100, STOP}},
};
// clang-format on

enum { N_STYLES = sizeof(styles) / sizeof(styles[0]) };

typedef struct {
    int32_t x, y;
    int32_t radius; // of the pen
    bool down;      // a line runs from the point before to this one
} pen_point;

typedef struct {
    pen_point at[MAX_POINTS];
    int count;
} pen_path;

// ---------------------------------------------------------------- random numbers

// SplitMix64 (Steele, Lea, Flood 2014). Draw one number per statement: the order in which C
// evaluates arguments is open, and it would change the picture.
uint64_t digit_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

// lo..hi, both included.
static int32_t uniform(uint64_t *rng, int32_t lo, int32_t hi)
{
    uint64_t span = (uint64_t)(hi - lo) + 1;
    return lo + (int32_t)(((digit_random(rng) >> 32) * span) >> 32);
}

// Around 0, mostly near it: the sum of three, within +-limit.
static int32_t bell(uint64_t *rng, int32_t limit)
{
    int32_t sum = uniform(rng, -limit, limit);
    sum += uniform(rng, -limit, limit);
    sum += uniform(rng, -limit, limit);
    return sum / 3;
}

// ---------------------------------------------------------------- path -> points

// A 3x3 grid of random displacements over the 70 x 100 box, bilinear between its nodes. Strokes
// that touch bend together and so stay in touch.
typedef struct {
    int32_t at[3][3];
} grid;

static int32_t mix(const grid *g, int32_t u, int32_t v)
{
    int32_t col = u >= ONE, row = v >= ONE;
    int32_t fu = u - col * ONE, fv = v - row * ONE;
    int32_t top = g->at[row][col] * (ONE - fu) + g->at[row][col + 1] * fu;
    int32_t low = g->at[row + 1][col] * (ONE - fu) + g->at[row + 1][col + 1] * fu;
    return (int32_t)(((int64_t)top * (ONE - fv) + (int64_t)low * fv) / (ONE * ONE));
}

// Copies the control points of a style, bent, in 1/256 unit; returns how many.
static int bend_path(const signed char *path, uint64_t *rng, pen_point *out)
{
    grid dx, dy;
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++) {
            dx.at[r][c] = bell(rng, 20 * ONE);
            dy.at[r][c] = bell(rng, 20 * ONE);
        }
    }
    int n = 0;
    bool down = false;
    for (; *path != STOP; path++) {
        if (*path == UP) {
            down = false;
            continue;
        }
        int32_t x = path[0], y = path[1];
        path++;
        int32_t u = x * 2 * ONE / 70, v = y * 2 * ONE / 100; // 0..2 cells, the right edge included
        out[n].x = x * ONE + mix(&dx, u, v);
        out[n].y = y * ONE + mix(&dy, u, v);
        out[n].down = down;
        down = true;
        n++;
    }
    return n;
}

// Catmull-Rom between b and c at k / CURVE_STEPS; 2 * CURVE_STEPS^3 = 1024.
static int32_t catmull_rom(int64_t a, int64_t b, int64_t c, int64_t d, int64_t k)
{
    const int64_t n = CURVE_STEPS;
    int64_t sum = 2 * b * n * n * n + (c - a) * k * n * n +
                  (2 * a - 5 * b + 4 * c - d) * k * k * n + (3 * b - a - 3 * c + d) * k * k * k;
    return (int32_t)(sum / (2 * n * n * n));
}

// Smooth curve through the control points. A point given twice ends one curve and starts the next.
static void smooth(const pen_point *ctl, int n, pen_path *out)
{
    out->count = 0;
    for (int i = 0; i < n; i++) {
        if (!ctl[i].down) {
            out->at[out->count++] = ctl[i];
            continue;
        }
        const pen_point *b = &ctl[i - 1], *c = &ctl[i];
        if (b->x == c->x && b->y == c->y)
            continue;
        const pen_point *a = b->down ? b - 1 : b;
        const pen_point *d = i + 1 < n && ctl[i + 1].down ? c + 1 : c;
        for (int k = 1; k <= CURVE_STEPS; k++) {
            pen_point *p = &out->at[out->count++];
            p->x = catmull_rom(a->x, b->x, c->x, d->x, k);
            p->y = catmull_rom(a->y, b->y, c->y, d->y, k);
            p->down = true;
        }
    }
}

// ---------------------------------------------------------------- shape of one digit

// Widens, slants and turns about the middle of the box.
static void transform(pen_path *path, uint64_t *rng)
{
    const int32_t q = 1024;
    int32_t wide = q + bell(rng, q / 3);
    int32_t slant = q / 10 + bell(rng, q / 2); // writers lean to the right
    int32_t t = bell(rng, q / 7);              // tan(angle / 2): exact sine and cosine follow
    int64_t cosine = q * q - t * t, sine = 2 * q * t, norm = q * q + t * t;
    for (int i = 0; i < path->count; i++) {
        pen_point *p = &path->at[i];
        int64_t y = p->y - 50 * ONE;
        int64_t x = ((int64_t)(p->x - 35 * ONE) * wide - y * slant) / q;
        p->x = (int32_t)((x * cosine - y * sine) / norm);
        p->y = (int32_t)((x * sine + y * cosine) / norm);
    }
}

// Scales the path so that the ink fits the box, and sets the pen: a width for the whole digit, and
// a pressure that changes along the way.
static void fit(pen_path *path, uint64_t *rng)
{
    int32_t radius = 320 + bell(rng, 160); // 0.63 .. 1.88 pixel
    int32_t first = uniform(rng, -40, 40);
    int32_t last = uniform(rng, -40, 40);
    int32_t target = BOX * ONE - uniform(rng, 0, 3 * ONE / 2) - 2 * radius;

    int32_t x0 = path->at[0].x, x1 = x0, y0 = path->at[0].y, y1 = y0;
    for (int i = 1; i < path->count; i++) {
        const pen_point *p = &path->at[i];
        x0 = p->x < x0 ? p->x : x0;
        x1 = p->x > x1 ? p->x : x1;
        y0 = p->y < y0 ? p->y : y0;
        y1 = p->y > y1 ? p->y : y1;
    }
    int32_t size = x1 - x0 > y1 - y0 ? x1 - x0 : y1 - y0;
    for (int i = 0; i < path->count; i++) {
        pen_point *p = &path->at[i];
        p->x =
            (int32_t)((int64_t)(2 * p->x - x0 - x1) * target / (2 * size)) + DIGIT_SIDE * ONE / 2;
        p->y =
            (int32_t)((int64_t)(2 * p->y - y0 - y1) * target / (2 * size)) + DIGIT_SIDE * ONE / 2;
        p->radius = radius + (first * (path->count - i) + last * i) / path->count;
    }
}

// ---------------------------------------------------------------- points -> pixels

static int64_t int_sqrt(int64_t v)
{
    int64_t root = 0;
    for (int64_t bit = (int64_t)1 << 30; bit > 0; bit /= 2) {
        if ((root + bit) * (root + bit) <= v)
            root += bit;
    }
    return root;
}

static int clamp(int64_t v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : (int)v;
}

// Coverage 0..255 of the pixel with centre (x, y) by a pen drawn from a to b.
static int coverage(const pen_point *a, const pen_point *b, int32_t x, int32_t y)
{
    const int64_t edge = 320; // the ramp from black to white, 1.25 pixel wide
    int64_t dx = b->x - a->x, dy = b->y - a->y;
    int64_t px = x - a->x, py = y - a->y;
    int64_t len2 = dx * dx + dy * dy, along = px * dx + py * dy;
    along = along < 0 ? 0 : along > len2 ? len2 : along;
    if (len2 > 0) { // from here p is the vector to the nearest point of the line
        px -= dx * along / len2;
        py -= dy * along / len2;
    }
    int64_t inside = b->radius - int_sqrt(px * px + py * py);
    return clamp((2 * inside + edge) * 255 / (2 * edge), 0, 255);
}

static void draw(const pen_path *path, uint8_t out[DIGIT_PIXELS])
{
    memset(out, 0, DIGIT_PIXELS);
    for (int i = 1; i < path->count; i++) {
        const pen_point *a = &path->at[i - 1], *b = &path->at[i];
        if (!b->down)
            continue;
        int32_t reach = b->radius + ONE;
        int x0 = clamp(((a->x < b->x ? a->x : b->x) - reach) / ONE, 0, DIGIT_SIDE);
        int x1 = clamp(((a->x > b->x ? a->x : b->x) + reach) / ONE + 1, 0, DIGIT_SIDE);
        int y0 = clamp(((a->y < b->y ? a->y : b->y) - reach) / ONE, 0, DIGIT_SIDE);
        int y1 = clamp(((a->y > b->y ? a->y : b->y) + reach) / ONE + 1, 0, DIGIT_SIDE);
        for (int y = y0; y < y1; y++) {
            for (int x = x0; x < x1; x++) {
                int v = coverage(a, b, x * ONE + ONE / 2, y * ONE + ONE / 2);
                uint8_t *dot = &out[y * DIGIT_SIDE + x];
                *dot = v > *dot ? (uint8_t)v : *dot;
            }
        }
    }
}

// Moves the path so that the centre of mass of the drawing is the middle of the picture.
static void centre(pen_path *path, const uint8_t drawn[DIGIT_PIXELS])
{
    int64_t mass = 0, mx = 0, my = 0;
    for (int y = 0; y < DIGIT_SIDE; y++) {
        for (int x = 0; x < DIGIT_SIDE; x++) {
            int64_t v = drawn[y * DIGIT_SIDE + x];
            mass += v;
            mx += v * (x * ONE + ONE / 2);
            my += v * (y * ONE + ONE / 2);
        }
    }
    if (mass == 0)
        return;
    for (int i = 0; i < path->count; i++) {
        path->at[i].x += DIGIT_SIDE * ONE / 2 - (int32_t)(mx / mass);
        path->at[i].y += DIGIT_SIDE * ONE / 2 - (int32_t)(my / mass);
    }
}

static const style *pick_style(int digit, uint64_t *rng)
{
    int first = 0, count = 0;
    for (int i = N_STYLES - 1; i >= 0; i--) {
        if (styles[i].digit == digit) {
            first = i;
            count++;
        }
    }
    return &styles[first + uniform(rng, 0, count - 1)]; // styles are sorted by digit
}

void digit_draw(int digit, uint64_t *rng, uint8_t out[DIGIT_PIXELS])
{
    pen_point control[MAX_CONTROL] = {0};
    pen_path path = {0};
    const style *s = pick_style(digit, rng);
    int n = bend_path(s->path, rng, control);
    smooth(control, n, &path);
    transform(&path, rng);
    fit(&path, rng);
    draw(&path, out);
    centre(&path, out);
    draw(&path, out);
}
