/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cycles of one Cortex-A53 core for the kernels of this version, a row per op.
 *
 * The figures are from a model of the core (in order, two instructions a cycle, 32 KiB of L1 and
 * 1 MiB of L2), bench/a53, which ran this library, built with GCC 12 -O3 for aarch64, node by node:
 * six networks for the NEON kernels (convolution, depthwise, fully connected, Add, Mul in int8),
 * and networks of single ops of 25,000 to 50,000 elements for the rest, which is plain C. Million
 * cycles, in the model and by this table: MobileNetV2 1.0 at 224x224 121.0 and 128.2, UltraFace at
 * 320x240 48.5 and 47.1, YuNet at 320x320 69.2 and 70.5, MLPerf Tiny's image classification 4.87
 * and 4.74, its keywords 1.22 and 1.22, its wake words 3.74 and 3.40. Single convolutions are
 * within 0.5 and 1.6 times, but a depthwise one of fewer than 8 channels takes 30 cycles a product:
 * it has no kernel of its own yet. Against the one published time of a real core the model was 16 %
 * too fast: ZI_CPU_SLACK_PERCENT. When kernels change, measure again.
 *
 * Rows marked (*) were not measured but taken from what is alike.
 */
#include "plan/cpu_cost.h"

/** What a row's figure is multiplied with. */
typedef enum measure {
    OUTPUTS = 0, /**< elements of all outputs */
    INPUT,       /**< elements of the first input */
    WINDOW       /**< elements of the output, times those of the window */
} measure;

typedef struct row {
    measure of;
    float s8, f32; /**< cycles for each, by the type of the first input */
} row;

/** Ops with multiply-accumulates: cycles for each of them, and for each element of the output. */
typedef struct mac_row {
    float mac, out;
} mac_row;

static const mac_row conv_s8 = {0.325f, 3.5f}, conv_f32 = {1.9f, 175.0f};
static const mac_row depthwise_s8 = {0.6f, 2.6f}, depthwise_f32 = {8.4f, 1.0f};
static const mac_row grouped_s8 = {1.6f, 52.0f}, grouped_f32 = {3.0f, 175.0f};
static const mac_row transposed_s8 = {4.6f, 0.0f}, transposed_f32 = {12.8f, 0.0f};
static const mac_row dense_s8 = {0.63f, 3.0f}, dense_f32 = {2.5f, 10.0f};
static const mac_row product_f32 = {3.8f, 10.0f};

/** An op without a row (*). */
static const row other = {OUTPUTS, 20.0f, 20.0f};

