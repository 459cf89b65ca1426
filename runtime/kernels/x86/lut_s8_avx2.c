/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table in sixteen registers' worth of rows. A byte shuffle looks up one row and gives zero
 * where an index's top bit is set; an addition that saturates sets it for all but the row's own.
 */
#include <immintrin.h>

#include "kernels/kernels.h"

#define LANES 32
#define ROWS  16
#define WORTH 256 /* elements that pay for loading the table */

void zk_lut_s8_avx2(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    size_t i = 0;
    if (n >= WORTH) {
        __m256i rows[ROWS];
        for (int r = 0; r < ROWS; r++)
            rows[r] =
                _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + r * ROWS)));
        for (; i + LANES <= n; i += LANES) {
            const __m256i q = _mm256_loadu_si256((const __m256i *)(x + i));
            __m256i index = _mm256_xor_si256(q, _mm256_set1_epi8(-128)); // 0 to 255
            __m256i sum = _mm256_setzero_si256();
            for (int r = 0; r < ROWS; r++) {
                const __m256i mine = _mm256_adds_epu8(index, _mm256_set1_epi8(0x70));
                sum = _mm256_or_si256(sum, _mm256_shuffle_epi8(rows[r], mine));
                index = _mm256_sub_epi8(index, _mm256_set1_epi8(ROWS));
            }
            _mm256_storeu_si256((__m256i *)(out + i), sum);
        }
    }
    zk_lut_s8_ref(x + i, table, out + i, n - i);
}
