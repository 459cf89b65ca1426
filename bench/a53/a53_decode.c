/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes the A64 instructions of integers, memory and branches into what the model needs. Ref: Arm
 * Architecture Reference Manual, "A64 Instruction Set Encoding". */
#include "a53_insn.h"

#include <string.h>

enum { HINT_MARK = 0x52 };

static void data_immediate(uint32_t w, a53_insn *i)
{
    const uint32_t rd = a53_field(w, 0, 5), rn = a53_field(w, 5, 5), opc = a53_field(w, 29, 2);
    bool flags = false;
    switch (a53_field(w, 23, 3)) {
    case 0: // adr, adrp
    case 1:
        break;
    case 2: // add, sub: register 31 is the stack pointer
        flags = opc & 1;
        a53_in(i, rn);
        break;
    case 4: // logical
        flags = opc == 3;
        a53_in_x(i, rn);
        break;
    case 5: // movz, movn, movk
        if (opc == 3)
            a53_in_x(i, rd);
        break;
    case 6: // bit fields
        a53_in_x(i, rn);
        if (opc == 1)
            a53_in_x(i, rd);
        break;
    default: // extr
        a53_in_x(i, rn);
        a53_in_x(i, a53_field(w, 16, 5));
    }
    if (flags) {
        a53_out(i, A53_FLAGS, 1);
        a53_out_x(i, rd, 1);
    } else {
        a53_out(i, rd, 1); // to register 31: the stack pointer
    }
    i->unit = A53_INT;
}

/* Multiplies: madd, smaddl, smulh and their like. */
static void multiply(uint32_t w, a53_insn *i)
{
    const uint32_t kind = a53_field(w, 21, 3);
    const bool high = kind == 2 || kind == 6, wide = w >> 31 && kind == 0;
    i->unit = A53_MUL;
    i->latency = high ? 6 : wide ? 5 : 3;
    i->busy = high ? 4 : wide ? 2 : 1;
    a53_in_x(i, a53_field(w, 5, 5));
    a53_in_x(i, a53_field(w, 16, 5));
    if (!high)
        a53_in_x(i, a53_field(w, 10, 5));
    a53_out_x(i, a53_field(w, 0, 5), i->latency);
}

/* The forms of data_register() that have bit 28 set. */
static void data_register_rest(uint32_t w, a53_insn *i)
{
    const uint32_t kind = a53_field(w, 21, 4);
    if (kind & 8) {
        multiply(w, i);
        return;
    }
    i->unit = A53_INT;
    a53_in_x(i, a53_field(w, 5, 5));
    if (kind == 6) { // one or two sources: divisions, variable shifts, rbit, clz, ...
        const bool two = !a53_field(w, 30, 1);
        if (two)
            a53_in_x(i, a53_field(w, 16, 5));
        if (two && a53_field(w, 11, 5) == 1) {
            i->unit = A53_MUL;
            i->latency = 8;
            i->busy = 6;
        }
    } else {
        a53_in(i, A53_FLAGS);
        if (kind != 2 || !a53_field(w, 11, 1)) // not a comparison with an immediate
            a53_in_x(i, a53_field(w, 16, 5));
    }
    if (kind == 2 || (kind == 0 && a53_field(w, 29, 1)))
        a53_out(i, A53_FLAGS, 1);
    if (kind != 2)
        a53_out_x(i, a53_field(w, 0, 5), i->latency);
}

static void data_register(uint32_t w, a53_insn *i)
{
    const uint32_t rd = a53_field(w, 0, 5), rn = a53_field(w, 5, 5);
    if (a53_field(w, 28, 1)) {
        data_register_rest(w, i);
        return;
    }
    const bool sum = a53_field(w, 24, 1), extended = sum && a53_field(w, 21, 1);
    const bool flags = sum ? a53_field(w, 29, 1) : a53_field(w, 29, 2) == 3;
    i->unit = A53_INT;
    i->latency = !extended && a53_field(w, 10, 6) ? 2 : 1; // a shifted operand
    if (extended)
        a53_in(i, rn);
    else
        a53_in_x(i, rn);
    a53_in_x(i, a53_field(w, 16, 5));
    if (flags)
        a53_out(i, A53_FLAGS, i->latency);
    if (extended && !flags)
        a53_out(i, rd, i->latency);
    else
        a53_out_x(i, rd, i->latency);
}

