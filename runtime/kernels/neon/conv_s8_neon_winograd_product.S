/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void zk_winograd_products(const zk_winograd_product *): products of 8 tiles and 8 channels, 64
 * sums, in registers; zk_winograd_products_half() does the first 4 tiles of a block. In assembly
 * because the Cortex-A53 issues in order: see conv_s8_neon_gemm_tiles.S for what its loads cost.
 *
 * A step is 8 input channels, in two halves of four. A half goes through the tiles, so that a
 * tile's register is free for the next step once the second half has passed it; the weights of a
 * half are free while the other one runs. Loads lie between: the upper half of a register goes
 * through a general one, and is put in place beside the load of the register after it.
 *
 *   v0-v7 tiles   v8-v11, v12-v15 weights of a half's four channels   v16-v31 sums, 2 a tile
 *   x0 arguments  x1 tiles  x2 weights  x3 where the sums before go  x4 steps left  x5, x6 tiles
 *   and weights of the next product  x7 steps  x8 all tiles  x9, x10 upper halves  x11 bytes of a
 *   block  x12 the channels' weights  x13 tile blocks left  x14 tile blocks  x15 channel blocks
 *   left  x16, x17 pitches of sums  x19 sums of the first tiles  x20 of this product
 */
	.arch armv8-a

#define ARG_V       0
#define ARG_OUT     16
#define ARG_STEPS   24
#define ARG_BLOCKS  32
#define ARG_PITCHES 48

/* One of eight products of a tile and half a step. */
	.macro LOW mul, tile, sum, weight, lane
	\mul v\sum\().4s, v\weight\().4h, v\tile\().h[\lane]
	.endm
	.macro HIGH mul, tile, sum, weight, lane
	\mul\()2 v\sum\().4s, v\weight\().8h, v\tile\().h[\lane]
	.endm

