/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes SIMD and floating point by a table: the first row that fits counts. Ref: Arm Architecture
 * Reference Manual, "Data Processing - Scalar Floating-Point and Advanced SIMD". */
#include "a53_insn.h"

/* How wide it is: by bit 30, always whole registers, always halves. */
typedef enum width { BY_Q, WHOLE, HALF } width;

/* Registers of fields d (bit 0), n (5), m (16) and a (10): vectors, unless it is said. */
enum {
    D = 1,      /* written */
    RD = 2,     /* d is read too: the rest of it stays, or it is the accumulator */
    N = 4,      /* read */
    M = 8,      /* read */
    A = 16,     /* read, the accumulator */
    XD = 32,    /* d is a general register */
    XN = 64,    /* n is one */
    F = 128,    /* the flags are written */
    M16 = 256,  /* m has four bits where elements are of 16 bits */
    LIST = 512, /* n is the first of bits 13-14 and one registers */
    FR = 1024,  /* the flags are read */
};

typedef struct row {
    uint32_t mask, value;
    uint8_t latency, busy;
    uint8_t pipe; /* a53_pipe */
    uint8_t width;
    uint16_t registers;
} row;

/* Bits that fix a group of vector instructions; bit 28 alone tells its scalar forms. */
#define SAME(op, u)      0xaf20fc00u, 0x0e200400u | (u) << 29 | (op) << 11
#define SAME_ANY(op)     0x8f20fc00u, 0x0e200400u | (op) << 11
#define DIFFERENT(op)    0x8f20fc00u, 0x0e200000u | (op) << 12
#define MISC(op, u)      0xaf3ffc00u, 0x0e200800u | (u) << 29 | (op) << 12
#define MISC_ANY(op)     0x8f3ffc00u, 0x0e200800u | (op) << 12
#define ACROSS           0x8f3e0c00u, 0x0e300800u
#define COPY(op, imm4)   0xafe0fc00u, 0x0e000400u | (op) << 29 | (imm4) << 11
#define SHIFT(op, u)     0xaf80fc00u, 0x0f000400u | (u) << 29 | (op) << 11
#define SHIFT_ANY(op)    0x8f80fc00u, 0x0f000400u | (op) << 11
#define ELEMENT(op)      0x8f00f400u, 0x0f000000u | (op) << 12
#define ELEMENT_U(op, u) 0xaf00f400u, 0x0f000000u | (u) << 29 | (op) << 12