static void branch(uint32_t w, a53_insn *i)
{
    if ((w & 0xfffff01fu) == 0xd503201fu) { // hints
        i->unit = a53_field(w, 5, 7) == HINT_MARK ? A53_MARK : A53_OTHER;
        return;
    }
    if ((w & 0xff000000u) == 0xd5000000u) { // other system instructions
        i->unit = A53_INT;
        if (a53_field(w, 21, 1))
            a53_out_x(i, a53_field(w, 0, 5), 1);
        else
            a53_in_x(i, a53_field(w, 0, 5));
        return;
    }
    if ((w & 0xff000000u) == 0xd4000000u) // svc and the like
        return;
    i->unit = A53_BRANCH;
    if ((w & 0x7c000000u) == 0x14000000u) { // b, bl
        if (w >> 31)
            a53_out(i, 30, 1);
    } else if ((w & 0x7c000000u) == 0x34000000u) { // cbz, tbz
        i->conditional = true;
        a53_in_x(i, a53_field(w, 0, 5));
    } else if ((w & 0xff000000u) == 0x54000000u) { // b.cond
        i->conditional = true;
        a53_in(i, A53_FLAGS);
    } else { // br, blr, ret
        a53_in_x(i, a53_field(w, 5, 5));
        if (a53_field(w, 21, 4) == 1)
            a53_out(i, 30, 1);
    }
}

/* What a load or store moves; `rank` is the register's place among those of the instruction. */
static void moved(a53_insn *i, bool vector, bool load, uint32_t reg, uint32_t rank)
{
    if (vector && load)
        a53_out(i, A53_V + reg % 32, i->latency + rank);
    else if (vector)
        a53_in(i, A53_V + reg % 32);
    else if (load)
        a53_out_x(i, reg, i->latency);
    else
        a53_in_x(i, reg);
}

static void address(a53_insn *i, uint32_t base, bool write_back)
{
    a53_in(i, base);
    if (write_back)
        a53_out(i, base, 1);
}

static void set_access(a53_insn *i, bool vector, bool load, uint32_t latency)
{
    i->unit = load ? A53_LOAD : A53_STORE;
    i->halves = vector && load;
    i->latency = load ? (uint8_t)(vector ? 4 : latency) : 1;
}

/* ld1 to ld4, st1 to st4: of whole registers, or of one lane. */
static void structures(uint32_t w, a53_insn *i)
{
    static const uint8_t registers[16] = {
        [0] = 4, [2] = 4, [4] = 3, [6] = 3, [7] = 1, [8] = 2, [10] = 2};
    const bool lane = a53_field(w, 24, 1), load = a53_field(w, 22, 1), post = a53_field(w, 23, 1);
    const uint32_t opcode = a53_field(w, 12, 4);
    const uint32_t n =
        lane ? (a53_field(w, 21, 1) | ((opcode >> 1 & 1) << 1)) + 1 : registers[opcode];
    const bool replicated = lane && opcode >= 12;
    set_access(i, true, load, 4);
    address(i, a53_field(w, 5, 5), post);
    if (post)
        a53_in_x(i, a53_field(w, 16, 5));
    for (uint32_t k = 0; k < n; k++) {
        if (load && lane && !replicated)
            a53_in(i, A53_V + (a53_field(w, 0, 5) + k) % 32); // the other lanes stay
        moved(i, true, load, a53_field(w, 0, 5) + k, k);
    }
}