static const row rows[] = {
    [ZI_OP_Add] = {OUTPUTS, 12.0f, 3.3f},
    [ZI_OP_Sub] = {OUTPUTS, 43.0f, 3.4f},
    [ZI_OP_Mul] = {OUTPUTS, 12.0f, 3.4f},
    [ZI_OP_Div] = {OUTPUTS, 49.0f, 6.9f},
    [ZI_OP_Min] = {OUTPUTS, 22.0f, 4.2f},
    [ZI_OP_Max] = {OUTPUTS, 22.0f, 4.2f},
    [ZI_OP_Pow] = {OUTPUTS, 93.0f, 93.0f},
    [ZI_OP_PRelu] = {OUTPUTS, 37.0f, 10.0f},
    [ZI_OP_Equal] = {OUTPUTS, 2.1f, 2.1f},
    [ZI_OP_Less] = {OUTPUTS, 2.1f, 2.1f},
    [ZI_OP_Greater] = {OUTPUTS, 2.1f, 2.1f},
    [ZI_OP_And] = {OUTPUTS, 2.1f, 2.1f}, // (*), as the next two
    [ZI_OP_Or] = {OUTPUTS, 2.1f, 2.1f},
    [ZI_OP_Xor] = {OUTPUTS, 2.1f, 2.1f},
    [ZI_OP_Where] = {OUTPUTS, 41.0f, 41.0f},
    [ZI_OP_Relu] = {OUTPUTS, 11.0f, 3.0f},
    [ZI_OP_Clip] = {OUTPUTS, 11.0f, 4.0f},      // (*)
    [ZI_OP_LeakyRelu] = {OUTPUTS, 11.0f, 5.0f}, // (*)
    [ZI_OP_Sigmoid] = {OUTPUTS, 11.0f, 131.0f},
    [ZI_OP_HardSigmoid] = {OUTPUTS, 11.0f, 20.0f}, // (*)
    [ZI_OP_HardSwish] = {OUTPUTS, 11.0f, 24.0f},
    [ZI_OP_Swish] = {OUTPUTS, 11.0f, 134.0f}, // (*) a Sigmoid and a product
    [ZI_OP_Tanh] = {OUTPUTS, 11.0f, 162.0f},
    [ZI_OP_Exp] = {OUTPUTS, 11.0f, 108.0f},
    [ZI_OP_Log] = {OUTPUTS, 11.0f, 108.0f}, // (*)
    [ZI_OP_Sqrt] = {OUTPUTS, 11.0f, 27.0f},
    [ZI_OP_Abs] = {OUTPUTS, 11.0f, 2.8f},
    [ZI_OP_Neg] = {OUTPUTS, 11.0f, 2.8f},
    [ZI_OP_Floor] = {OUTPUTS, 11.0f, 2.8f},
    [ZI_OP_Ceil] = {OUTPUTS, 11.0f, 2.8f},  // (*)
    [ZI_OP_Round] = {OUTPUTS, 11.0f, 2.8f}, // (*)
    [ZI_OP_Reciprocal] = {OUTPUTS, 11.0f, 6.3f},
    [ZI_OP_Erf] = {OUTPUTS, 11.0f, 88.0f},
    [ZI_OP_Elu] = {OUTPUTS, 11.0f, 60.0f},  // 10 above zero, an Exp below
    [ZI_OP_Selu] = {OUTPUTS, 11.0f, 60.0f}, // (*), as Celu
    [ZI_OP_Celu] = {OUTPUTS, 11.0f, 60.0f},
    [ZI_OP_Softplus] = {OUTPUTS, 11.0f, 288.0f},
    [ZI_OP_Softsign] = {OUTPUTS, 11.0f, 10.0f},       // (*)
    [ZI_OP_ThresholdedRelu] = {OUTPUTS, 11.0f, 5.0f}, // (*)
    [ZI_OP_Sign] = {OUTPUTS, 11.0f, 5.0f},            // (*)
    [ZI_OP_Not] = {OUTPUTS, 2.1f, 2.1f},              // (*)
    [ZI_OP_Lut] = {OUTPUTS, 11.0f, 11.0f},
    [ZI_OP_MaxPool] = {WINDOW, 2.9f, 4.0f},
    [ZI_OP_AveragePool] = {WINDOW, 6.0f, 4.8f},
    [ZI_OP_ReduceMean] = {INPUT, 6.8f, 4.4f},
    [ZI_OP_ReduceSum] = {INPUT, 17.0f, 3.7f},
    [ZI_OP_ReduceMax] = {INPUT, 7.1f, 7.1f},
    [ZI_OP_ReduceMin] = {INPUT, 7.1f, 7.1f}, // (*)
    [ZI_OP_ReduceProd] = {INPUT, 22.0f, 22.0f},
    [ZI_OP_ArgMax] = {INPUT, 15.0f, 25.0f},
    [ZI_OP_ArgMin] = {INPUT, 15.0f, 25.0f}, // (*)
    [ZI_OP_Softmax] = {OUTPUTS, 40.0f, 137.0f},
    [ZI_OP_LogSoftmax] = {OUTPUTS, 138.0f, 138.0f},
    [ZI_OP_Concat] = {OUTPUTS, 2.4f, 5.0f},
    [ZI_OP_Split] = {OUTPUTS, 3.2f, 5.0f},
    [ZI_OP_Slice] = {OUTPUTS, 2.0f, 4.0f},
    [ZI_OP_Pad] = {OUTPUTS, 1.8f, 4.0f},
    [ZI_OP_Resize] = {OUTPUTS, 4.5f, 10.0f},
    [ZI_OP_Transpose] = {OUTPUTS, 3.3f, 12.0f},
    [ZI_OP_Gather] = {OUTPUTS, 1.0f, 1.1f},
    [ZI_OP_Expand] = {OUTPUTS, 1.3f, 1.3f},
    [ZI_OP_Tile] = {OUTPUTS, 1.4f, 1.4f},
    [ZI_OP_DepthToSpace] = {OUTPUTS, 8.8f, 12.0f},
    [ZI_OP_SpaceToDepth] = {OUTPUTS, 2.3f, 5.0f},
    [ZI_OP_Cast] = {OUTPUTS, 3.0f, 3.0f}, // (*)
    [ZI_OP_Quantize] = {OUTPUTS, 43.0f, 49.0f},
    [ZI_OP_Sin] = {OUTPUTS, 11.0f, 110.0f},   // (*)
    [ZI_OP_Cos] = {OUTPUTS, 11.0f, 110.0f},   // (*)
    [ZI_OP_Tan] = {OUTPUTS, 11.0f, 110.0f},   // (*)
    [ZI_OP_Asin] = {OUTPUTS, 11.0f, 110.0f},  // (*)
    [ZI_OP_Acos] = {OUTPUTS, 11.0f, 110.0f},  // (*)
    [ZI_OP_Atan] = {OUTPUTS, 11.0f, 110.0f},  // (*)
    [ZI_OP_Sinh] = {OUTPUTS, 11.0f, 110.0f},  // (*)
    [ZI_OP_Cosh] = {OUTPUTS, 11.0f, 110.0f},  // (*)
    [ZI_OP_Asinh] = {OUTPUTS, 11.0f, 110.0f}, // (*)
    [ZI_OP_Acosh] = {OUTPUTS, 11.0f, 110.0f}, // (*)
    [ZI_OP_Atanh] = {OUTPUTS, 11.0f, 110.0f}, // (*)
    [ZI_OP_Dequantize] = {OUTPUTS, 1.8f, 1.8f},
};

