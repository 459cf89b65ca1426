/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void zk_neon_quads_run(const zk_neon_quads *): products of 4 pixels and 4 channels, 16 sums, in
 * registers; then their requantisation. In assembly because the Cortex-A53 issues in order: a
 * 128-bit load stops everything for two cycles, where the same load in halves, one through a
 * general register, takes one, and compilers do not split it.
 *
 * A step is 16 values of a row. Values i and i + 8 are multiplied and added in 16 bits (smull,
 * smlal2), pairs of lanes then in 32 (sadalp): 4 cycles for 16 products. The loads of the next step
 * lie between: weights go to the other of two sets of registers, a row to its own, which is free
 * once it is multiplied.
 *
 *   v0-v3 rows of x   v4-v7, v12-v15 weights   v8-v11 products   v16-v31 sums, 4 for each pixel
 *   x0 arguments  x1 weights  x2-x5 rows  x6 steps left  x7 out  x8 next quad  x9-x11 upper halves
 *   x12 steps  x13 quads left  x14 block  x15, x16 pitches  x17 sums of rows  x19-x22 upper halves
 */
	.arch armv8-a

#define ARG_X          0
#define ARG_OUT        16
#define ARG_BLOCK      32
#define ARG_STEPS      48
#define ARG_HALF       56
#define ARG_SUMS       64
#define ARG_ZERO_POINT 72
#define ARG_LO         74
#define ARG_HI         75

#define BLOCK_BIAS       0
#define BLOCK_MULTIPLIER 16
#define BLOCK_RIGHT      32
#define BLOCK_LEFT       48
#define BLOCK_ZERO       64
#define BLOCK_PLAIN      80
#define BLOCK_PAIRS      84
#define BLOCK_W          96

