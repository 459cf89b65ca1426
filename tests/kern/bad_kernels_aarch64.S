/* SPDX-License-Identifier: Apache-2.0 */
/* The table kernel, each time with one register less than a function has to keep. */
	.arch armv8-a

	.macro BAD name
	.globl bad_\name
	.hidden bad_\name
	.type bad_\name, %function
bad_\name:
	.endm

	.text
	.balign 4
	.irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
	BAD x\n
	mov x\n, #1
	b zk_lut_s8_ref
	.endr
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	BAD d\n
	movi d\n, #0
	b zk_lut_s8_ref
	.endr
	BAD sp
	sub sp, sp, #32
	b zk_lut_s8_ref
	BAD fpcr
	mov x9, #0x1000000 /* flush to zero */
	msr fpcr, x9
	b zk_lut_s8_ref

	.section .note.GNU-stack, "", %progbits
