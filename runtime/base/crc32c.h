/* SPDX-License-Identifier: Apache-2.0 */
/** @file CRC-32C (Castagnoli), the check sum of `.zurt` files. */
#ifndef ZI_BASE_CRC32C_H
#define ZI_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/**
 * CRC-32C of bytes, continued from an earlier part's result; 0 starts.
 * crc32c("123456789") is 0xe3069283. Ref: RFC 3720 appendix B.4.
 */
uint32_t zi_crc32c(uint32_t crc, const void *bytes, size_t size);

#endif
