/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void zk_neon_tiles_run(const zk_neon_tiles *): sums of products of 3 pixels and 4 channels, in
 * registers; then their requantisation. void zk_neon_pixels_run(): of one pixel. In assembly
 * because the Cortex-A53 issues in order: a 128-bit load stops everything for two cycles; loads of
 * 64 bits to general registers go beside multiplications, to vector registers beside a move from
 * one; and compilers arrange neither.
 *
 * A chunk is 8 values of a row: one smull or smlal for each pixel and channel adds 8 products to
 * 16-bit lanes. Where the packing proved that more would not fit a bin of chunks ends: sadalp adds
 * pairs of lanes to 32-bit sums, which takes two cycles. Bins come in the order of their size; the
 * first, whose sums begin, is apart. What a chunk loads is the next one's, or, of one register,
 * that one's successor's.
 *
 *   v0-v11 products, 4 for each pixel   v12-v23 sums   v24-v27, v31 weights   v28-v30 rows
 *   x0 arguments  x1 weights  x2-x4 rows  x5 offsets of chunks  x6 the next one's  x7 out  x8 its
 *   pitch  x9-x12, x17 free  x13 tiles left  x14 block  x15 bytes from tile to tile  x16 sums of rows
 *   x19-x24 bins of 6, 5, ... 1 chunks  x25 bins left  x26 where the first bin goes on  x27 the
 *   first chunk's offset  x28 the tail  x29 where the second bin begins, or the tail  x30 bytes to
 *   the next tile, or 0
 */
	.arch armv8-a

#define ARG_X           0
#define ARG_OUT         16
#define ARG_BLOCK       32
#define ARG_W           48
#define ARG_SUMS        56
#define ARG_ZERO_POINTS 64
#define ARG_LO          72
#define ARG_HI          80
#define ARG_NEXT        88
#define ARG_TAIL        96

#define BLOCK_BIAS       0
#define BLOCK_MULTIPLIER 16
#define BLOCK_RIGHT      32
#define BLOCK_LEFT       48
#define BLOCK_ZERO       64
#define BLOCK_PLAIN      80
#define BLOCK_FIRST      88
#define BLOCK_BINS       96
#define BLOCK_NEXT       120
#define BLOCK_OFFSETS    128

#include "kernels/neon/conv_s8_neon_gemm_chunks.inc"

/* Where shifts are to the left, or none, values are not made one less before the shift. */
	.macro SCALE_ANY v
	sqshl v\v\().4s, v\v\().4s, v3.4s
	sqrdmulh v\v\().4s, v\v\().4s, v1.4s
	and v4.16b, v\v\().16b, v2.16b
	ssra v\v\().4s, v4.4s, #31
	.endm

/* Lanes are added up: then v12, v16 and v20 are the pixels, their lanes the channels. */
	.macro REDUCE pixels
	addp v12.4s, v12.4s, v13.4s
	addp v14.4s, v14.4s, v15.4s
	.if \pixels == 3
	addp v16.4s, v16.4s, v17.4s
	addp v18.4s, v18.4s, v19.4s
	addp v20.4s, v20.4s, v21.4s
	addp v22.4s, v22.4s, v23.4s
	.endif
	addp v12.4s, v12.4s, v14.4s
	.if \pixels == 3
	addp v16.4s, v16.4s, v18.4s
	addp v20.4s, v20.4s, v22.4s
	.endif
	.endm

