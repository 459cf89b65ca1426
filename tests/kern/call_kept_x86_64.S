/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uint64_t kern_call_kept(void (*call)(const void *, void *), const void *, void *): calls with a
 * pattern in every register that the callee has to keep, and returns a bit for each that came back
 * changed: rbx, rbp, r12 to r15, rsp, the control bits of mxcsr, the direction flag, the x87
 * control word. Ref: System V ABI, AMD64 supplement, 3.2.1.
 */
	.bss
	.balign 8
.Lrsp:
	.skip 8

	/* the pattern of bit \bit */
	.macro PATTERN bit, reg
	movabs $0x5a5aa5a50f0f0000 + \bit, \reg
	.endm
	/* bit \bit of rax: the flags say "not equal" */
	.macro NOTE bit
	setne %cl
	movzbl %cl, %ecx
	shl $\bit, %ecx
	or %ecx, %eax
	.endm
	.macro KEPT bit, reg
	PATTERN \bit, %rdx
	cmp %rdx, \reg
	NOTE \bit
	.endm

	.text
	.balign 16
	.globl kern_call_kept
	.hidden kern_call_kept
	.type kern_call_kept, @function
kern_call_kept:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $24, %rsp
	stmxcsr (%rsp)
	fnstcw 8(%rsp)
	mov %rsp, .Lrsp(%rip)
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	PATTERN 0, %rbx
	PATTERN 1, %rbp
	PATTERN 2, %r12
	PATTERN 3, %r13
	PATTERN 4, %r14
	PATTERN 5, %r15
	call *%rax

	pushfq
	pop %r8
	cld
	xor %eax, %eax
	KEPT 0, %rbx
	KEPT 1, %rbp
	KEPT 2, %r12
	KEPT 3, %r13
	KEPT 4, %r14
	KEPT 5, %r15
	cmp .Lrsp(%rip), %rsp
	NOTE 6
	mov .Lrsp(%rip), %rsp
	stmxcsr 4(%rsp)
	mov (%rsp), %edx
	xor 4(%rsp), %edx
	test $0xffc0, %edx
	NOTE 7
	ldmxcsr (%rsp)
	test $0x400, %r8d
	NOTE 8
	fnstcw 12(%rsp)
	mov 8(%rsp), %dx
	cmp 12(%rsp), %dx
	NOTE 9
	fldcw 8(%rsp)

	add $24, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size kern_call_kept, . - kern_call_kept

	.section .note.GNU-stack, "", @progbits
