/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uint64_t kern_call_kept(void (*call)(const void *, void *), const void *, void *): calls with a
 * pattern in every register that the callee has to keep, and returns a bit for each that came back
 * changed: x19 to x28, x29, d8 to d15, sp, fpcr. Ref: Procedure Call Standard for AArch64, 6.1.
 */
	.arch armv8-a

	.bss
	.balign 8
.Lsp:
	.skip 8

	.section .rodata
	.balign 8
.Lpattern:
	.irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
	.quad 0x5a5aa5a50f0f0000 + \n
	.endr
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	.quad 0xa5a55a5af0f00000 + \n
	.endr

	/* bit \bit of x0: \reg is not what is stored at \bit in the pattern */
	.macro KEPT bit, reg
	ldr x11, [x9, #8 * \bit]
	cmp x11, \reg
	cset x12, ne
	orr x0, x0, x12, lsl #\bit
	.endm
	.macro KEPT_D bit, reg
	fmov x13, \reg
	KEPT \bit, x13
	.endm

	.text
	.balign 4
	.globl kern_call_kept
	.hidden kern_call_kept
	.type kern_call_kept, %function
kern_call_kept:
	stp x29, x30, [sp, #-176]!
	mov x29, sp
	stp x19, x20, [sp, #16]
	stp x21, x22, [sp, #32]
	stp x23, x24, [sp, #48]
	stp x25, x26, [sp, #64]
	stp x27, x28, [sp, #80]
	stp d8, d9, [sp, #96]
	stp d10, d11, [sp, #112]
	stp d12, d13, [sp, #128]
	stp d14, d15, [sp, #144]
	mrs x9, fpcr
	str x9, [sp, #160]
	adrp x9, .Lsp
	mov x10, sp
	str x10, [x9, #:lo12:.Lsp]

	adrp x9, .Lpattern
	add x9, x9, #:lo12:.Lpattern
	ldp x19, x20, [x9]
	ldp x21, x22, [x9, #16]
	ldp x23, x24, [x9, #32]
	ldp x25, x26, [x9, #48]
	ldp x27, x28, [x9, #64]
	ldp d8, d9, [x9, #80]
	ldp d10, d11, [x9, #96]
	ldp d12, d13, [x9, #112]
	ldp d14, d15, [x9, #128]
	mov x10, x0
	mov x0, x1
	mov x1, x2
	blr x10

	mov x0, #0
	adrp x9, .Lpattern
	add x9, x9, #:lo12:.Lpattern
	KEPT 0, x19
	KEPT 1, x20
	KEPT 2, x21
	KEPT 3, x22
	KEPT 4, x23
	KEPT 5, x24
	KEPT 6, x25
	KEPT 7, x26
	KEPT 8, x27
	KEPT 9, x28
	KEPT_D 10, d8
	KEPT_D 11, d9
	KEPT_D 12, d10
	KEPT_D 13, d11
	KEPT_D 14, d12
	KEPT_D 15, d13
	KEPT_D 16, d14
	KEPT_D 17, d15
	adrp x9, .Lsp
	ldr x9, [x9, #:lo12:.Lsp]
	cmp x29, x9
	cset x12, ne
	orr x0, x0, x12, lsl #18
	mov x10, sp
	cmp x10, x9
	cset x12, ne
	orr x0, x0, x12, lsl #19
	mov sp, x9
	ldr x11, [sp, #160]
	mrs x13, fpcr
	cmp x11, x13
	cset x12, ne
	orr x0, x0, x12, lsl #20
	msr fpcr, x11

	ldp x19, x20, [sp, #16]
	ldp x21, x22, [sp, #32]
	ldp x23, x24, [sp, #48]
	ldp x25, x26, [sp, #64]
	ldp x27, x28, [sp, #80]
	ldp d8, d9, [sp, #96]
	ldp d10, d11, [sp, #112]
	ldp d12, d13, [sp, #128]
	ldp d14, d15, [sp, #144]
	ldp x29, x30, [sp], #176
	ret
	.size kern_call_kept, . - kern_call_kept

	.section .note.GNU-stack, "", %progbits