static const row rows[] = {
    // scalar floating point: bit 30 clear, bit 28 set
    {0x5f000000u, 0x1f000000u, 8, 1, A53_FMA, HALF, D | N | M | A}, // fmadd
    {0x5f203c00u, 0x1e202000u, 4, 1, 0, HALF, N | M | F},           // fcmp
    {0x5f201c00u, 0x1e201000u, 1, 1, 0, HALF, D},                   // fmov of a constant
    {0x5f3ffc00u, 0x1e204000u, 1, 1, 0, HALF, D | N},               // fmov
    {0x5f3ffc00u, 0x1e21c000u, 17, 13, 0, HALF, D | N},             // fsqrt
    {0x5f207c00u, 0x1e204000u, 4, 1, 0, HALF, D | N},               // one source
    {0x5f20fc00u, 0x1e201800u, 18, 14, 0, HALF, D | N | M},         // fdiv
    {0x5f200c00u, 0x1e200800u, 4, 1, 0, HALF, D | N | M},           // two sources
    {0x5f200c00u, 0x1e200400u, 4, 1, 0, HALF, N | M | F | FR},      // fccmp
    {0x5f200c00u, 0x1e200c00u, 4, 1, 0, HALF, D | N | M | FR},      // fcsel
    // three registers of one width
    {0xafa0fc00u, 0x0e201c00u, 1, 1, 0, BY_Q, D | N | M}, // and, bic
    {0xafa0fc00u, 0x0ea01c00u, 1, 1, 0, BY_Q, D | N | M}, // orr, orn
    {0xafe0fc00u, 0x2e201c00u, 1, 1, 0, BY_Q, D | N | M}, // eor
    {SAME(3u, 1u), 2, 1, 0, BY_Q, D | RD | N | M},        // bsl, bit, bif
    {SAME_ANY(6u), 2, 1, 0, BY_Q, D | N | M},             // cmgt, cmhi
    {SAME_ANY(7u), 2, 1, 0, BY_Q, D | N | M},             // cmge, cmhs
    {SAME_ANY(8u), 2, 1, 0, BY_Q, D | N | M},             // sshl
    {SAME_ANY(9u), 4, 1, 0, BY_Q, D | N | M},             // sqshl
    {SAME_ANY(11u), 4, 1, 0, BY_Q, D | N | M},            // sqrshl
    {SAME_ANY(12u), 2, 1, 0, BY_Q, D | N | M},            // smax
    {SAME_ANY(13u), 2, 1, 0, BY_Q, D | N | M},            // smin
    {SAME_ANY(15u), 4, 2, 0, BY_Q, D | RD | N | M},       // saba
    {SAME_ANY(16u), 2, 1, 0, BY_Q, D | N | M},            // add, sub
    {SAME_ANY(17u), 2, 1, 0, BY_Q, D | N | M},            // cmtst, cmeq
    {SAME_ANY(18u), 4, 1, A53_MAC, BY_Q, D | RD | N | M}, // mla, mls
    {SAME(19u, 0u), 4, 1, A53_MAC, BY_Q, D | N | M},      // mul
    {SAME_ANY(22u), 4, 1, A53_MAC, BY_Q, D | N | M},      // sqdmulh, sqrdmulh
    {SAME(25u, 0u), 8, 1, A53_FMA, BY_Q, D | RD | N | M}, // fmla, fmls
    {SAME(31u, 1u), 18, 14, 0, BY_Q, D | N | M},          // fdiv
    {0x8f20c400u, 0x0e20c400u, 4, 1, 0, BY_Q, D | N | M}, // float
    {0x8f200400u, 0x0e200400u, 3, 1, 0, BY_Q, D | N | M}, // shadd, srshl, addp, ...
    // two registers
    {MISC_ANY(0u), 2, 1, 0, BY_Q, D | N},                 // rev64, rev32
    {MISC_ANY(1u), 2, 1, 0, BY_Q, D | N},                 // rev16
    {0xbffffc00u, 0x2e205800u, 1, 1, 0, BY_Q, D | N},     // not
    {MISC_ANY(6u), 4, 2, A53_PAIR_SUM, BY_Q, D | RD | N}, // sadalp
    {MISC_ANY(8u), 2, 1, 0, BY_Q, D | N},                 // comparisons with 0
    {MISC_ANY(9u), 2, 1, 0, BY_Q, D | N},
    {MISC_ANY(10u), 2, 1, 0, BY_Q, D | N},
    {MISC(11u, 1u), 2, 1, 0, BY_Q, D | N},            // neg
    {MISC(18u, 0u), 2, 1, 0, HALF, D | RD | N},       // xtn
    {MISC(18u, 1u), 4, 1, 0, HALF, D | RD | N},       // sqxtun
    {MISC(19u, 1u), 2, 1, 0, WHOLE, D | N},           // shll
    {MISC_ANY(20u), 4, 1, 0, HALF, D | RD | N},       // sqxtn
    {MISC_ANY(22u), 4, 1, 0, BY_Q, D | RD | N},       // fcvtn
    {MISC_ANY(23u), 4, 1, 0, WHOLE, D | N},           // fcvtl
    {MISC(31u, 1u), 17, 13, 0, BY_Q, D | N},          // fsqrt
    {0x8f3fcc00u, 0x0e20c800u, 4, 1, 0, BY_Q, D | N}, // float comparisons, fabs, fneg
    {0x8f3f8c00u, 0x0e218800u, 4, 1, 0, BY_Q, D | N}, // frint, fcvt, scvtf
    {0x8f3e0c00u, 0x0e200800u, 3, 1, 0, BY_Q, D | N}, // saddlp, cnt, abs, ...
    {ACROSS, 3, 1, 0, BY_Q, D | N},                   // addv, smaxv, ...
    // three registers, results wider or narrower
    {DIFFERENT(5u), 4, 2, 0, WHOLE, D | RD | N | M},        // sabal
    {DIFFERENT(8u), 4, 1, A53_MAC, WHOLE, D | RD | N | M},  // smlal
    {DIFFERENT(9u), 4, 1, 0, WHOLE, D | RD | N | M},        // sqdmlal
    {DIFFERENT(10u), 4, 1, A53_MAC, WHOLE, D | RD | N | M}, // smlsl
    {DIFFERENT(11u), 4, 1, 0, WHOLE, D | RD | N | M},       // sqdmlsl
    {DIFFERENT(12u), 4, 1, A53_MAC, WHOLE, D | N | M},      // smull
    {DIFFERENT(13u), 4, 1, A53_MAC, WHOLE, D | N | M},      // sqdmull
    {DIFFERENT(4u), 3, 1, 0, BY_Q, D | RD | N | M},         // addhn
    {DIFFERENT(6u), 3, 1, 0, BY_Q, D | RD | N | M},         // subhn
    {0x8f200c00u, 0x0e200000u, 3, 1, 0, WHOLE, D | N | M},  // saddl, saddw, ...
    // lanes and tables
    {COPY(0u, 0u), 2, 1, 0, BY_Q, D | N},                    // dup of a lane
    {COPY(0u, 1u), 2, 1, 0, BY_Q, D | XN},                   // dup
    {COPY(0u, 3u), 1, 1, 0, HALF, D | RD | XN},              // ins
    {COPY(0u, 5u), 3, 1, 0, HALF, XD | N},                   // smov
    {COPY(0u, 7u), 3, 1, 0, HALF, XD | N},                   // umov
    {0xafe08400u, 0x2e000400u, 1, 1, 0, WHOLE, D | RD | N},  // ins of a lane
    {0xbf208c00u, 0x0e000800u, 2, 1, 0, BY_Q, D | N | M},    // zip, uzp, trn
    {0xbfe08400u, 0x2e000000u, 2, 1, 0, BY_Q, D | N | M},    // ext
    {0xbfe0fc00u, 0x0e000000u, 2, 1, 0, BY_Q, D | M | LIST}, // tbl of 1 to 4
    {0xbfe0fc00u, 0x0e002000u, 3, 2, 0, BY_Q, D | M | LIST},
    {0xbfe0fc00u, 0x0e004000u, 4, 3, 0, BY_Q, D | M | LIST},
    {0xbfe0fc00u, 0x0e006000u, 5, 4, 0, BY_Q, D | M | LIST},
    {0xbfe09c00u, 0x0e001000u, 3, 1, 0, BY_Q, D | RD | M | LIST}, // tbx
    // constants: the bits of a shift's size are clear
    {0x9ff80400u, 0x0f000400u, 1, 1, 0, BY_Q, D},
    // shifts by a constant
    {SHIFT_ANY(0u), 2, 1, 0, BY_Q, D | N},                 // sshr
    {SHIFT_ANY(2u), 3, 1, 0, BY_Q, D | RD | N},            // ssra
    {SHIFT_ANY(6u), 3, 1, 0, BY_Q, D | RD | N},            // srsra
    {SHIFT(8u, 1u), 3, 1, 0, BY_Q, D | RD | N},            // sri
    {SHIFT(10u, 0u), 2, 1, 0, BY_Q, D | N},                // shl
    {SHIFT(10u, 1u), 3, 1, 0, BY_Q, D | RD | N},           // sli
    {SHIFT_ANY(12u), 4, 1, 0, BY_Q, D | N},                // sqshlu
    {SHIFT_ANY(14u), 4, 1, 0, BY_Q, D | N},                // sqshl
    {SHIFT(16u, 0u), 3, 1, 0, BY_Q, D | RD | N},           // shrn
    {SHIFT(17u, 0u), 3, 1, 0, BY_Q, D | RD | N},           // rshrn
    {0x8f80e400u, 0x0f008400u, 4, 1, 0, BY_Q, D | RD | N}, // sqshrn and its like
    {SHIFT_ANY(20u), 2, 1, 0, WHOLE, D | N},               // sshll
    {SHIFT_ANY(28u), 4, 1, 0, BY_Q, D | N},                // scvtf
    {SHIFT_ANY(31u), 4, 1, 0, BY_Q, D | N},                // fcvtzs
    {0x8f800400u, 0x0f000400u, 3, 1, 0, BY_Q, D | N},      // srshr
    // by one element
    {ELEMENT_U(1u, 0u), 8, 1, A53_FMA, BY_Q, D | RD | N | M},       // fmla
    {ELEMENT_U(5u, 0u), 8, 1, A53_FMA, BY_Q, D | RD | N | M},       // fmls
    {ELEMENT(9u), 4, 1, 0, BY_Q, D | N | M},                        // fmul
    {ELEMENT_U(0u, 1u), 4, 1, A53_MAC, BY_Q, D | RD | N | M | M16}, // mla
    {ELEMENT_U(4u, 1u), 4, 1, A53_MAC, BY_Q, D | RD | N | M | M16}, // mls
    {ELEMENT_U(8u, 0u), 4, 1, A53_MAC, BY_Q, D | N | M | M16},      // mul
    {ELEMENT(2u), 4, 1, A53_MAC, WHOLE, D | RD | N | M | M16},      // smlal
    {ELEMENT(6u), 4, 1, A53_MAC, WHOLE, D | RD | N | M | M16},      // smlsl
    {ELEMENT(10u), 4, 1, A53_MAC, WHOLE, D | N | M | M16},          // smull
    {ELEMENT(11u), 4, 1, A53_MAC, WHOLE, D | N | M | M16},          // sqdmull
    {ELEMENT(3u), 4, 1, 0, WHOLE, D | RD | N | M | M16},            // sqdmlal
    {ELEMENT(7u), 4, 1, 0, WHOLE, D | RD | N | M | M16},            // sqdmlsl
    {ELEMENT(12u), 4, 1, A53_MAC, BY_Q, D | N | M | M16},           // sqdmulh
    {ELEMENT(13u), 4, 1, A53_MAC, BY_Q, D | N | M | M16},           // sqrdmulh
};

