/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd's transform of windows, B^T d B, eight channels at a time: columns of pixels to 16 bits,
 * then their rows. Both ways, of d0 to d5:
 *
 *   4 (d0 - d2) + (d4 - d2)     (d4 - 4 d2) + (d3 - 4 d1)   (d4 - 4 d2) - (d3 - 4 d1)
 *   (d4 - d2) + 2 (d3 - d1)     (d4 - d2) - 2 (d3 - d1)     (d5 - d3) - 4 (d3 - d1)
 *
 * In assembly for the Cortex-A53: see conv_s8_neon_gemm_tiles.S for what its loads cost.
 */
	.arch armv8-a

/* void zk_winograd_columns_run(const zk_winograd_columns *): x1-x6 pixels, x7-x12 their steps,
 * x13 columns left, x14 out. */
	.text
	.balign 16
	.hidden zk_winograd_columns_run
	.global zk_winograd_columns_run
	.type zk_winograd_columns_run, %function
zk_winograd_columns_run:
	ldp x1, x2, [x0]
	ldp x3, x4, [x0, #16]
	ldp x5, x6, [x0, #32]
	ldp x7, x8, [x0, #48]
	ldp x9, x10, [x0, #64]
	ldp x11, x12, [x0, #80]
	ldp x13, x14, [x0, #96]
	movi v31.8h, #4
.Lcolumn:
	ld1 {v4.8b}, [x5], x11
	ld1 {v2.8b}, [x3], x9
	ld1 {v3.8b}, [x4], x10
	ld1 {v1.8b}, [x2], x8
	ld1 {v0.8b}, [x1], x7
	ld1 {v5.8b}, [x6], x12
	ssubl v16.8h, v4.8b, v2.8b
	ssubl v17.8h, v3.8b, v1.8b
	saddl v20.8h, v3.8b, v4.8b
	saddl v21.8h, v1.8b, v2.8b
	ssubl v18.8h, v0.8b, v2.8b
	ssubl v19.8h, v5.8b, v3.8b
	ssubl v22.8h, v4.8b, v3.8b
	ssubl v23.8h, v1.8b, v2.8b
	add v24.8h, v17.8h, v17.8h
	mls v20.8h, v21.8h, v31.8h
	mls v19.8h, v17.8h, v31.8h
	add v25.8h, v16.8h, v24.8h
	sub v26.8h, v16.8h, v24.8h
	subs x13, x13, #1
	mla v22.8h, v23.8h, v31.8h
	mla v16.8h, v18.8h, v31.8h
	stp q25, q26, [x14, #48]
	str q20, [x14, #16]
	str q19, [x14, #80]
	str q22, [x14, #32]
	str q16, [x14], #96
	b.ne .Lcolumn
	ret
	.size zk_winograd_columns_run, . - zk_winograd_columns_run

/* Loads of one register in two parts: see conv_s8_neon_winograd_product.S. */
	.macro FIRST at, upper
	ldr x\upper, [x0, #\at + 8]
	.endm
	.macro SECOND reg, at, late, late_upper
	ldr d\reg, [x0, #\at]
	ins v\late\().d[1], x\late_upper
	.endm

/* One row of a tile in d0-d5, transformed and stored; n0-n5 are loaded with the next one, which
 * lies `at` bytes from x0. The upper half of d5 comes from the row before in x11. */
	.macro ROW d0, d1, d2, d3, d4, d5, n0, n1, n2, n3, n4, n5, at
	FIRST \at, 10
	sub v24.8h, v\d4\().8h, v\d2\().8h
	sub v25.8h, v\d3\().8h, v\d1\().8h
	SECOND \n0, \at, \d5, 11
	FIRST \at + 96, 11
	sub v26.8h, v\d0\().8h, v\d2\().8h
	sub v27.8h, v\d5\().8h, v\d3\().8h
	SECOND \n1, \at + 96, \n0, 10
	FIRST \at + 192, 10
	mls v\d4\().8h, v\d2\().8h, v31.8h
	mls v\d3\().8h, v\d1\().8h, v31.8h
	SECOND \n2, \at + 192, \n1, 11
	FIRST \at + 288, 11
	add v28.8h, v25.8h, v25.8h
	mls v27.8h, v25.8h, v31.8h
	SECOND \n3, \at + 288, \n2, 10
	FIRST \at + 384, 10
	add v29.8h, v24.8h, v28.8h
	sub v30.8h, v24.8h, v28.8h
	SECOND \n4, \at + 384, \n3, 11
	mla v24.8h, v26.8h, v31.8h
	FIRST \at + 480, 11
	add v\d1\().8h, v\d4\().8h, v\d3\().8h
	str q27, [x2, x7]
	sub v\d2\().8h, v\d4\().8h, v\d3\().8h
	str q29, [x2, x5]
	SECOND \n5, \at + 480, \n4, 10
	str q30, [x2, x6]
	str q\d1, [x2, x3]
	str q\d2, [x2, x4]
	str q24, [x2]
	add x2, x2, x8
	.endm
	.macro EVEN at
	ROW 0, 1, 2, 3, 4, 5, 16, 17, 18, 19, 20, 21, \at
	.endm
	.macro ODD at
	ROW 16, 17, 18, 19, 20, 21, 0, 1, 2, 3, 4, 5, \at
	.endm

/* void zk_winograd_rows_run(const int16_t *columns, int64_t n, int16_t *out, int64_t pitch): x2 a
 * point of the tile, x3-x8 multiples of the pitch, x9 the tile. Reads four columns further. */
	.balign 16
	.hidden zk_winograd_rows_run
	.global zk_winograd_rows_run
	.type zk_winograd_rows_run, %function
zk_winograd_rows_run:
	lsl x3, x3, #1
	lsl x4, x3, #1
	add x5, x4, x3
	lsl x6, x4, #1
	add x7, x6, x3
	lsl x8, x5, #1
	mov x9, x2
	movi v31.8h, #4
	ldr q0, [x0]
	ldr q1, [x0, #96]
	ldr q2, [x0, #192]
	ldr q3, [x0, #288]
	ldr q4, [x0, #384]
	ldr d5, [x0, #480]
	ldr x11, [x0, #488]
.Ltile:
	EVEN 16
	ODD 32
	EVEN 48
	ODD 64
	EVEN 80
	ODD 384
	subs x1, x1, #1
	add x0, x0, #384
	add x9, x9, #16
	mov x2, x9
	b.ne .Ltile
	ret
	.size zk_winograd_rows_run, . - zk_winograd_rows_run

	.section .note.GNU-stack, "", %progbits
