/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void zk_neon_lut_turns(const int8_t *x, const int8_t *table, int8_t *out, size_t turns): 32 bytes
 * a turn, turns >= 1; out may equal x. The Cortex-A53 takes a cycle for each register of a TBL's
 * table, 16 for one of 256 bytes, and issues loads beside it: so 16 bytes of a turn go through TBL
 * and 16 through loads of single bytes, and take as long as either would alone.
 *
 *   v16-v31 table, its upper half first: bytes of x are indices as they are   x0 x  x1 table
 *   x2 out  x3 turns left  x4, x5 eight indices each  x6-x13, x14-x17 and x19-x22 their values
 */
	.arch armv8-a

	/* an index, and the value in its place */
	.macro INDEX to, word, byte
	ubfx x\to, x\word, #8 * \byte, #8
	.endm
	.macro VALUE of
	ldrb w\of, [x1, x\of]
	.endm
	.macro JOIN to, from, bytes
	bfi x\to, x\from, #8 * \bytes, #8 * \bytes
	.endm

	.text
	.balign 16
	.hidden zk_neon_lut_turns
	.global zk_neon_lut_turns
	.type zk_neon_lut_turns, %function
zk_neon_lut_turns:
	stp x19, x20, [sp, #-32]!
	stp x21, x22, [sp, #16]
	add x6, x1, #128
	ld1 {v16.16b-v19.16b}, [x6], #64
	ld1 {v20.16b-v23.16b}, [x6]
	add x6, x1, #64
	ld1 {v24.16b-v27.16b}, [x1]
	ld1 {v28.16b-v31.16b}, [x6]
	movi v4.16b, #64
	movi v5.16b, #128
	movi v6.16b, #192

.Lturn:
	ldp x4, x5, [x0, #16]
	ldr q0, [x0], #32
	eor x4, x4, #0x8080808080808080
	eor x5, x5, #0x8080808080808080
	tbl v1.16b, {v16.16b-v19.16b}, v0.16b
	INDEX 6, 4, 0
	INDEX 7, 4, 1
	VALUE 6
	INDEX 8, 4, 2
	VALUE 7
	INDEX 9, 4, 3
	VALUE 8
	sub v2.16b, v0.16b, v4.16b
	VALUE 9
	INDEX 10, 4, 4
	sub v3.16b, v0.16b, v5.16b
	INDEX 11, 4, 5
	tbl v2.16b, {v20.16b-v23.16b}, v2.16b
	VALUE 10
	INDEX 12, 4, 6
	VALUE 11
	INDEX 13, 4, 7
	VALUE 12
	JOIN 6, 7, 1
	VALUE 13
	JOIN 8, 9, 1
	sub v0.16b, v0.16b, v6.16b
	INDEX 14, 5, 0
	tbl v3.16b, {v24.16b-v27.16b}, v3.16b
	INDEX 15, 5, 1
	VALUE 14
	INDEX 16, 5, 2
	VALUE 15
	JOIN 10, 11, 1
	VALUE 16
	JOIN 6, 8, 2
	INDEX 17, 5, 3
	INDEX 19, 5, 4
	orr v1.16b, v1.16b, v2.16b
	VALUE 17
	tbl v0.16b, {v28.16b-v31.16b}, v0.16b
	VALUE 19
	JOIN 12, 13, 1
	INDEX 20, 5, 5
	INDEX 21, 5, 6
	VALUE 20
	INDEX 22, 5, 7
	VALUE 21
	JOIN 10, 12, 2
	VALUE 22
	orr v1.16b, v1.16b, v3.16b
	JOIN 14, 15, 1
	JOIN 16, 17, 1
	JOIN 19, 20, 1
	JOIN 6, 10, 4
	subs x3, x3, #1
	orr v1.16b, v1.16b, v0.16b
	JOIN 21, 22, 1
	JOIN 14, 16, 2
	JOIN 19, 21, 2
	str q1, [x2], #32
	JOIN 14, 19, 4
	stp x6, x14, [x2, #-16]
	b.ne .Lturn

	ldp x21, x22, [sp, #16]
	ldp x19, x20, [sp], #32
	ret
	.size zk_neon_lut_turns, . - zk_neon_lut_turns

	.section .note.GNU-stack, "", %progbits
