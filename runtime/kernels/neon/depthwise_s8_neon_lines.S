/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void zk_neon_lines_run(const zk_neon_lanes8 *, const zk_neon_line *): windows over an input that
 * is laid out as 16-bit values, four vectors of eight lanes together. In assembly because every
 * load has to lie between multiplications: compilers put it in front of them, where it is waited
 * for.
 *
 *   v16-v23 sums of four vectors   v0-v7 input   v24-v30 weights   v8-v15, v31 constants
 *   x0 the constants  x1 the quad's first value  x2 out  x3 weights  x4 offsets of taps
 *   x5 taps  x6 quads left  x7 step of x  x8 step of out  x9 rows
 *   x10 pitch  x11-x15 inside a quad  x16 shifts are leftwards  x17 form
 */
	.arch armv8-a
	.altmacro

#define LANES_BIAS       0
#define LANES_MULTIPLIER 32
#define LANES_RIGHT      64
#define LANES_LEFT       96
#define LANES_ZERO_POINT 128
#define LANES_LO         144
#define LANES_HI         160
#define LANES_LEFTWARDS  176

#define LINE_X     0
#define LINE_W     16
#define LINE_TAPS  32
#define LINE_STEP  48
#define LINE_ROWS  64
#define LINE_FORM  80

	.macro TIMES low, high, x, w
	smlal v\low\().4s, v\x\().4h, v\w\().4h
	smlal2 v\high\().4s, v\x\().8h, v\w\().8h
	.endm

	/* one tap of four vectors; the next one's values replace those that are used up */
	.macro TAP w, next
	ldr x12, [x11], #8
	ldr q\next, [x13], #16
	TIMES 16, 17, 0, \w
	add x12, x1, x12
	ldr q0, [x12]
	TIMES 18, 19, 1, \w
	ldr q1, [x12, x7]
	TIMES 20, 21, 2, \w
	ldr q2, [x12, x14]
	TIMES 22, 23, 3, \w
	ldr q3, [x12, x15]
	.endm

	/* column j of a row of `kernel` taps: for each vector p the tap j - p */
	.macro COLUMN_TAP j, p, kernel, modulo
	.if \j - \p >= 0 && \j - \p < \kernel
	TIMES %(16 + 2 * \p), %(17 + 2 * \p), %((\j) % \modulo), %(24 + \j - \p)
	.endif
	.endm
	.macro LOAD_COLUMN register, offset
	ldr q\register, [x11, #\offset]
	.endm
	.macro LOAD_WEIGHT register, offset
	ldr q\register, [x13, #\offset]
	.endm
	/* what is needed two columns later; behind the last columns the next row begins */
	.macro COLUMN_AHEAD j, kernel, modulo
	.if \j == \kernel + 3
	csel x12, x10, xzr, gt
	add x11, x11, x12
	add x13, x13, #16 * \kernel
	.endif
	.if \j >= \kernel + 3
	LOAD_COLUMN %((\j) - \kernel - 3), %(16 * ((\j) - \kernel - 3))
	LOAD_WEIGHT %(24 + (\j) - \kernel - 3), %(16 * ((\j) - \kernel - 3))
	.else
	LOAD_COLUMN %((\j) % \modulo), %(16 * (\j))
	.if \j < \kernel
	LOAD_WEIGHT %(24 + (\j)), %(16 * (\j))
	.endif
	.endif
	.endm
	.macro COLUMN j, kernel, modulo
	COLUMN_TAP \j, 0, \kernel, \modulo
	COLUMN_TAP \j, 1, \kernel, \modulo
	COLUMN_AHEAD %(\j + 2), \kernel, \modulo
	COLUMN_TAP \j, 2, \kernel, \modulo
	COLUMN_TAP \j, 3, \kernel, \modulo
	.endm
	.macro ROWS kernel, modulo
	mov x11, x1
	mov x13, x3
	mov x14, x9
	LOAD_COLUMN 0, 0
	LOAD_WEIGHT 24, 0
	LOAD_COLUMN 1, 16
	LOAD_WEIGHT 25, 16
.Lrow\kernel:
	subs x14, x14, #1
	.set column, 0
	.rept \kernel + 3
	COLUMN %column, \kernel, \modulo
	.set column, column + 1
	.endr
	b.ne .Lrow\kernel
	.endm

	.macro EACH op, c0, c1
	\op 16, \c0
	\op 17, \c1
	\op 18, \c0
	\op 19, \c1
	\op 20, \c0
	\op 21, \c1
	\op 22, \c0
	\op 23, \c1
	.endm
	.macro COPY to, from
	mov v\to\().16b, v\from\().16b
	.endm
	.macro RAISE acc, left
	sqshl v\acc\().4s, v\acc\().4s, v\left\().4s
	.endm
	.macro SCALE acc, multiplier
	sqrdmulh v\acc\().4s, v\acc\().4s, v\multiplier\().4s
	.endm
	/* srshl rounds ties up: negative values one less, and they go away from zero */
	.macro AWAY acc, unused
	ssra v\acc\().4s, v\acc\().4s, #31
	.endm
	/* the same where some shifts are to the left, or none: those lanes stay */
	.macro AWAY_OR_STAY acc, right
	and v6.16b, v\acc\().16b, v\right\().16b
	ssra v\acc\().4s, v6.4s, #31
	.endm
	.macro SHIFT acc, right
	srshl v\acc\().4s, v\acc\().4s, v\right\().4s
	.endm

	.text
	.balign 16
	.hidden zk_neon_lines_run
	.global zk_neon_lines_run
	.type zk_neon_lines_run, %function
zk_neon_lines_run:
	stp d8, d9, [sp, #-64]!
	stp d10, d11, [sp, #16]
	stp d12, d13, [sp, #32]
	stp d14, d15, [sp, #48]
	ldp q8, q9, [x0, #LANES_BIAS]
	ldp q10, q11, [x0, #LANES_MULTIPLIER]
	ldp q12, q13, [x0, #LANES_RIGHT]
	ldr q14, [x0, #LANES_ZERO_POINT]
	ldr q15, [x0, #LANES_LO]
	ldr q31, [x0, #LANES_HI]
	ldr x16, [x0, #LANES_LEFTWARDS]
	ldp x5, x6, [x1, #LINE_TAPS]
	ldp x7, x8, [x1, #LINE_STEP]
	ldp x9, x10, [x1, #LINE_ROWS]
	ldp x3, x4, [x1, #LINE_W]
	ldr x17, [x1, #LINE_FORM]
	ldp x1, x2, [x1, #LINE_X]

.Lquad:
	EACH COPY, 8, 9
	cbz x5, .Lsummed
	cmp x17, #5
	b.eq .Lform5
	b.lt .Lform3_or_any
	ROWS 7, 7
	b .Lsummed
.Lform5:
	ROWS 5, 8
	b .Lsummed
.Lform3_or_any:
	cbz x17, .Lany
	ROWS 3, 8
	b .Lsummed

.Lany:
	mov x11, x4
	mov x13, x3
	mov x9, x5
	add x14, x7, x7
	ldr x12, [x11], #8
	add x15, x14, x7
	ldr q24, [x13], #16
	add x12, x1, x12
	ldr q0, [x12]
	ldr q1, [x12, x7]
	ldr q2, [x12, x14]
	ldr q3, [x12, x15]
	tbz x9, #0, .Leven
	TAP 24, 25
	subs x9, x9, #1
	mov v24.16b, v25.16b
	b.eq .Lsummed
.Leven:
	TAP 24, 25
	subs x9, x9, #2
	TAP 25, 24
	b.ne .Leven

.Lsummed:
	cbnz x16, .Lleftwards
	EACH SCALE, 10, 11
	EACH AWAY, 12, 13
	b .Lscaled
.Lleftwards:
	ldp q4, q5, [x0, #LANES_LEFT]
	EACH RAISE, 4, 5
	EACH SCALE, 10, 11
	EACH AWAY_OR_STAY, 12, 13
.Lscaled:
	EACH SHIFT, 12, 13
	sqxtn v16.4h, v16.4s
	sqxtn v18.4h, v18.4s
	sqxtn v20.4h, v20.4s
	sqxtn v22.4h, v22.4s
	sqxtn2 v16.8h, v17.4s
	sqxtn2 v18.8h, v19.4s
	sqxtn2 v20.8h, v21.4s
	sqxtn2 v22.8h, v23.4s
	sqadd v16.8h, v16.8h, v14.8h
	sqadd v18.8h, v18.8h, v14.8h
	sqadd v20.8h, v20.8h, v14.8h
	sqadd v22.8h, v22.8h, v14.8h
	sqxtn v16.8b, v16.8h
	sqxtn v20.8b, v20.8h
	subs x6, x6, #1
	add x1, x1, x7, lsl #2
	sqxtn2 v16.16b, v18.8h
	sqxtn2 v20.16b, v22.8h
	smax v16.16b, v16.16b, v15.16b
	smax v20.16b, v20.16b, v15.16b
	smin v16.16b, v16.16b, v31.16b
	smin v20.16b, v20.16b, v31.16b
	st1 {v16.d}[0], [x2], x8
	st1 {v16.d}[1], [x2], x8
	st1 {v20.d}[0], [x2], x8
	st1 {v20.d}[1], [x2], x8
	b.ne .Lquad

	ldp d10, d11, [sp, #16]
	ldp d12, d13, [sp, #32]
	ldp d14, d15, [sp, #48]
	ldp d8, d9, [sp], #64
	ret
	.size zk_neon_lines_run, . - zk_neon_lines_run

	.section .note.GNU-stack, "", %progbits
