/* SPDX-License-Identifier: Apache-2.0 */
/* The table kernel, each time with one register less than a function has to keep. */
	.macro BAD name
	.globl bad_\name
	.hidden bad_\name
	.type bad_\name, @function
bad_\name:
	.endm

	.text
	.balign 16
	.irp reg, rbx, rbp, r12, r13, r14, r15
	BAD \reg
	mov $1, %\reg
	jmp zk_lut_s8_ref
	.endr
	BAD rsp
	call zk_lut_s8_ref
	ret $16
	BAD mxcsr
	movl $0x9f80, -8(%rsp) /* flush to zero */
	ldmxcsr -8(%rsp)
	jmp zk_lut_s8_ref
	BAD direction
	call zk_lut_s8_ref
	std
	ret
	BAD x87
	movw $0x027f, -8(%rsp) /* 53 bits */
	fldcw -8(%rsp)
	jmp zk_lut_s8_ref

	.section .note.GNU-stack, "", @progbits