/** A word of 16 channels of one pixel, written and read: 14x14 to 56x56 pixels of 16 to 128
 *  channels took 35 to 100 and 21 to 42. */
enum { WRITE_WORD = 45, READ_WORD = 25 };
/** A byte of a packed input: 224x224 pixels of 3 channels, 5 columns to a word, took 26.6. */
enum { PACK_BYTE = 27 };

static bool is_s8(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    return x && (x->dtype == ZURT_S8 || x->dtype == ZURT_U8);
}

static const mac_row *mac_row_of(const zi_graph *g, const zi_node *n)
{
    bool s8 = is_s8(g, n);
    switch (n->op) {
    case ZI_OP_Conv:
        if (n->attr.conv.groups == 1)
            return s8 ? &conv_s8 : &conv_f32;
        if (zi_node_in(g, n, 1)->dims[3] == 1)
            return s8 ? &depthwise_s8 : &depthwise_f32;
        return s8 ? &grouped_s8 : &grouped_f32;
    case ZI_OP_ConvTranspose:
        return s8 ? &transposed_s8 : &transposed_f32;
    case ZI_OP_FullyConnected:
        return s8 ? &dense_s8 : &dense_f32;
    case ZI_OP_LSTM: // (*): a dense layer, again for each element of the sequence
    case ZI_OP_GRU:
    case ZI_OP_RNN:
        return &dense_f32;
    case ZI_OP_MatMul:
        return &product_f32;
    default:
        return NULL;
    }
}

static double amount(const zi_graph *g, const zi_node *n, measure of)
{
    double outputs = 0.0;
    for (uint32_t k = 0; k < n->n_out; k++)
        outputs += (double)zi_tensor_elems(zi_node_out(g, n, k));
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (of == INPUT && x)
        return (double)zi_tensor_elems(x);
    if (of == WINDOW)
        return outputs * n->attr.pool.kernel[0] * n->attr.pool.kernel[1];
    return outputs;
}

uint64_t zi_cpu_node_cycles(const zi_graph *g, const zi_node *n)
{
    const mac_row *m = mac_row_of(g, n);
    if (m)
        return (uint64_t)((double)zi_node_macs(g, n) * (double)m->mac +
                          amount(g, n, OUTPUTS) * (double)m->out);
    if (zi_op_has(n->op, ZI_OPF_VIEW))
        return 0;
    const row *r = &other;
    if ((size_t)n->op < sizeof(rows) / sizeof(rows[0]) && rows[n->op].f32 > 0.0f)
        r = &rows[n->op];
    return (uint64_t)(amount(g, n, r->of) * (double)(is_s8(g, n) ? r->s8 : r->f32));
}

uint64_t zi_cpu_boundary_cycles(const zi_lowered *l)
{
    return l->packed_bytes * PACK_BYTE + l->words_in * WRITE_WORD + l->words_out * READ_WORD;
}