/* Loads of one register in two parts: `first`, and later, beside the lower half of it, the upper
 * half of the one before. No `reg`: nothing. */
	.macro FIRST reg, base, at, upper
	.ifnb \reg
	ldr x\upper, [x\base, #\at + 8]
	.endif
	.endm
	.macro SECOND reg, base, at, late, late_upper
	.ifnb \reg
	ldr d\reg, [x\base, #\at]
	ins v\late\().d[1], x\late_upper
	.endif
	.endm

/* Half a step of one tile, with up to two registers loaded. */
	.macro HALF mul, t, s0, s1, k, w0, w1, w2, w3, r0, b0, at0, u0, l0, lu0, r1, b1, at1, u1, l1, lu1
	LOW \mul, \t, \s0, \w0, \k
	FIRST \r0, \b0, \at0, \u0
	HIGH \mul, \t, \s1, \w0, \k
	LOW smlal, \t, \s0, \w1, \k + 1
	SECOND \r0, \b0, \at0, \l0, \lu0
	HIGH smlal, \t, \s1, \w1, \k + 1
	FIRST \r1, \b1, \at1, \u1
	LOW smlal, \t, \s0, \w2, \k + 2
	HIGH smlal, \t, \s1, \w2, \k + 2
	LOW smlal, \t, \s0, \w3, \k + 3
	SECOND \r1, \b1, \at1, \l1, \lu1
	HIGH smlal, \t, \s1, \w3, \k + 3
	.endm

/* The sums of a tile go to memory before the next product's begin. */
	.macro STORE mul, s0, s1, at
	.ifc \mul, smull
	str q\s0, [x3, #\at]
	str q\s1, [x3, #\at + 16]
	.endif
	.endm

	.macro STEP8 mul
	STORE \mul, 16, 17, 0
	HALF \mul, 0, 16, 17, 0, 8, 9, 10, 11, 7, 1, 112, 9, 6, 10
	STORE \mul, 18, 19, 32
	HALF \mul, 1, 18, 19, 0, 8, 9, 10, 11, 12, 2, 64, 10, 7, 9
	STORE \mul, 20, 21, 64
	HALF \mul, 2, 20, 21, 0, 8, 9, 10, 11, 13, 2, 80, 9, 12, 10
	STORE \mul, 22, 23, 96
	HALF \mul, 3, 22, 23, 0, 8, 9, 10, 11, 14, 2, 96, 10, 13, 9
	STORE \mul, 24, 25, 128
	HALF \mul, 4, 24, 25, 0, 8, 9, 10, 11, 15, 2, 112, 9, 14, 10
	subs x4, x4, #1
	STORE \mul, 26, 27, 160
	HALF \mul, 5, 26, 27, 0, 8, 9, 10, 11
	add x1, x1, #128
	STORE \mul, 28, 29, 192
	HALF \mul, 6, 28, 29, 0, 8, 9, 10, 11
	add x2, x2, #128
	csel x1, x5, x1, eq
	STORE \mul, 30, 31, 224
	HALF \mul, 7, 30, 31, 0, 8, 9, 10, 11
	csel x2, x6, x2, eq
	HALF smlal, 0, 16, 17, 4, 12, 13, 14, 15, 8, 2, 0, 10, 15, 9
	HALF smlal, 1, 18, 19, 4, 12, 13, 14, 15, 0, 1, 0, 9, 8, 10, 9, 2, 16, 10, 0, 9
	HALF smlal, 2, 20, 21, 4, 12, 13, 14, 15, 1, 1, 16, 9, 9, 10
	HALF smlal, 3, 22, 23, 4, 12, 13, 14, 15, 2, 1, 32, 10, 1, 9, 10, 2, 32, 9, 2, 10
	HALF smlal, 4, 24, 25, 4, 12, 13, 14, 15, 3, 1, 48, 10, 10, 9
	HALF smlal, 5, 26, 27, 4, 12, 13, 14, 15, 4, 1, 64, 9, 3, 10, 11, 2, 48, 10, 4, 9
	HALF smlal, 6, 28, 29, 4, 12, 13, 14, 15, 5, 1, 80, 9, 11, 10
	HALF smlal, 7, 30, 31, 4, 12, 13, 14, 15, 6, 1, 96, 10, 5, 9
	.endm

	.macro STEP4 mul
	STORE \mul, 16, 17, 0
	HALF \mul, 0, 16, 17, 0, 8, 9, 10, 11, 3, 1, 48, 9, 2, 10, 12, 2, 64, 10, 3, 9
	STORE \mul, 18, 19, 32
	HALF \mul, 1, 18, 19, 0, 8, 9, 10, 11, 13, 2, 80, 9, 12, 10
	subs x4, x4, #1
	STORE \mul, 20, 21, 64
	HALF \mul, 2, 20, 21, 0, 8, 9, 10, 11, 14, 2, 96, 10, 13, 9
	STORE \mul, 22, 23, 96
	HALF \mul, 3, 22, 23, 0, 8, 9, 10, 11, 15, 2, 112, 9, 14, 10
	add x1, x1, #64
	add x2, x2, #128
	csel x1, x5, x1, eq
	csel x2, x6, x2, eq
	HALF smlal, 0, 16, 17, 4, 12, 13, 14, 15, 8, 2, 0, 10, 15, 9, 9, 2, 16, 9, 8, 10
	HALF smlal, 1, 18, 19, 4, 12, 13, 14, 15, 0, 1, 0, 10, 9, 9, 10, 2, 32, 9, 0, 10
	HALF smlal, 2, 20, 21, 4, 12, 13, 14, 15, 1, 1, 16, 10, 10, 9, 11, 2, 48, 9, 1, 10
	HALF smlal, 3, 22, 23, 4, 12, 13, 14, 15, 2, 1, 32, 10, 11, 9
	.endm

/* The function; what is loaded before a product: tiles but the last two, the lower half of the last
 * but one, and the weights of half a step. */
	.macro PRODUCTS name, tiles
	.balign 16
	.hidden \name
	.global \name
	.type \name, %function
\name:
	stp d8, d9, [sp, #-80]!
	stp d10, d11, [sp, #16]
	stp d12, d13, [sp, #32]
	stp d14, d15, [sp, #48]
	stp x19, x20, [sp, #64]
	ldp x8, x12, [x0, #ARG_V]
	ldp x19, x7, [x0, #ARG_OUT]
	ldp x14, x15, [x0, #ARG_BLOCKS]
	ldp x16, x17, [x0, #ARG_PITCHES]
	lsl x11, x7, #7
	mov x1, x8
	mov x2, x12
	mov x3, x19 /* the first product's own place: what is stored there before is overwritten */
	ldp q8, q9, [x2]
	ldp q10, q11, [x2, #32]
	ldp q0, q1, [x1]
	.if \tiles == 8
	ldp q2, q3, [x1, #32]
	ldp q4, q5, [x1, #64]
	ldr d6, [x1, #96]
	ldr x10, [x1, #104]
	.else
	ldr d2, [x1, #32]
	ldr x10, [x1, #40]
	.endif

.Lchannels\tiles:
	mov x13, x14
	mov x20, x19
.Ltiles\tiles:
	mov x4, x7
	subs x13, x13, #1
	b.eq .Llast_tiles\tiles
	.if \tiles == 8
	add x5, x1, x11
	.else
	add x5, x1, x11, lsr #1
	.endif
	mov x6, x12
	b .Lproduct\tiles
.Llast_tiles\tiles:
	mov x5, x8
	cmp x15, #1
	add x6, x12, x11
	csel x6, x12, x6, eq /* after the last product its own weights, for nothing */
.Lproduct\tiles:
	STEP\tiles smull
	b.eq .Ldone\tiles
.Lstep\tiles:
	STEP\tiles smlal
	b.ne .Lstep\tiles
.Ldone\tiles:
	mov x3, x20
	add x20, x20, x16
	cbnz x13, .Ltiles\tiles
	subs x15, x15, #1
	add x12, x12, x11
	add x19, x19, x17
	b.ne .Lchannels\tiles

	stp q16, q17, [x3]
	stp q18, q19, [x3, #32]
	stp q20, q21, [x3, #64]
	stp q22, q23, [x3, #96]
	.if \tiles == 8
	stp q24, q25, [x3, #128]
	stp q26, q27, [x3, #160]
	stp q28, q29, [x3, #192]
	stp q30, q31, [x3, #224]
	.endif
	ldp d10, d11, [sp, #16]
	ldp d12, d13, [sp, #32]
	ldp d14, d15, [sp, #48]
	ldp x19, x20, [sp, #64]
	ldp d8, d9, [sp], #80
	ret
	.size \name, . - \name
	.endm

	.text
	PRODUCTS zk_winograd_products, 8
	PRODUCTS zk_winograd_products_half, 4

	.section .note.GNU-stack, "", %progbits
