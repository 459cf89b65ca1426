/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void zk_neon_f32_rows_run(const zk_neon_f32_rows *): 8 rows times 8 channels, 64 sums in
 * registers. In assembly because the Cortex-A53 issues in order and a 128-bit load stops everything
 * for two cycles: in halves, one through a general register, it takes one, beside an `ins` of the
 * load before.
 *
 * A step is two places of the depth. A phase of it is two rows: eight products of four lanes, each
 * sum four apart; the values of both rows lie in one register. In its gaps a phase loads weights of
 * the next step into the other of two sets, and, when they are multiplied, the next values of its
 * rows, whose upper half is put in place by the phase after it.
 *
 *   v16-v31 sums, two a row   v0-v3, v4-v7 weights: place 0, place 1   v8-v11 values of rows
 *   x0 arguments  x1 start  x2-x9 rows, then outputs  x10 weights  x11 steps  x12, x13 upper halves
 */
	.arch armv8-a

#define ARG_OUT   64
#define ARG_W     128
#define ARG_START 136
#define ARG_STEPS 144
#define ARG_ODD   152
#define ARG_CLAMP 156
#define ARG_LO    160
#define ARG_HI    164

/* Rows `even` and `odd`. x: their values; w0-w3: weights; a0-a3: sums. `load`: of the next step the
 * weights `next`, which lie at `at`, and the values; `put`: values whose upper half is in x13 and
 * belongs to `late`. */
	.macro PHASE x, even, odd, w0, w1, w2, w3, a0, a1, a2, a3, next, at, late, load, put
	fmla v\a0\().4s, v\w0\().4s, v\x\().s[0]
	.if \load
	ldr x12, [x10, #\at + 8]
	.endif
	fmla v\a1\().4s, v\w1\().4s, v\x\().s[0]
	fmla v\a2\().4s, v\w0\().4s, v\x\().s[2]
	fmla v\a3\().4s, v\w1\().4s, v\x\().s[2]
	.if \load
	ldr d\next, [x10, #\at]
	.endif
	.if \put
	ins v\late\().d[1], x13
	.endif
	fmla v\a0\().4s, v\w2\().4s, v\x\().s[1]
	.if \load
	ldr x13, [x\odd], #8
	.endif
	fmla v\a1\().4s, v\w3\().4s, v\x\().s[1]
	fmla v\a2\().4s, v\w2\().4s, v\x\().s[3]
	fmla v\a3\().4s, v\w3\().4s, v\x\().s[3]
	.if \load
	ldr d\x, [x\even], #8
	ins v\next\().d[1], x12
	.endif
	.endm

	.macro STEP w0, w1, w2, w3, n0, n1, n2, n3, load
	PHASE 8, 2, 3, \w0, \w1, \w2, \w3, 16, 17, 18, 19, \n0, 0, 11, \load, 1
	PHASE 9, 4, 5, \w0, \w1, \w2, \w3, 20, 21, 22, 23, \n1, 16, 8, \load, \load
	PHASE 10, 6, 7, \w0, \w1, \w2, \w3, 24, 25, 26, 27, \n2, 32, 9, \load, \load
	PHASE 11, 8, 9, \w0, \w1, \w2, \w3, 28, 29, 30, 31, \n3, 48, 10, \load, \load
	.if \load
	add x10, x10, #64
	.endif
	.endm
	.macro EVEN load
	STEP 0, 1, 2, 3, 4, 5, 6, 7, \load
	.endm
	.macro ODD load
	STEP 4, 5, 6, 7, 0, 1, 2, 3, \load
	.endm

/* One place of the depth more for row x. */
	.macro PLACE x, a0, a1
	ldr s8, [x\x]
	fmla v\a0\().4s, v0.4s, v8.s[0]
	fmla v\a1\().4s, v1.4s, v8.s[0]
	.endm

/* NaN passes, and of zeros the value's sign. */
	.macro CLAMP a0, a1
	fcmgt v0.4s, v8.4s, v\a0\().4s
	fcmgt v1.4s, v8.4s, v\a1\().4s
	fcmgt v2.4s, v\a0\().4s, v9.4s
	fcmgt v3.4s, v\a1\().4s, v9.4s
	bit v\a0\().16b, v8.16b, v0.16b
	bit v\a1\().16b, v8.16b, v1.16b
	bit v\a0\().16b, v9.16b, v2.16b
	bit v\a1\().16b, v9.16b, v3.16b
	.endm

	.macro LOAD_OUTPUTS
	ldp x2, x3, [x0, #ARG_OUT]
	ldp x4, x5, [x0, #ARG_OUT + 16]
	ldp x6, x7, [x0, #ARG_OUT + 32]
	ldp x8, x9, [x0, #ARG_OUT + 48]
	.endm

	.text
	.align 6
	.global zk_neon_f32_rows_run
	.hidden zk_neon_f32_rows_run
	.type zk_neon_f32_rows_run, %function
zk_neon_f32_rows_run:
	ldp x10, x1, [x0, #ARG_W]
	stp d8, d9, [sp, #-32]!
	stp d10, d11, [sp, #16]
	cbz x1, 1f
	ldp q16, q17, [x1]
	.irp a, 18, 20, 22, 24, 26, 28, 30
	mov v\a\().16b, v16.16b
	.endr
	.irp a, 19, 21, 23, 25, 27, 29, 31
	mov v\a\().16b, v17.16b
	.endr
	b 2f
1:
	LOAD_OUTPUTS
	ldp q16, q17, [x2]
	ldp q18, q19, [x3]
	ldp q20, q21, [x4]
	ldp q22, q23, [x5]
	ldp q24, q25, [x6]
	ldp q26, q27, [x7]
	ldp q28, q29, [x8]
	ldp q30, q31, [x9]
2:
	ldp x2, x3, [x0]
	ldp x4, x5, [x0, #16]
	ldp x6, x7, [x0, #32]
	ldp x8, x9, [x0, #48]
	ldr x11, [x0, #ARG_STEPS]
	ldr d8, [x2], #8
	ldr d9, [x4], #8
	ldr d10, [x6], #8
	ldr d11, [x8], #8
	ldr x12, [x3], #8
	ldr x13, [x5], #8
	ldr x14, [x7], #8
	ins v8.d[1], x12
	ins v9.d[1], x13
	ins v10.d[1], x14
	ldr x13, [x9], #8
	ldp q0, q1, [x10]
	ldp q2, q3, [x10, #32]
	add x10, x10, #64
	subs x11, x11, #2
	b.le 4f
3:
	EVEN 1
	subs x11, x11, #2
	ODD 1
	b.gt 3b
4:
	b.lt 5f
	EVEN 1
	ODD 0
	b 6f
5:
	EVEN 0
6:
	ldr w11, [x0, #ARG_ODD]
	cbz w11, 7f
	ldp q0, q1, [x10]
	PLACE 2, 16, 17
	PLACE 3, 18, 19
	PLACE 4, 20, 21
	PLACE 5, 22, 23
	PLACE 6, 24, 25
	PLACE 7, 26, 27
	PLACE 8, 28, 29
	PLACE 9, 30, 31
7:
	LOAD_OUTPUTS
	ldr w11, [x0, #ARG_CLAMP]
	cbz w11, 8f
	add x12, x0, #ARG_LO
	add x13, x0, #ARG_HI
	ld1r {v8.4s}, [x12]
	ld1r {v9.4s}, [x13]
	CLAMP 16, 17
	CLAMP 18, 19
	CLAMP 20, 21
	CLAMP 22, 23
	CLAMP 24, 25
	CLAMP 26, 27
	CLAMP 28, 29
	CLAMP 30, 31
8:
	stp q16, q17, [x2]
	stp q18, q19, [x3]
	stp q20, q21, [x4]
	stp q22, q23, [x5]
	stp q24, q25, [x6]
	stp q26, q27, [x7]
	stp q28, q29, [x8]
	stp q30, q31, [x9]
	ldp d10, d11, [sp, #16]
	ldp d8, d9, [sp], #32
	ret
	.size zk_neon_f32_rows_run, . - zk_neon_f32_rows_run

	.section .note.GNU-stack, "", %progbits