/* One pixel of a step. `first`: the sums begin here. `load`: what the next step needs: its row, and
 * the weights of one channel, `next`, which lie at `at`. The upper half of the row is put in place
 * by the pixel after this one, which is `late`; its general register is `upper`. */
	.macro PIXEL x, w0, w1, w2, w3, a0, a1, a2, a3, row, upper, late, late_upper, next, at, first, load
	smull v8.8h, v\x\().8b, v\w0\().8b
	.if \load
	ldr x11, [x1, #\at + 8]
	.endif
	smull v9.8h, v\x\().8b, v\w1\().8b
	.if \load
	ldr x\upper, [x\row, #24]
	.endif
	smull v10.8h, v\x\().8b, v\w2\().8b
	smull v11.8h, v\x\().8b, v\w3\().8b
	.if \load
	ldr d\next, [x1, #\at]
	.endif
	.if \load || \x == 0
	ins v\late\().d[1], x\late_upper
	.endif
	smlal2 v8.8h, v\x\().16b, v\w0\().16b
	smlal2 v9.8h, v\x\().16b, v\w1\().16b
	smlal2 v10.8h, v\x\().16b, v\w2\().16b
	smlal2 v11.8h, v\x\().16b, v\w3\().16b
	.if \load
	ldr d\x, [x\row, #16]!
	ins v\next\().d[1], x11
	.endif
	.if \first
	saddlp v\a0\().4s, v8.8h
	saddlp v\a1\().4s, v9.8h
	saddlp v\a2\().4s, v10.8h
	saddlp v\a3\().4s, v11.8h
	.else
	sadalp v\a0\().4s, v8.8h
	sadalp v\a1\().4s, v9.8h
	sadalp v\a2\().4s, v10.8h
	sadalp v\a3\().4s, v11.8h
	.endif
	.endm

/* A step with weights w0.. of this one and n0.. of the next. */
	.macro STEP w0, w1, w2, w3, n0, n1, n2, n3, first, load
	PIXEL 0, \w0, \w1, \w2, \w3, 16, 17, 18, 19, 2, 9, 3, 10, \n0, 64, \first, \load
	PIXEL 1, \w0, \w1, \w2, \w3, 20, 21, 22, 23, 3, 10, 0, 9, \n1, 80, \first, \load
	PIXEL 2, \w0, \w1, \w2, \w3, 24, 25, 26, 27, 4, 9, 1, 10, \n2, 96, \first, \load
	PIXEL 3, \w0, \w1, \w2, \w3, 28, 29, 30, 31, 5, 10, 2, 9, \n3, 112, \first, \load
	.if \load
	add x1, x1, #64
	.endif
	.endm
	.macro EVEN first, load
	STEP 4, 5, 6, 7, 12, 13, 14, 15, \first, \load
	.endm
	.macro ODD load
	STEP 12, 13, 14, 15, 4, 5, 6, 7, 0, \load
	.endm

/* Eight values of one pixel. */
	.macro PIXEL_HALF sum, x, a0, a1, a2, a3
	smull v8.8h, v\x\().8b, v4.8b
	smull v9.8h, v\x\().8b, v5.8b
	smull v10.8h, v\x\().8b, v6.8b
	smull v11.8h, v\x\().8b, v7.8b
	\sum v\a0\().4s, v8.8h
	\sum v\a1\().4s, v9.8h
	\sum v\a2\().4s, v10.8h
	\sum v\a3\().4s, v11.8h
	.endm
	.macro HALF sum, x_at, w_at
	ldr d4, [x1, #\w_at]
	ldr d5, [x1, #\w_at + 8]
	ldr d6, [x1, #\w_at + 16]
	ldr d7, [x1, #\w_at + 24]
	ldr d0, [x2, #\x_at]
	ldr d1, [x3, #\x_at]
	ldr d2, [x4, #\x_at]
	ldr d3, [x5, #\x_at]
	PIXEL_HALF \sum, 0, 16, 17, 18, 19
	PIXEL_HALF \sum, 1, 20, 21, 22, 23
	PIXEL_HALF \sum, 2, 24, 25, 26, 27
	PIXEL_HALF \sum, 3, 28, 29, 30, 31
	.endm

/* One product a lane, for weights whose pairs do not fit. */
	.macro PIXEL_SINGLE x, a0, a1, a2, a3
	.irp part, l, h
	.ifc \part, l
	smull v8.8h, v\x\().8b, v4.8b
	smull v9.8h, v\x\().8b, v5.8b
	smull v10.8h, v\x\().8b, v6.8b
	smull v11.8h, v\x\().8b, v7.8b
	.else
	smull2 v8.8h, v\x\().16b, v4.16b
	smull2 v9.8h, v\x\().16b, v5.16b
	smull2 v10.8h, v\x\().16b, v6.16b
	smull2 v11.8h, v\x\().16b, v7.16b
	.endif
	sadalp v\a0\().4s, v8.8h
	sadalp v\a1\().4s, v9.8h
	sadalp v\a2\().4s, v10.8h
	sadalp v\a3\().4s, v11.8h
	.endr
	.endm

/* Rows of the quad at x8; x8 goes to the one after it. */
	.macro ROWS
	mov x2, x8
	add x3, x8, x15
	add x4, x3, x15
	add x5, x4, x15
	add x8, x5, x15
	.endm

/* The product where shifts are to the left, or none: those lanes are not made one less. */
	.macro SCALE_GENERAL v
	sqshl v\v\().4s, v\v\().4s, v19.4s
	sqrdmulh v\v\().4s, v\v\().4s, v17.4s
	and v20.16b, v\v\().16b, v18.16b
	ssra v\v\().4s, v20.4s, #31
	.endm

/* Adds up lanes: then v8 to v11 are the pixels, their lanes the channels. Requantises and stores
 * them. `load`: in the gaps, the first step of the next quad; after the last one, the same quad's
 * again, which nothing reads. */
	.macro REQUANTISE again, load
	addp v8.4s, v16.4s, v17.4s
	.if \load
	sub x9, x8, x15, lsl #2
	.endif
	addp v9.4s, v18.4s, v19.4s
	subs x13, x13, #1
	addp v10.4s, v20.4s, v21.4s
	.if \load
	csel x8, x9, x8, eq
	.endif
	addp v11.4s, v22.4s, v23.4s
	mov x2, x8
	addp v12.4s, v24.4s, v25.4s
	add x3, x8, x15
	addp v13.4s, v26.4s, v27.4s
	add x4, x3, x15
	addp v14.4s, v28.4s, v29.4s
	add x5, x4, x15
	addp v15.4s, v30.4s, v31.4s
	add x8, x5, x15
	ldr q16, [x14, #BLOCK_BIAS]
	addp v8.4s, v8.4s, v9.4s
	ldr w11, [x14, #BLOCK_PLAIN]
	addp v9.4s, v10.4s, v11.4s
	addp v10.4s, v12.4s, v13.4s
	addp v11.4s, v14.4s, v15.4s
	ldr q17, [x14, #BLOCK_MULTIPLIER]
	add v8.4s, v8.4s, v16.4s
	add v9.4s, v9.4s, v16.4s
	add v10.4s, v10.4s, v16.4s
	add v11.4s, v11.4s, v16.4s
	cbz x17, 1f
	ldr q19, [x14, #BLOCK_ZERO]
	ldr q20, [x17], #16
	mls v8.4s, v19.4s, v20.s[0]
	mls v9.4s, v19.4s, v20.s[1]
	mls v10.4s, v19.4s, v20.s[2]
	mls v11.4s, v19.4s, v20.s[3]
1:
	ldr q18, [x14, #BLOCK_RIGHT]
	cbz w11, 3f
	sqrdmulh v8.4s, v8.4s, v17.4s
	sqrdmulh v9.4s, v9.4s, v17.4s
	sqrdmulh v10.4s, v10.4s, v17.4s
	sqrdmulh v11.4s, v11.4s, v17.4s
	/* srshl rounds ties up: negative values one less, and they go away from zero */
	ssra v8.4s, v8.4s, #31
	ssra v9.4s, v9.4s, #31
	ssra v10.4s, v10.4s, #31
	ssra v11.4s, v11.4s, #31
2:
	.if \load
	ldr x9, [x14, #BLOCK_W + 8]
	srshl v8.4s, v8.4s, v18.4s
	ldr x11, [x14, #BLOCK_W + 24]
	srshl v9.4s, v9.4s, v18.4s
	ldr x6, [x14, #BLOCK_W + 40]
	srshl v10.4s, v10.4s, v18.4s
	ldr x19, [x14, #BLOCK_W + 56]
	srshl v11.4s, v11.4s, v18.4s
	ldr x20, [x2, #8]
	add x1, x0, #ARG_ZERO_POINT
	sqxtn v8.4h, v8.4s
	sqxtn v9.4h, v9.4s
	sqxtn v10.4h, v10.4s
	sqxtn v11.4h, v11.4s
	ldr d4, [x14, #BLOCK_W]
	ldr d5, [x14, #BLOCK_W + 16]
	ld1r {v13.8h}, [x1]
	ins v8.d[1], v9.d[0]
	ldr x21, [x3, #8]
	ins v10.d[1], v11.d[0]
	ldr x22, [x4, #8]
	sqadd v8.8h, v8.8h, v13.8h
	ldr x10, [x5, #8] /* goes to v3 in the step */
	sqadd v10.8h, v10.8h, v13.8h
	add x1, x0, #ARG_LO
	ldr d6, [x14, #BLOCK_W + 32]
	ins v4.d[1], x9
	ldr d7, [x14, #BLOCK_W + 48]
	ins v5.d[1], x11
	sqxtn v8.8b, v8.8h
	sqxtn v10.8b, v10.8h
	ld1r {v14.8b}, [x1]
	add x1, x0, #ARG_HI
	ldr d0, [x2]
	ins v6.d[1], x6
	ldr d1, [x3]
	ins v7.d[1], x19
	ld1r {v15.8b}, [x1]
	smax v8.8b, v8.8b, v14.8b
	smax v10.8b, v10.8b, v14.8b
	ldr d2, [x4]
	ins v0.d[1], x20
	ldr d3, [x5]
	ins v1.d[1], x21
	smin v8.8b, v8.8b, v15.8b
	smin v10.8b, v10.8b, v15.8b
	mov x6, x12
	ins v2.d[1], x22
	.else
	srshl v8.4s, v8.4s, v18.4s
	srshl v9.4s, v9.4s, v18.4s
	srshl v10.4s, v10.4s, v18.4s
	srshl v11.4s, v11.4s, v18.4s
	add x1, x0, #ARG_ZERO_POINT
	ld1r {v13.8h}, [x1]
	add x1, x0, #ARG_LO
	ld1r {v14.8b}, [x1]
	add x1, x0, #ARG_HI
	ld1r {v15.8b}, [x1]
	sqxtn v8.4h, v8.4s
	sqxtn v10.4h, v10.4s
	sqxtn2 v8.8h, v9.4s
	sqxtn2 v10.8h, v11.4s
	sqadd v8.8h, v8.8h, v13.8h
	sqadd v10.8h, v10.8h, v13.8h
	sqxtn v8.8b, v8.8h
	sqxtn v10.8b, v10.8h
	smax v8.8b, v8.8b, v14.8b
	smax v10.8b, v10.8b, v14.8b
	smin v8.8b, v8.8b, v15.8b
	smin v10.8b, v10.8b, v15.8b
	mov x6, x12
	.endif
	add x1, x14, #BLOCK_W
	st1 {v8.s}[0], [x7], x16
	st1 {v8.s}[1], [x7], x16
	st1 {v10.s}[0], [x7], x16
	st1 {v10.s}[1], [x7], x16
	b.ne \again
	b .Lreturn

3:
	ldr q19, [x14, #BLOCK_LEFT]
	SCALE_GENERAL 8
	SCALE_GENERAL 9
	SCALE_GENERAL 10
	SCALE_GENERAL 11
	b 2b
	.endm

	.text
	.balign 16
	.hidden zk_neon_quads_run
	.global zk_neon_quads_run
	.type zk_neon_quads_run, %function
zk_neon_quads_run:
	stp d8, d9, [sp, #-96]!
	stp d10, d11, [sp, #16]
	stp d12, d13, [sp, #32]
	stp d14, d15, [sp, #48]
	stp x19, x20, [sp, #64]
	stp x21, x22, [sp, #80]
	ldp x8, x15, [x0, #ARG_X]
	ldp x7, x16, [x0, #ARG_OUT]
	ldp x14, x13, [x0, #ARG_BLOCK]
	ldr x12, [x0, #ARG_STEPS]
	ldr x17, [x0, #ARG_SUMS]
	ldr w9, [x14, #BLOCK_PAIRS]
	add x1, x14, #BLOCK_W
	ROWS
	mov x6, x12
	cbz w9, .Lsingle
	cbz x12, .Lonly_half

	/* the first step of the first quad */
	ldr x9, [x1, #8]
	ldr x10, [x1, #24]
	ldr d4, [x1]
	ldr d5, [x1, #16]
	ldr d6, [x1, #32]
	ldr d7, [x1, #48]
	ins v4.d[1], x9
	ins v5.d[1], x10
	ldr x9, [x1, #40]
	ldr x10, [x1, #56]
	ldr d0, [x2]
	ldr d1, [x3]
	ldr d2, [x4]
	ldr d3, [x5]
	ins v6.d[1], x9
	ins v7.d[1], x10
	ldr x9, [x2, #8]
	ldr x10, [x3, #8]
	ldr x11, [x4, #8]
	ins v0.d[1], x9
	ins v1.d[1], x10
	ins v2.d[1], x11
	ldr x10, [x5, #8] /* goes to v3 in the step */

.Lquad:
	subs x6, x6, #1
	b.eq .Lfirst_is_last
	EVEN 1, 1
.Lsteps:
	subs x6, x6, #2
	b.lt .Llast_is_odd
	b.eq .Llast_is_even
	ODD 1
	EVEN 0, 1
	b .Lsteps
.Lfirst_is_last:
	EVEN 1, 0
	b .Lhalf
.Llast_is_even:
	ODD 1
	EVEN 0, 0
	b .Lhalf
.Llast_is_odd:
	ODD 0
.Lhalf:
	ldr x9, [x0, #ARG_HALF]
	cbz x9, .Lwhole
	HALF sadalp, 16, 64
.Lwhole:
	REQUANTISE .Lquad, 1

.Lonly_half:
	HALF saddlp, 0, 0
	REQUANTISE .Lonly_half, 0

.Lsingle:
	.irp a, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	movi v\a\().4s, #0
	.endr
.Lsingle_step:
	ldr q0, [x2], #16
	ldr q1, [x3], #16
	ldr q2, [x4], #16
	ldr q3, [x5], #16
	ldp q4, q5, [x1]
	ldp q6, q7, [x1, #32]
	add x1, x1, #64
	subs x6, x6, #1
	PIXEL_SINGLE 0, 16, 17, 18, 19
	PIXEL_SINGLE 1, 20, 21, 22, 23
	PIXEL_SINGLE 2, 24, 25, 26, 27
	PIXEL_SINGLE 3, 28, 29, 30, 31
	b.ne .Lsingle_step
	ldr x9, [x0, #ARG_HALF]
	cbz x9, .Lsingle_whole
	HALF sadalp, 0, 0
.Lsingle_whole:
	REQUANTISE .Lsingle, 0

.Lreturn:
	ldp d10, d11, [sp, #16]
	ldp d12, d13, [sp, #32]
	ldp d14, d15, [sp, #48]
	ldp x19, x20, [sp, #64]
	ldp x21, x22, [sp, #80]
	ldp d8, d9, [sp], #96
	ret
	.size zk_neon_quads_run, . - zk_neon_quads_run

	.section .note.GNU-stack, "", %progbits
