/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The fields of a packed step with their widths, which are normative: a value beyond its width
 * cannot be said. Packing, decoding, the code generator's limits, the tests and the table of
 * docs/engine.md are made from this list.
 *
 * A field begins at the bit where the one before it ends, bit 0 of a byte first; what remains of
 * the last word is zero. Scratchpad addresses and pitches have ZK_ADDRESS_BITS, pitches of rows two
 * more, since a stride is in them; addresses of the act buffer and of the step buffer 25 (512 MiB),
 * of a weight stream 26; sides of pictures and counts of blocks 15, for 16384.
 */
#ifndef ZK_FIELDS_H
#define ZK_FIELDS_H

/** Words of the scratchpad at most: 2 to the power of this. */
#define ZK_ADDRESS_BITS 18

// clang-format off
/** F(field of zk_step, bits, whether signed). */
#define ZK_STEP_FIELDS(F) \
    F(kind, 3, 0) F(flags, 7, 0) F(iterations, 31, 0) F(table, 25, 0) \
    F(n_taps, 9, 0) F(n_icb, 15, 0) F(n_ocb, 15, 0) \
    F(walk.n_groups, 20, 0) F(walk.period, 23, 0) F(walk.lanes, 5, 0) F(walk.wr_lanes, 5, 0) \
    F(walk.w, 15, 0) F(walk.h, 15, 0) F(walk.wrap_w, 15, 0) F(walk.dx, 5, 0) F(walk.dy, 5, 0) \
    F(walk.start_x, 14, 0) F(walk.start_y, 6, 1) \
    F(in.stride_y, 14, 0) F(in.stride_x, 14, 0) F(in.h, 15, 0) F(in.w, 15, 0) \
    F(in.base, ZK_ADDRESS_BITS, 0) F(in.row, 20, 0) F(in.col, 14, 0) \
    F(in.plane, ZK_ADDRESS_BITS, 0) F(in.ocb_step, ZK_ADDRESS_BITS, 0) F(in.ocb_every, 15, 0) \
    F(in.zp, 8, 1) F(in.row_n, 4, 0) F(in.row_dx, 2, 0) \
    F(out.zp, 8, 1) F(out.lo, 8, 1) F(out.hi, 8, 1) F(out.base, ZK_ADDRESS_BITS, 0) \
    F(out.row, 20, 0) F(out.col, 4, 0) F(out.plane, ZK_ADDRESS_BITS, 0) F(out.split, 2, 0) \
    F(out.half, ZK_ADDRESS_BITS, 0) \
    F(res.base, ZK_ADDRESS_BITS, 0) F(res.row, ZK_ADDRESS_BITS, 0) \
    F(res.plane, ZK_ADDRESS_BITS, 0) F(res.shift, 5, 0) F(res.up, 32, 1) F(res.down, 32, 1) \
    F(res.zp, 8, 1) F(res.lo, 8, 1) F(res.hi, 8, 1) \
    F(load.w_words, 14, 0) F(load.w_src, 26, 0) F(load.src, 25, 0) \
    F(load.planes, 15, 0) F(load.words, 19, 0) F(load.src_plane, 25, 0) \
    F(load.dst, ZK_ADDRESS_BITS, 0) F(load.w, 15, 0) F(load.row, ZK_ADDRESS_BITS, 0) \
    F(load.plane, ZK_ADDRESS_BITS, 0) F(load.split, 2, 0) F(load.half, ZK_ADDRESS_BITS, 0) \
    F(store.dst, 25, 0) F(store.words, 19, 0) F(store.plane, 25, 0) \
    F(move.reads, 23, 0) F(move.writes, 6, 0) F(move.in, 25, 0) F(move.in_wrap, 22, 1) \
    F(move.res, 23, 0) F(move.ix, 18, 0) F(move.ix_wrap, 20, 1) F(move.iy, 18, 0) \
    F(move.row, 24, 0) F(move.start_in, 25, 1) F(move.start_res, 24, 1) F(move.start_ix, 18, 0) \
    F(move.start_iy, 20, 1) F(move.start_row, 26, 1)
// clang-format on

#define ZK_FIELD_BITS(field, bits, is_signed) +(bits)
/** Bits of a step, and words of 16 bytes that they take. */
enum { ZK_STEP_BITS = 0 ZK_STEP_FIELDS(ZK_FIELD_BITS), ZK_STEP_WORDS = (ZK_STEP_BITS + 127) / 128 };
#undef ZK_FIELD_BITS

#endif