static void pair(uint32_t w, a53_insn *i)
{
    const bool vector = a53_field(w, 26, 1), load = a53_field(w, 22, 1);
    const bool sign_extended = !vector && a53_field(w, 30, 2) == 1;
    set_access(i, vector, load, sign_extended ? 4 : 3);
    address(i, a53_field(w, 5, 5), a53_field(w, 23, 1));
    moved(i, vector, load, a53_field(w, 0, 5), 0);
    moved(i, vector, load, a53_field(w, 10, 5), 1);
}

/* One register; addressed by an immediate, with or without write-back, or by a register. */
static void single(uint32_t w, a53_insn *i)
{
    const bool vector = a53_field(w, 26, 1);
    const uint32_t size = a53_field(w, 30, 2), opc = a53_field(w, 22, 2);
    const bool load = vector ? opc & 1 : opc != 0;
    const bool prefetch = !vector && size == 3 && opc == 2;
    const bool narrow = size < 2 || opc >= 2; // bytes and halves, and what is sign-extended
    const bool immediate = a53_field(w, 24, 1) || !a53_field(w, 21, 1);
    set_access(i, vector, load, narrow && !prefetch ? 4 : 3);
    address(i, a53_field(w, 5, 5),
            !a53_field(w, 24, 1) && immediate && a53_field(w, 10, 1)); // post- and pre-index
    if (!immediate)
        a53_in_x(i, a53_field(w, 16, 5));
    if (!prefetch)
        moved(i, vector, load, a53_field(w, 0, 5), 0);
}

static void literal(uint32_t w, a53_insn *i)
{
    const bool vector = a53_field(w, 26, 1);
    set_access(i, vector, true, a53_field(w, 30, 2) == 2 ? 4 : 3);
    if (vector || a53_field(w, 30, 2) != 3) // not a prefetch
        moved(i, vector, true, a53_field(w, 0, 5), 0);
}

/* ldxr, stxr, ldar, stlr and pairs of them. */
static void exclusive(uint32_t w, a53_insn *i)
{
    const bool load = a53_field(w, 22, 1), two = a53_field(w, 21, 1), plain = a53_field(w, 23, 1);
    set_access(i, false, load, a53_field(w, 30, 2) < 2 ? 4 : 3);
    address(i, a53_field(w, 5, 5), false);
    moved(i, false, load, a53_field(w, 0, 5), 0);
    if (two && !plain)
        moved(i, false, load, a53_field(w, 10, 5), 1);
    if (!load && !plain)
        a53_out_x(i, a53_field(w, 16, 5), 1); // whether it was stored
}

static void memory(uint32_t w, a53_insn *i)
{
    if ((w & 0xbe000000u) == 0x0c000000u)
        structures(w, i);
    else if ((w & 0x3f000000u) == 0x08000000u)
        exclusive(w, i);
    else if ((w & 0x3b000000u) == 0x18000000u)
        literal(w, i);
    else if ((w & 0x3a000000u) == 0x28000000u)
        pair(w, i);
    else if ((w & 0x3a000000u) == 0x38000000u)
        single(w, i);
}

void a53_decode(uint32_t word, uint64_t at, a53_insn *i)
{
    memset(i, 0, sizeof(*i));
    i->address = at;
    i->accumulator = -1;
    i->latency = 1;
    i->busy = 1;
    const uint32_t group = a53_field(word, 25, 4);
    if ((group & 0xe) == 0x8)
        data_immediate(word, i);
    else if ((group & 0xe) == 0xa)
        branch(word, i);
    else if ((group & 0x5) == 0x4)
        memory(word, i);
    else if ((group & 0x7) == 0x5)
        data_register(word, i);
    else if ((group & 0x7) == 0x7 && !a53_decode_simd(word, i))
        i->unit = A53_OTHER;
    if (i->pipe == A53_NO_PIPE)
        i->forwarded = i->latency;
}
