/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void zk_winograd_outputs_run(const zk_winograd_outputs *): Winograd's transform of products,
 * A^T m A, four channels at a time, and the requantisation of its 16 pixels. Modulo 2^32, of m0 to
 * m5:
 *
 *   m0 + (m1 + m2) + (m3 + m4)      (m1 - m2) + 2 (m3 - m4)
 *   (m1 + m2) + 4 (m3 + m4)         (m1 - m2) + 8 (m3 - m4) + 2 m5
 *
 * A multiple of the offset is added to point (1, 1), which all pixels take once. In assembly for
 * the Cortex-A53: see conv_s8_neon_gemm_tiles.S for what its loads cost.
 *
 *   v0 factors 2, 4, 8 and 9^-1 modulo 2^32   v1-v7 on the way; constants of four channels
 *   v8-v31 columns, reduced: four rows of six
 *   x0 arguments  x1 products  x2 tables  x3 the table's place, 0 or 16  x4 halves of tiles left
 *   x5 the tile's output  x6 row pitch  x7 pixel  x8 pixel pitch  x9 row  x10, x11 upper halves
 */
	.arch armv8-a

#define ARG_M          0
#define ARG_PITCHES    16
#define ARG_N          32
#define ARG_ZERO_POINT 48
#define ARG_LO         50
#define ARG_HI         51

#define TABLE_OFFSET     0
#define TABLE_MULTIPLIER 32
#define TABLE_RIGHT      64
#define TABLE_LEFT       96
#define TABLE_REST       128
#define TABLE_PLAIN      160

/* Bytes from point to point of the products. */
#define POINT 256