/* Between general and floating-point registers, and from and to fixed point. */
static void conversion(uint32_t w, a53_insn *i)
{
    const uint32_t opcode = a53_field(w, 16, 3), rd = a53_field(w, 0, 5), rn = a53_field(w, 5, 5);
    const bool move = opcode >= 6 && a53_field(w, 19, 2) < 2;
    const bool from_x = move ? opcode & 1 : opcode == 2 || opcode == 3;
    i->latency = move ? 1 : 4;
    if (from_x) {
        a53_in_x(i, rn);
        a53_out(i, A53_V + rd, i->latency);
    } else {
        a53_in(i, A53_V + rn);
        a53_out_x(i, rd, i->latency);
    }
}

static void set_registers(uint32_t w, uint32_t registers, a53_insn *i)
{
    const uint32_t rd = a53_field(w, 0, 5), rn = a53_field(w, 5, 5);
    const bool half_words = a53_field(w, 22, 2) < 2;
    const uint32_t rm = a53_field(w, 16, registers & M16 && half_words ? 4 : 5);
    const uint32_t ra = a53_field(w, 10, 5);
    const uint32_t n = registers & LIST ? a53_field(w, 13, 2) + 1 : registers & N ? 1 : 0;
    if (registers & RD)
        a53_in(i, A53_V + rd);
    for (uint32_t k = 0; k < n; k++)
        a53_in(i, A53_V + (rn + k) % 32);
    if (registers & XN)
        a53_in_x(i, rn);
    if (registers & M)
        a53_in(i, A53_V + rm);
    if (registers & A)
        a53_in(i, A53_V + ra);
    if (registers & FR)
        a53_in(i, A53_FLAGS);
    if (registers & D)
        a53_out(i, A53_V + rd, i->latency);
    if (registers & XD)
        a53_out_x(i, rd, i->latency);
    if (registers & F)
        a53_out(i, A53_FLAGS, i->latency);
    if (i->pipe && registers & (RD | A))
        i->accumulator = (int8_t)(A53_V + (registers & A ? ra : rd));
}

