/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops whose time on a Cortex-A53 is known, each between two marks; selfcheck.py has the times.
 * Free-standing: no library, so that the cross compiler alone builds it.
 */
	.arch armv8-a
	.text
	.macro LOOP
	mov x9, #1000
	hint #0x52
1:
	.endm
	.macro ENDL
	subs x9, x9, #1
	b.ne 1b
	hint #0x52
	.endm

	.global _start
_start:
	adr x0, value
	mov x1, x0
	/* 16 independent smlal */
	LOOP
	.irp i,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	smlal v\i\().4s, v0.4h, v1.h[0]
	.endr
	ENDL
	/* 16 fmla, each adding to the one before */
	LOOP
	.rept 16
	fmla v16.4s, v0.4s, v1.4s
	.endr
	ENDL
	/* 16 independent sadalp */
	LOOP
	.irp i,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sadalp v\i\().4s, v0.8h
	.endr
	ENDL
	/* four times a 128-bit load and three smlal */
	LOOP
	.irp i,16,17,18,19
	ldr q2, [x0]
	smlal v\i\().4s, v0.4h, v1.h[0]
	smlal v\i\().4s, v0.4h, v1.h[1]
	smlal v\i\().4s, v0.4h, v1.h[2]
	.endr
	ENDL
	/* four times the same load in halves, beside other instructions */
	LOOP
	.irp i,16,17,18,19
	ldr d2, [x0]
	ins v3.d[1], x10
	smlal v\i\().4s, v0.4h, v1.h[0]
	ldr x10, [x0, #8]
	smlal v\i\().4s, v0.4h, v1.h[1]
	add x11, x11, #1
	smlal v\i\().4s, v0.4h, v1.h[2]
	.endr
	ENDL
	/* 16 loads, each of the address that the one before loaded */
	LOOP
	.rept 16
	ldr x1, [x1]
	.endr
	ENDL
	/* 16 independent additions */
	LOOP
	.irp i,2,3,4,5,6,7,2,3,4,5,6,7,2,3,4,5
	add x\i, x\i, #1
	.endr
	ENDL
	mov x0, #0
	mov x8, #93 /* exit */
	svc #0
	.balign 16
value:
	.quad value
	.quad 0