/* Loads of one register in two parts: see conv_s8_neon_winograd_product.S. */
	.macro FIRST point, upper
	ldr x\upper, [x1, #(\point) * POINT + 8]
	.endm
	.macro SECOND reg, point, late, late_upper
	ldr d\reg, [x1, #(\point) * POINT]
	ins v\late\().d[1], x\late_upper
	.endm

/* Six values, reduced: they come out in m0, m1, t and m4. */
	.macro REDUCE1 m0, m1, m2, m3, m4, m5, t
	add v\t\().4s, v\m1\().4s, v\m2\().4s
	sub v\m1\().4s, v\m1\().4s, v\m2\().4s
	add v\m2\().4s, v\m3\().4s, v\m4\().4s
	sub v\m3\().4s, v\m3\().4s, v\m4\().4s
	.endm
	.macro REDUCE2 m0, m1, m2, m3, m4, m5, t
	add v\m5\().4s, v\m5\().4s, v\m5\().4s
	add v\m0\().4s, v\m0\().4s, v\t\().4s
	.endm
	.macro REDUCE3 m0, m1, m2, m3, m4, m5, t
	add v\m4\().4s, v\m1\().4s, v\m5\().4s
	mla v\t\().4s, v\m2\().4s, v0.s[1]
	add v\m0\().4s, v\m0\().4s, v\m2\().4s
	mla v\m1\().4s, v\m3\().4s, v0.s[0]
	mla v\m4\().4s, v\m3\().4s, v0.s[2]
	.endm

/* One column, while the next one is loaded from point `at` on. m5 is complete but for its upper
 * half in x11. */
	.macro COLUMN m0, m1, m2, m3, m4, m5, t, n0, n1, n2, n3, n4, n5, at
	add v\t\().4s, v\m1\().4s, v\m2\().4s
	FIRST \at, 10
	sub v\m1\().4s, v\m1\().4s, v\m2\().4s
	SECOND \n0, \at, \m5, 11
	FIRST \at + 6, 11
	add v\m2\().4s, v\m3\().4s, v\m4\().4s
	sub v\m3\().4s, v\m3\().4s, v\m4\().4s
	SECOND \n1, \at + 6, \n0, 10
	FIRST \at + 12, 10
	add v\m5\().4s, v\m5\().4s, v\m5\().4s
	add v\m0\().4s, v\m0\().4s, v\t\().4s
	SECOND \n2, \at + 12, \n1, 11
	FIRST \at + 18, 11
	add v\m4\().4s, v\m1\().4s, v\m5\().4s
	mla v\t\().4s, v\m2\().4s, v0.s[1]
	SECOND \n3, \at + 18, \n2, 10
	FIRST \at + 24, 10
	add v\m0\().4s, v\m0\().4s, v\m2\().4s
	mla v\m1\().4s, v\m3\().4s, v0.s[0]
	SECOND \n4, \at + 24, \n3, 11
	FIRST \at + 30, 11
	mla v\m4\().4s, v\m3\().4s, v0.s[2]
	SECOND \n5, \at + 30, \n4, 10
	.endm

/* Steps of one pixel's requantisation. */
	.macro NINTH p
	mul v\p\().4s, v\p\().4s, v0.s[3]
	.endm
	.macro SIXTY_FOURTH p
	sshr v\p\().4s, v\p\().4s, #6
	.endm
	.macro SCALE p
	sqrdmulh v\p\().4s, v\p\().4s, v2.4s
	.endm
	/* srshl rounds ties up: negative values one less, and they go away from zero */
	.macro AWAY p
	ssra v\p\().4s, v\p\().4s, #31
	.endm
	.macro REST p
	add v\p\().4s, v\p\().4s, v13.4s
	.endm
	/* where shifts are to the left, or none, values are not made one less */
	.macro SCALE_GENERAL p
	sqshl v\p\().4s, v\p\().4s, v7.4s
	sqrdmulh v\p\().4s, v\p\().4s, v2.4s
	and v13.16b, v\p\().16b, v3.16b
	ssra v\p\().4s, v13.4s, #31
	.endm
	.macro SHIFT p
	srshl v\p\().4s, v\p\().4s, v3.4s
	.endm
	.macro EACH step, p0, p1, p2, p3
	\step \p0
	\step \p1
	\step \p2
	\step \p3
	.endm

/* Four pixels: the exact sums, requantised and stored. Between, the next row is reduced. */
	.macro PIXELS p0, p1, p2, p3, m0, m1, m2, m3, m4, m5, t
	EACH NINTH, \p0, \p1, \p2, \p3
	EACH SIXTY_FOURTH, \p0, \p1, \p2, \p3
	cbz w12, 1f
	EACH SCALE, \p0, \p1, \p2, \p3
	EACH AWAY, \p0, \p1, \p2, \p3
	b 2f
1:
	add x10, x2, x3
	ldr q13, [x10, #TABLE_REST]
	ldr q7, [x10, #TABLE_LEFT]
	EACH REST, \p0, \p1, \p2, \p3
	EACH SCALE_GENERAL, \p0, \p1, \p2, \p3
2:
	EACH SHIFT, \p0, \p1, \p2, \p3
	sqxtn v\p0\().4h, v\p0\().4s
	sqxtn v\p1\().4h, v\p1\().4s
	sqxtn v\p2\().4h, v\p2\().4s
	sqxtn v\p3\().4h, v\p3\().4s
	.ifnb \m0
	REDUCE1 \m0, \m1, \m2, \m3, \m4, \m5, \t
	.endif
	ins v\p0\().d[1], v\p1\().d[0]
	ins v\p2\().d[1], v\p3\().d[0]
	sqadd v\p0\().8h, v\p0\().8h, v4.8h
	sqadd v\p2\().8h, v\p2\().8h, v4.8h
	.ifnb \m0
	REDUCE2 \m0, \m1, \m2, \m3, \m4, \m5, \t
	.endif
	sqxtn v\p0\().8b, v\p0\().8h
	sqxtn v\p2\().8b, v\p2\().8h
	.ifnb \m0
	REDUCE3 \m0, \m1, \m2, \m3, \m4, \m5, \t
	.endif
	ins v\p0\().d[1], v\p2\().d[0]
	smax v\p0\().16b, v\p0\().16b, v5.16b
	mov x7, x9
	add x9, x9, x6
	smin v\p0\().16b, v\p0\().16b, v6.16b
	st1 {v\p0\().s}[0], [x7], x8
	st1 {v\p0\().s}[1], [x7], x8
	st1 {v\p0\().s}[2], [x7], x8
	st1 {v\p0\().s}[3], [x7]
	.endm

	.text
	.balign 16
	.hidden zk_winograd_outputs_run
	.global zk_winograd_outputs_run
	.type zk_winograd_outputs_run, %function
zk_winograd_outputs_run:
	stp d8, d9, [sp, #-64]!
	stp d10, d11, [sp, #16]
	stp d12, d13, [sp, #32]
	stp d14, d15, [sp, #48]
	ldp x1, x5, [x0, #ARG_M]
	ldp x6, x8, [x0, #ARG_PITCHES]
	ldp x4, x2, [x0, #ARG_N]
	ldr w12, [x2, #TABLE_PLAIN]
	lsl x4, x4, #1
	mov x3, #0
	adr x10, .Lfactors
	ldr q0, [x10]

.Lhalf:
	ldr q8, [x1]
	ldr q14, [x1, #6 * POINT]
	ldr q2, [x1, #12 * POINT]
	ldr q3, [x1, #18 * POINT]
	ldr q26, [x1, #24 * POINT]
	ldr d4, [x1, #30 * POINT]
	ldr x11, [x1, #30 * POINT + 8]
	add x9, x2, x3
	ldr q1, [x9, #TABLE_OFFSET]
	COLUMN 8, 14, 2, 3, 26, 4, 20, 9, 15, 5, 6, 27, 7, 1
	add v15.4s, v15.4s, v1.4s
	COLUMN 9, 15, 5, 6, 27, 7, 21, 10, 16, 2, 3, 28, 4, 2
	COLUMN 10, 16, 2, 3, 28, 4, 22, 11, 17, 5, 6, 29, 7, 3
	COLUMN 11, 17, 5, 6, 29, 7, 23, 12, 18, 2, 3, 30, 4, 4
	COLUMN 12, 18, 2, 3, 30, 4, 24, 13, 19, 5, 6, 31, 7, 5
	ins v7.d[1], x11
	REDUCE1 13, 19, 5, 6, 31, 7, 25
	ldr q2, [x9, #TABLE_MULTIPLIER]
	REDUCE2 13, 19, 5, 6, 31, 7, 25
	ldr q3, [x9, #TABLE_RIGHT]
	REDUCE3 13, 19, 5, 6, 31, 7, 25
	add x10, x0, #ARG_ZERO_POINT
	ld1r {v4.8h}, [x10]
	add x10, x0, #ARG_LO
	ld1r {v5.16b}, [x10]
	add x10, x0, #ARG_HI
	ld1r {v6.16b}, [x10]
	add x9, x5, x3, lsr #2

	/* a row's fourth result lies in m4, its third in t; t is free again with the row after */
	REDUCE1 8, 9, 10, 11, 12, 13, 1
	REDUCE2 8, 9, 10, 11, 12, 13, 1
	REDUCE3 8, 9, 10, 11, 12, 13, 1
	PIXELS 8, 9, 1, 12, 14, 15, 16, 17, 18, 19, 10
	PIXELS 14, 15, 10, 18, 20, 21, 22, 23, 24, 25, 11
	PIXELS 20, 21, 11, 24, 26, 27, 28, 29, 30, 31, 16
	PIXELS 26, 27, 16, 30

	eor x3, x3, #16
	add x1, x1, #16
	subs x4, x4, #1
	add x10, x5, x8, lsl #2
	tst x4, #1
	csel x5, x10, x5, eq
	cbnz x4, .Lhalf
	ldp d10, d11, [sp, #16]
	ldp d12, d13, [sp, #32]
	ldp d14, d15, [sp, #48]
	ldp d8, d9, [sp], #64
	ret
	.size zk_winograd_outputs_run, . - zk_winograd_outputs_run

	.balign 16
.Lfactors:
	.word 2, 4, 8, 0x38e38e39

	.section .note.GNU-stack, "", %progbits
