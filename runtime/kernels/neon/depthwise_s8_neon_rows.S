/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void zk_neon_rows_run(const zk_neon_block8 *, const zk_neon_windows *): 3x3 windows along rows,
 * eight channels. Three windows a turn, so that each column of the input is loaded once, and stays
 * in registers for all its windows. In assembly because it takes all 32 registers: compilers spill.
 *
 *   v0-v2, v3-v5, v6-v8 three columns, widened, less their zero point   v16-v24 weights
 *   v25-v30 sums of three windows   v31 the zero point   v9-v15 what is loaded, and constants
 *   x0 block  x1-x3 rows  x4 out  x5 step  x6 windows left  x7 flags  x12 windows of a row
 *   x9-x11, x16 the next row's beginnings  x13 rows left  x14, x15 from row to row
 */
	.arch armv8-a

#define BLOCK_BIAS       144
#define BLOCK_MULTIPLIER 176
#define BLOCK_RIGHT      208
#define BLOCK_LEFT       240
#define BLOCK_ZERO_POINT 272
#define BLOCK_LO         288
#define BLOCK_HI         296
#define BLOCK_X_ZERO     304

#define WINDOWS_OUT    24
#define WINDOWS_N      40
#define WINDOWS_ROWS   56
#define WINDOWS_PITCH  64

	/* a column's three values, eight channels each */
	.macro LOAD r0, r1, r2
	ld1 {v\r0\().8b}, [x1], x5
	ld1 {v\r1\().8b}, [x2], x5
	ld1 {v\r2\().8b}, [x3], x5
	.endm
	.macro WIDEN c0, c1, c2, r0, r1, r2
	ssubl v\c0\().8h, v\r0\().8b, v31.8b
	ssubl v\c1\().8h, v\r1\().8b, v31.8b
	ssubl v\c2\().8h, v\r2\().8b, v31.8b
	.endm
	.macro NOTHING c0, c1, c2
	movi v\c0\().8h, #0
	movi v\c1\().8h, #0
	movi v\c2\().8h, #0
	.endm

	/* a column times its weights: the left one begins the sums */
	.macro TIMES low, high, x, w
	smlal v\low\().4s, v\x\().4h, v\w\().4h
	smlal2 v\high\().4s, v\x\().8h, v\w\().8h
	.endm
	.macro LEFT low, high, c0, c1, c2
	smull v\low\().4s, v\c0\().4h, v16.4h
	smull2 v\high\().4s, v\c0\().8h, v16.8h
	TIMES \low, \high, \c1, 19
	TIMES \low, \high, \c2, 22
	.endm
	.macro MIDDLE low, high, c0, c1, c2
	TIMES \low, \high, \c0, 17
	TIMES \low, \high, \c1, 20
	TIMES \low, \high, \c2, 23
	.endm
	.macro RIGHT low, high, c0, c1, c2
	TIMES \low, \high, \c0, 18
	TIMES \low, \high, \c1, 21
	TIMES \low, \high, \c2, 24
	.endm

	/* a window whose right column is loaded, or its middle one too */
	.macro WINDOW1 low, high, a0, a1, a2, b0, b1, b2, c0, c1, c2
	LOAD 12, 13, 14
	LEFT \low, \high, \a0, \a1, \a2
	MIDDLE \low, \high, \b0, \b1, \b2
	WIDEN \c0, \c1, \c2, 12, 13, 14
	RIGHT \low, \high, \c0, \c1, \c2
	.endm
	.macro WINDOW2 low, high, a0, a1, a2, b0, b1, b2, c0, c1, c2
	LOAD 9, 10, 11
	LOAD 12, 13, 14
	LEFT \low, \high, \a0, \a1, \a2
	WIDEN \b0, \b1, \b2, 9, 10, 11
	MIDDLE \low, \high, \b0, \b1, \b2
	WIDEN \c0, \c1, \c2, 12, 13, 14
	RIGHT \low, \high, \c0, \c1, \c2
	.endm

	.macro BIAS low, high
	add v\low\().4s, v\low\().4s, v9.4s
	add v\high\().4s, v\high\().4s, v10.4s
	.endm
	.macro SCALE low, high
	sqrdmulh v\low\().4s, v\low\().4s, v11.4s
	sqrdmulh v\high\().4s, v\high\().4s, v12.4s
	.endm
	/* srshl rounds ties up: negative values one less, and they go away from zero */
	.macro AWAY low, high
	ssra v\low\().4s, v\low\().4s, #31
	ssra v\high\().4s, v\high\().4s, #31
	.endm
	/* the same where some shifts are to the left, or none: those lanes stay */
	.macro RAISE low, high
	sqshl v\low\().4s, v\low\().4s, v9.4s
	sqshl v\high\().4s, v\high\().4s, v10.4s
	.endm
	.macro AWAY_OR_STAY low, high
	and v9.16b, v\low\().16b, v13.16b
	and v10.16b, v\high\().16b, v14.16b
	ssra v\low\().4s, v9.4s, #31
	ssra v\high\().4s, v10.4s, #31
	.endm
	.macro SHIFT low, high
	srshl v\low\().4s, v\low\().4s, v13.4s
	srshl v\high\().4s, v\high\().4s, v14.4s
	.endm

	.macro REQUANTISE3
	ldp q9, q10, [x0, #BLOCK_BIAS]
	ldp q11, q12, [x0, #BLOCK_MULTIPLIER]
	BIAS 25, 26
	BIAS 27, 28
	BIAS 29, 30
	tbnz x7, #3, 1f
	SCALE 25, 26
	SCALE 27, 28
	SCALE 29, 30
	ldp q13, q14, [x0, #BLOCK_RIGHT]
	tbnz x7, #4, 2f
	AWAY 25, 26
	AWAY 27, 28
	AWAY 29, 30
	b 2f
1:
	ldp q9, q10, [x0, #BLOCK_LEFT]
	ldp q13, q14, [x0, #BLOCK_RIGHT]
	RAISE 25, 26
	RAISE 27, 28
	RAISE 29, 30
	SCALE 25, 26
	SCALE 27, 28
	SCALE 29, 30
	AWAY_OR_STAY 25, 26
	AWAY_OR_STAY 27, 28
	AWAY_OR_STAY 29, 30
2:
	SHIFT 25, 26
	SHIFT 27, 28
	SHIFT 29, 30
	ldr q15, [x0, #BLOCK_ZERO_POINT]
	sqxtn v25.4h, v25.4s
	sqxtn v27.4h, v27.4s
	sqxtn v29.4h, v29.4s
	ldr d9, [x0, #BLOCK_LO]
	ldr d10, [x0, #BLOCK_HI]
	sqxtn2 v25.8h, v26.4s
	sqxtn2 v27.8h, v28.4s
	sqxtn2 v29.8h, v30.4s
	sqadd v25.8h, v25.8h, v15.8h
	sqadd v27.8h, v27.8h, v15.8h
	sqadd v29.8h, v29.8h, v15.8h
	sqxtn v25.8b, v25.8h
	sqxtn v27.8b, v27.8h
	sqxtn v29.8b, v29.8h
	smax v25.8b, v25.8b, v9.8b
	smax v27.8b, v27.8b, v9.8b
	smax v29.8b, v29.8b, v9.8b
	smin v25.8b, v25.8b, v10.8b
	smin v27.8b, v27.8b, v10.8b
	smin v29.8b, v29.8b, v10.8b
	st1 {v25.8b}, [x4], x5
	st1 {v27.8b}, [x4], x5
	st1 {v29.8b}, [x4], x5
	.endm
	.macro REQUANTISE1
	ldp q9, q10, [x0, #BLOCK_BIAS]
	ldp q11, q12, [x0, #BLOCK_MULTIPLIER]
	BIAS 25, 26
	ldp q13, q14, [x0, #BLOCK_RIGHT]
	tbnz x7, #3, 1f
	SCALE 25, 26
	tbnz x7, #4, 2f
	AWAY 25, 26
	b 2f
1:
	ldp q9, q10, [x0, #BLOCK_LEFT]
	RAISE 25, 26
	SCALE 25, 26
	AWAY_OR_STAY 25, 26
2:
	ldr q15, [x0, #BLOCK_ZERO_POINT]
	SHIFT 25, 26
	ldr d9, [x0, #BLOCK_LO]
	ldr d10, [x0, #BLOCK_HI]
	sqxtn v25.4h, v25.4s
	sqxtn2 v25.8h, v26.4s
	sqadd v25.8h, v25.8h, v15.8h
	sqxtn v25.8b, v25.8h
	smax v25.8b, v25.8b, v9.8b
	smin v25.8b, v25.8b, v10.8b
	st1 {v25.8b}, [x4], x5
	.endm

	.macro COPY to, from
	mov v\to\().16b, v\from\().16b
	.endm

	.text
	.balign 16
	.hidden zk_neon_rows_run
	.global zk_neon_rows_run
	.type zk_neon_rows_run, %function
zk_neon_rows_run:
	stp d8, d9, [sp, #-64]!
	stp d10, d11, [sp, #16]
	stp d12, d13, [sp, #32]
	stp d14, d15, [sp, #48]
	ldp q16, q17, [x0]
	ldp q18, q19, [x0, #32]
	ldp q20, q21, [x0, #64]
	ldp q22, q23, [x0, #96]
	ldr q24, [x0, #128]
	ldr d31, [x0, #BLOCK_X_ZERO]
	ldp x16, x5, [x1, #WINDOWS_OUT]
	ldp x12, x7, [x1, #WINDOWS_N]
	ldr x13, [x1, #WINDOWS_ROWS]
	ldp x14, x15, [x1, #WINDOWS_PITCH]
	ldp x9, x10, [x1]
	ldr x11, [x1, #16]

.Lrow:
	mov x1, x9
	mov x2, x10
	mov x3, x11
	mov x4, x16
	mov x6, x12
	add x9, x9, x14
	add x10, x10, x14
	add x11, x11, x14
	add x16, x16, x15

	/* the left column */
	tbz x7, #0, .Lleft_inside
	NOTHING 0, 1, 2
	b .Lleft_done
.Lleft_inside:
	LOAD 12, 13, 14
	WIDEN 0, 1, 2, 12, 13, 14
.Lleft_done:
	tbnz x7, #2, .Lstride2

	LOAD 12, 13, 14
	WIDEN 3, 4, 5, 12, 13, 14
	subs x6, x6, #3
	b.lt .Lrest1
.Lturn1:
	WINDOW1 25, 26, 0, 1, 2, 3, 4, 5, 6, 7, 8
	WINDOW1 27, 28, 3, 4, 5, 6, 7, 8, 0, 1, 2
	WINDOW1 29, 30, 6, 7, 8, 0, 1, 2, 3, 4, 5
	subs x6, x6, #3
	REQUANTISE3
	b.ge .Lturn1
.Lrest1:
	adds x6, x6, #3
	b.eq .Llast1
.Lsingle1:
	WINDOW1 25, 26, 0, 1, 2, 3, 4, 5, 6, 7, 8
	subs x6, x6, #1
	REQUANTISE1
	COPY 0, 3
	COPY 1, 4
	COPY 2, 5
	COPY 3, 6
	COPY 4, 7
	COPY 5, 8
	b.ne .Lsingle1
.Llast1:
	tbz x7, #1, .Lrow_done
	LEFT 25, 26, 0, 1, 2
	MIDDLE 25, 26, 3, 4, 5
	REQUANTISE1
	b .Lrow_done

.Lstride2:
	subs x6, x6, #3
	b.lt .Lrest2
.Lturn2:
	WINDOW2 25, 26, 0, 1, 2, 3, 4, 5, 6, 7, 8
	WINDOW2 27, 28, 6, 7, 8, 0, 1, 2, 3, 4, 5
	WINDOW2 29, 30, 3, 4, 5, 6, 7, 8, 0, 1, 2
	subs x6, x6, #3
	REQUANTISE3
	b.ge .Lturn2
.Lrest2:
	adds x6, x6, #3
	b.eq .Llast2
.Lsingle2:
	WINDOW2 25, 26, 0, 1, 2, 3, 4, 5, 6, 7, 8
	subs x6, x6, #1
	REQUANTISE1
	COPY 0, 6
	COPY 1, 7
	COPY 2, 8
	b.ne .Lsingle2
.Llast2:
	tbz x7, #1, .Lrow_done
	LOAD 12, 13, 14
	LEFT 25, 26, 0, 1, 2
	WIDEN 3, 4, 5, 12, 13, 14
	MIDDLE 25, 26, 3, 4, 5
	REQUANTISE1

.Lrow_done:
	subs x13, x13, #1
	b.ne .Lrow

	ldp d10, d11, [sp, #16]
	ldp d12, d13, [sp, #32]
	ldp d14, d15, [sp, #48]
	ldp d8, d9, [sp], #64
	ret
	.size zk_neon_rows_run, . - zk_neon_rows_run

	.section .note.GNU-stack, "", %progbits