/* Narrowing instructions keep the lower half of d only in their second form. */
static uint32_t without_stale(uint32_t w, const row *r)
{
    const uint32_t opcode = r->value & 0x0f200c00u;
    const bool narrows = (opcode == 0x0e200800u && r->registers & RD && r->pipe == A53_NO_PIPE) ||
                         (opcode == 0x0e200000u && r->width == BY_Q) ||
                         ((r->value & 0x0f00e400u) == 0x0f008400u && r->registers & RD);
    return narrows && !a53_field(w, 30, 1) ? r->registers & ~(uint32_t)RD : r->registers;
}

bool a53_decode_simd(uint32_t w, a53_insn *i)
{
    static const uint8_t forwarded[] = {[A53_MAC] = 1, [A53_FMA] = 4, [A53_PAIR_SUM] = 2};
    i->unit = A53_NEON;
    if ((w & 0x5f20fc00u) == 0x1e200000u || (w & 0x5f200000u) == 0x1e000000u) {
        i->halves = 1;
        conversion(w, i);
        return true;
    }
    for (uint32_t k = 0; k < sizeof(rows) / sizeof(*rows); k++) {
        const row *r = &rows[k];
        if ((w & r->mask) != r->value)
            continue;
        const bool scalar = a53_field(w, 28, 1);
        const bool whole =
            r->width == WHOLE || (r->width == BY_Q && !scalar && a53_field(w, 30, 1));
        i->halves = whole ? 2 : 1;
        i->latency = r->latency;
        i->busy = r->pipe == A53_PAIR_SUM && !whole ? 1 : r->busy;
        i->pipe = r->pipe;
        i->forwarded = forwarded[r->pipe];
        set_registers(w, without_stale(w, r), i);
        return true;
    }
    return false;
}