/* Requantises and stores the pixels: v12, v16 and v20, their lanes the channels. */
	.macro REQUANTISE pixels
	ldr q0, [x14, #BLOCK_BIAS]
	ldr w9, [x14, #BLOCK_PLAIN]
	ldr q1, [x14, #BLOCK_MULTIPLIER]
	ldr q2, [x14, #BLOCK_RIGHT]
	add v12.4s, v12.4s, v0.4s
	.if \pixels == 3
	add v16.4s, v16.4s, v0.4s
	add v20.4s, v20.4s, v0.4s
	.endif
	cbz x16, 1f
	ldr q4, [x14, #BLOCK_ZERO]
	.if \pixels == 3
	ldr s5, [x16], #4
	ldr s6, [x16], #4
	ldr s7, [x16], #4
	mls v12.4s, v4.4s, v5.s[0]
	mls v16.4s, v4.4s, v6.s[0]
	mls v20.4s, v4.4s, v7.s[0]
	.else
	ldr s5, [x16], #4
	mls v12.4s, v4.4s, v5.s[0]
	.endif
1:
	cbz w9, 3f
	sqrdmulh v12.4s, v12.4s, v1.4s
	.if \pixels == 3
	sqrdmulh v16.4s, v16.4s, v1.4s
	sqrdmulh v20.4s, v20.4s, v1.4s
	.endif
	/* srshl rounds ties up: negative values one less, and they go away from zero */
	ssra v12.4s, v12.4s, #31
	.if \pixels == 3
	ssra v16.4s, v16.4s, #31
	ssra v20.4s, v20.4s, #31
	.endif
2:
	srshl v12.4s, v12.4s, v2.4s
	.if \pixels == 3
	srshl v16.4s, v16.4s, v2.4s
	srshl v20.4s, v20.4s, v2.4s
	.endif
	ldr d0, [x0, #ARG_ZERO_POINTS]
	ldr d1, [x0, #ARG_LO]
	ldr d2, [x0, #ARG_HI]
	sqxtn v12.4h, v12.4s
	.if \pixels == 3
	sqxtn v16.4h, v16.4s
	sqxtn v20.4h, v20.4s
	.endif
	sqadd v12.4h, v12.4h, v0.4h
	.if \pixels == 3
	sqadd v16.4h, v16.4h, v0.4h
	sqadd v20.4h, v20.4h, v0.4h
	.endif
	sqxtn v12.8b, v12.8h
	.if \pixels == 3
	sqxtn v16.8b, v16.8h
	sqxtn v20.8b, v20.8h
	.endif
	smax v12.8b, v12.8b, v1.8b
	.if \pixels == 3
	smax v16.8b, v16.8b, v1.8b
	smax v20.8b, v20.8b, v1.8b
	.endif
	smin v12.8b, v12.8b, v2.8b
	.if \pixels == 3
	smin v16.8b, v16.8b, v2.8b
	smin v20.8b, v20.8b, v2.8b
	.endif
	st1 {v12.s}[0], [x7], x8
	.if \pixels == 3
	st1 {v16.s}[0], [x7], x8
	st1 {v20.s}[0], [x7], x8
	.endif
	b 4f
3:
	ldr q3, [x14, #BLOCK_LEFT]
	SCALE_ANY 12
	.if \pixels == 3
	SCALE_ANY 16
	SCALE_ANY 20
	.endif
	b 2b
4:
	.endm

/* What REDUCE and REQUANTISE do for blocks whose shifts are all to the right, and the first chunk of
 * the next tile in the gaps; after the last tile, of the same one again, which nothing reads.
 * `ties`: 0 if results below the zero point are clamped to it, and how negative ties are rounded
 * does not matter. `clamp`: 0 if narrowing clamps as it should. */
	.macro TAIL3 ties, clamp
	addp v12.4s, v12.4s, v13.4s
	ldr x9, [x14, #BLOCK_BIAS]
	addp v14.4s, v14.4s, v15.4s
	ldr x10, [x14, #BLOCK_BIAS + 8]
	addp v16.4s, v16.4s, v17.4s
	ldr x11, [x14, #BLOCK_MULTIPLIER]
	addp v18.4s, v18.4s, v19.4s
	ldr x12, [x14, #BLOCK_MULTIPLIER + 8]
	addp v20.4s, v20.4s, v21.4s
	add x2, x2, x30
	addp v22.4s, v22.4s, v23.4s
	add x3, x3, x30
	addp v12.4s, v12.4s, v14.4s
	ldr x17, [x14, #BLOCK_RIGHT]
	addp v16.4s, v16.4s, v18.4s
	ldr x25, [x14, #BLOCK_RIGHT + 8]
	addp v20.4s, v20.4s, v22.4s
	add x4, x4, x30
	ldr d28, [x2, x27]
	fmov d13, x9
	ldr d29, [x3, x27]
	ins v13.d[1], x10
	ldr d30, [x4, x27]
	fmov d15, x11
	fmov d17, x17
	ins v15.d[1], x12
	ldr d19, [x0, #ARG_ZERO_POINTS]
	ins v17.d[1], x25
	add v12.4s, v12.4s, v13.4s
	ldr w6, [x14, #BLOCK_OFFSETS + 4]
	add v16.4s, v16.4s, v13.4s
	ldr x1, [x0, #ARG_W]
	add v20.4s, v20.4s, v13.4s
	add x5, x14, #BLOCK_OFFSETS + 8
	cbnz x16, 2f
1:
	sqrdmulh v12.4s, v12.4s, v15.4s
	add x1, x1, #CHUNK_BYTES
	sqrdmulh v16.4s, v16.4s, v15.4s
	ldr x9, [x3, x6]
	sqrdmulh v20.4s, v20.4s, v15.4s
	ldr x10, [x1, #8]
	smull v0.8h, v28.8b, v24.8b
	ldr x11, [x1, #16]
	.if \ties
	/* srshl rounds ties up: negative values one less, and they go away from zero */
	ssra v12.4s, v12.4s, #31
	ssra v16.4s, v16.4s, #31
	ssra v20.4s, v20.4s, #31
	.endif
	srshl v12.4s, v12.4s, v17.4s
	ldr x12, [x1, #24]
	srshl v16.4s, v16.4s, v17.4s
	ldr w17, [x5], #4
	srshl v20.4s, v20.4s, v17.4s
	smull v1.8h, v28.8b, v25.8b
	sqxtn v12.4h, v12.4s
	sqxtn v16.4h, v16.4s
	sqxtn v20.4h, v20.4s
	.if \clamp
	ldr d21, [x0, #ARG_LO]
	.endif
	smull v2.8h, v28.8b, v26.8b
	smull v3.8h, v28.8b, v27.8b
	sqadd v12.4h, v12.4h, v19.4h
	sqadd v16.4h, v16.4h, v19.4h
	sqadd v20.4h, v20.4h, v19.4h
	ldr d28, [x2, x6]
	smull v4.8h, v29.8b, v24.8b
	smull v5.8h, v29.8b, v25.8b
	smull v6.8h, v29.8b, v26.8b
	smull v7.8h, v29.8b, v27.8b
	sqxtn v12.8b, v12.8h
	sqxtn v16.8b, v16.8h
	sqxtn v20.8b, v20.8h
	fmov d29, x9
	smull v8.8h, v30.8b, v24.8b
	cbz x13, .Llast_\clamp
	smull v9.8h, v30.8b, v25.8b
	add x1, x1, #CHUNK_BYTES
	ldr d24, [x1, #-CHUNK_BYTES]
	fmov d25, x10
	.if \clamp
	smull v10.8h, v30.8b, v26.8b
	smax v12.8b, v12.8b, v21.8b
	ldr d23, [x0, #ARG_HI]
	smax v16.8b, v16.8b, v21.8b
	smax v20.8b, v20.8b, v21.8b
	smull v11.8h, v30.8b, v27.8b
	smin v12.8b, v12.8b, v23.8b
	smin v16.8b, v16.8b, v23.8b
	smin v20.8b, v20.8b, v23.8b
	fmov d26, x11
	ldr d30, [x4, x6]
	fmov d27, x12
	st1 {v12.s}[0], [x7], x8
	st1 {v16.s}[0], [x7], x8
	.else
	smull v10.8h, v30.8b, v26.8b
	st1 {v12.s}[0], [x7], x8
	smull v11.8h, v30.8b, v27.8b
	st1 {v16.s}[0], [x7], x8
	ldr d30, [x4, x6]
	fmov d26, x11
	fmov d27, x12
	.endif
	st1 {v20.s}[0], [x7], x8
	mov x6, x17
	br x26
2:
	ldr q14, [x14, #BLOCK_ZERO]
	ldr s18, [x16]
	ldr s22, [x16, #4]
	ldr s31, [x16, #8]
	add x16, x16, #12
	mls v12.4s, v14.4s, v18.s[0]
	mls v16.4s, v14.4s, v22.s[0]
	mls v20.4s, v14.4s, v31.s[0]
	b 1b
	.endm

	.macro FUNCTION name, pixels
	.balign 16
	.hidden \name
	.global \name
	.type \name, %function
\name:
	stp x29, x30, [sp, #-160]!
	stp d8, d9, [sp, #144]
	stp d10, d11, [sp, #16]
	stp d12, d13, [sp, #32]
	stp d14, d15, [sp, #48]
	stp x19, x20, [sp, #64]
	stp x21, x22, [sp, #80]
	stp x23, x24, [sp, #96]
	stp x25, x26, [sp, #112]
	stp x27, x28, [sp, #128]
	ldp x2, x15, [x0, #ARG_X]
	ldp x7, x8, [x0, #ARG_OUT]
	ldp x14, x13, [x0, #ARG_BLOCK]
	ldp x1, x16, [x0, #ARG_W]
	add x3, x2, x15
	add x4, x3, x15
	.if \pixels == 3
	add x15, x15, x15, lsl #1
	.endif
	ldp w9, w10, [x14, #BLOCK_FIRST]
	adr x11, .Lentries_\pixels
	ldrsw x26, [x11, x9, lsl #2]
	ldrsw x29, [x11, x10, lsl #2]
	.if \pixels == 3
	ldr w12, [x0, #ARG_TAIL]
	adr x17, .Ltails_3
	ldrsw x28, [x17, x12, lsl #2]
	add x28, x28, x17
	.else
	adr x28, .Lany_\pixels
	.endif
	add x26, x26, x11
	add x29, x29, x11
	cmp w10, #0
	csel x29, x28, x29, eq
	ldp w19, w20, [x14, #BLOCK_BINS]
	ldp w21, w22, [x14, #BLOCK_BINS + 8]
	ldp w23, w24, [x14, #BLOCK_BINS + 16]
	ldr w27, [x14, #BLOCK_OFFSETS]
	ldr d24, [x1]
	ldr d25, [x1, #8]
	ldr d26, [x1, #16]
	ldr d27, [x1, #24]
.Ltile_\pixels:
	ldr x1, [x0, #ARG_W]
	add x5, x14, #BLOCK_OFFSETS + 4
	ldr w6, [x5], #4
	add x1, x1, #CHUNK_BYTES
	ldr d28, [x2, x27]
	.if \pixels == 3
	ldr d29, [x3, x27]
	ldr d30, [x4, x27]
	.endif
	.if \pixels == 1
	ldr x3, [x0, #ARG_NEXT]
	.endif
	RUN\pixels smull, 1
.Lchunks_\pixels:
	CHUNKS \pixels
.Lany_\pixels:
	REDUCE \pixels
	REQUANTISE \pixels
	add x2, x2, x30
	.if \pixels == 3
	add x3, x3, x30
	add x4, x4, x30
	.endif
	cbnz x13, .Ltile_\pixels
	.if \pixels == 3
	b .Lreturn_3
.Lrelu_3:
	TAIL3 0, 0
.Lwhole_3:
	TAIL3 1, 0
.Lplain_3:
	TAIL3 1, 1
.Llast_1:
	ldr d23, [x0, #ARG_HI]
	smax v12.8b, v12.8b, v21.8b
	smax v16.8b, v16.8b, v21.8b
	smax v20.8b, v20.8b, v21.8b
	smin v12.8b, v12.8b, v23.8b
	smin v16.8b, v16.8b, v23.8b
	smin v20.8b, v20.8b, v23.8b
.Llast_0:
	st1 {v12.s}[0], [x7], x8
	st1 {v16.s}[0], [x7], x8
	st1 {v20.s}[0], [x7], x8
	.endif
.Lreturn_\pixels:

	ldp d10, d11, [sp, #16]
	ldp d12, d13, [sp, #32]
	ldp d14, d15, [sp, #48]
	ldp x19, x20, [sp, #64]
	ldp x21, x22, [sp, #80]
	ldp x23, x24, [sp, #96]
	ldp x25, x26, [sp, #112]
	ldp x27, x28, [sp, #128]
	ldp d8, d9, [sp, #144]
	ldp x29, x30, [sp], #160
	ret
	.balign 4
.Lentries_\pixels:
	.irp place, any_\pixels\(), first_\pixels\()_1, first_\pixels\()_2, first_\pixels\()_3, first_\pixels\()_4, first_\pixels\()_5, first_\pixels\()_6
	.word .L\place - .Lentries_\pixels
	.endr
	.irp size, 1, 2, 3, 4, 5, 6
	.word .Lbins_\pixels\()_\size - .Lentries_\pixels
	.endr
	.if \pixels == 3
.Ltails_3:
	.irp tail, any_3, plain_3, whole_3, relu_3 /* as zk_neon_tail has them */
	.word .L\tail - .Ltails_3
	.endr
	.endif
	.size \name, . - \name
	.endm

	.text
	FUNCTION zk_neon_tiles_run, 3
	FUNCTION zk_neon_pixels_run, 1

	.section .note.GNU-stack, "", %progbits
