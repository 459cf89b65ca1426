/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cycles of one Cortex-A53 core for the kernels of this version, a row per op.
 *
 * The figures are from a model of the core (in order, two instructions a cycle, 32 KiB of L1 and
 * 1 MiB of L2), bench/a53, which ran this library, built with GCC 12 -O3 for aarch64, node by node:
 * nine networks and networks of single ops of 25,000 to 200,000 elements; bench/a53/cost_a53.py
 * compares and fits. Million cycles, in the model and by this table: MobileNetV2 1.0 at 224x224
 * 98.6 and 98.9, UltraFace at 320x240 39.4 and 37.7, YuNet at 320x320 52.9 and 55.6, MLPerf Tiny's
 * image classification 2.28 and 2.39, its keywords 1.05 and 0.95, its wake words 2.98 and 2.75,
 * MobileNetV1 150.2 and 151.2, ResNet-50 694.8 and 713.5, YOLOX-nano at 416x416 161.0 and 171.0.
 *
 * Kinds that one row fits badly: Softmax in int8 takes 49 cycles an element along 32 of them and
 * twice as many along few; maximum pooling takes fewer an element of the window the larger that
 * is; 3x3 convolutions of few tiles do not take Winograd's form; a float product of many rows
 * with constant weights takes 0.5 cycles a multiply-accumulate, one of one row 1.3: the row of
 * fully connected layers is the latter's. Against the one published time of a real core the model
 * was 16 % too fast: ZI_CPU_SLACK_PERCENT. When kernels change, measure again.
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

static const mac_row conv_s8 = {.mac = 0.225f, .out = 3.7f};
static const mac_row conv_f32 = {.mac = 0.34f, .out = 12.0f};
static const mac_row winograd_s8 = {.mac = 0.1f, .out = 10.0f}; // windows of 3x3 at stride 1
static const mac_row depthwise_s8 = {.mac = 0.33f, .out = 5.0f};
static const mac_row depthwise_f32 = {.mac = 1.8f, .out = 1.5f};
static const mac_row grouped_s8 = {.mac = 1.1f, .out = 12.0f};
static const mac_row grouped_f32 = {.mac = 1.2f, .out = 15.0f};
static const mac_row transposed_s8 = {.mac = 0.25f, .out = 3.5f};
static const mac_row transposed_f32 = {.mac = 0.34f, .out = 7.0f};
static const mac_row dense_s8 = {.mac = 0.37f, .out = 3.0f};
static const mac_row dense_f32 = {.mac = 1.3f, .out = 10.0f};
static const mac_row product_f32 = {.mac = 0.5f, .out = 2.5f};

/** An op without a row (*). */
static const row other = {OUTPUTS, 20.0f, 20.0f};

static const row rows[] = {
    [ZI_OP_Add] = {OUTPUTS, 5.0f, 3.3f},
    [ZI_OP_Sub] = {OUTPUTS, 7.0f, 3.4f},
    [ZI_OP_Mul] = {OUTPUTS, 3.4f, 3.4f},
    [ZI_OP_Div] = {OUTPUTS, 49.0f, 6.9f},
    [ZI_OP_Min] = {OUTPUTS, 18.0f, 4.2f},
    [ZI_OP_Max] = {OUTPUTS, 18.0f, 4.2f},
    [ZI_OP_Pow] = {OUTPUTS, 93.0f, 93.0f},
    [ZI_OP_PRelu] = {OUTPUTS, 37.0f, 10.0f},
    [ZI_OP_Equal] = {OUTPUTS, 2.1f, 2.1f},
    [ZI_OP_Less] = {OUTPUTS, 2.1f, 2.1f},
    [ZI_OP_Greater] = {OUTPUTS, 2.1f, 2.1f},
    [ZI_OP_And] = {OUTPUTS, 2.1f, 2.1f}, // (*)
    [ZI_OP_Or] = {OUTPUTS, 2.1f, 2.1f},  // (*)
    [ZI_OP_Xor] = {OUTPUTS, 2.1f, 2.1f}, // (*)
    [ZI_OP_Where] = {OUTPUTS, 41.0f, 41.0f},
    [ZI_OP_Relu] = {OUTPUTS, 1.3f, 4.8f},
    [ZI_OP_Clip] = {OUTPUTS, 1.3f, 4.0f},      // (*)
    [ZI_OP_LeakyRelu] = {OUTPUTS, 1.3f, 5.0f}, // (*)
    [ZI_OP_Sigmoid] = {OUTPUTS, 1.3f, 33.0f},
    [ZI_OP_HardSigmoid] = {OUTPUTS, 1.3f, 20.0f}, // (*)
    [ZI_OP_HardSwish] = {OUTPUTS, 1.3f, 9.8f},
    [ZI_OP_Swish] = {OUTPUTS, 1.3f, 36.0f}, // (*) a Sigmoid and a product
    [ZI_OP_Tanh] = {OUTPUTS, 1.3f, 37.0f},
    [ZI_OP_Exp] = {OUTPUTS, 1.3f, 108.0f},
    [ZI_OP_Log] = {OUTPUTS, 1.3f, 108.0f}, // (*)
    [ZI_OP_Sqrt] = {OUTPUTS, 1.3f, 27.0f},
    [ZI_OP_Abs] = {OUTPUTS, 1.3f, 2.8f},
    [ZI_OP_Neg] = {OUTPUTS, 1.3f, 2.8f},
    [ZI_OP_Floor] = {OUTPUTS, 1.3f, 2.8f},
    [ZI_OP_Ceil] = {OUTPUTS, 1.3f, 2.8f},  // (*)
    [ZI_OP_Round] = {OUTPUTS, 1.3f, 2.8f}, // (*)
    [ZI_OP_Reciprocal] = {OUTPUTS, 1.3f, 6.3f},
    [ZI_OP_Erf] = {OUTPUTS, 1.3f, 88.0f},
    [ZI_OP_Elu] = {OUTPUTS, 1.3f, 60.0f},  // 10 above zero, an Exp below
    [ZI_OP_Selu] = {OUTPUTS, 1.3f, 60.0f}, // (*), as Celu
    [ZI_OP_Celu] = {OUTPUTS, 1.3f, 60.0f},
    [ZI_OP_Softplus] = {OUTPUTS, 1.3f, 288.0f},
    [ZI_OP_Softsign] = {OUTPUTS, 1.3f, 10.0f},       // (*)
    [ZI_OP_ThresholdedRelu] = {OUTPUTS, 1.3f, 5.0f}, // (*)
    [ZI_OP_Sign] = {OUTPUTS, 1.3f, 5.0f},            // (*)
    [ZI_OP_Not] = {OUTPUTS, 2.1f, 2.1f},             // (*)
    [ZI_OP_Lut] = {OUTPUTS, 1.3f, 11.0f},
    [ZI_OP_MaxPool] = {WINDOW, 0.4f, 6.2f},
    [ZI_OP_AveragePool] = {WINDOW, 1.9f, 4.8f},
    [ZI_OP_ReduceMean] = {INPUT, 1.6f, 2.2f},
    [ZI_OP_ReduceSum] = {INPUT, 17.0f, 3.7f},
    [ZI_OP_ReduceMax] = {INPUT, 7.1f, 7.1f},
    [ZI_OP_ReduceMin] = {INPUT, 7.1f, 7.1f}, // (*)
    [ZI_OP_ReduceProd] = {INPUT, 22.0f, 22.0f},
    [ZI_OP_ArgMax] = {INPUT, 15.0f, 25.0f},
    [ZI_OP_ArgMin] = {INPUT, 15.0f, 25.0f}, // (*)
    [ZI_OP_Softmax] = {OUTPUTS, 60.0f, 65.0f},
    [ZI_OP_LogSoftmax] = {OUTPUTS, 138.0f, 138.0f},
    [ZI_OP_Concat] = {OUTPUTS, 1.1f, 1.0f},
    [ZI_OP_Split] = {OUTPUTS, 3.2f, 5.0f},
    [ZI_OP_Slice] = {OUTPUTS, 1.0f, 4.0f},
    [ZI_OP_Pad] = {OUTPUTS, 1.8f, 56.0f},
    [ZI_OP_Resize] = {OUTPUTS, 1.5f, 3.3f},
    [ZI_OP_Transpose] = {OUTPUTS, 1.3f, 10.0f},
    [ZI_OP_Gather] = {OUTPUTS, 1.0f, 1.1f},
    [ZI_OP_Expand] = {OUTPUTS, 1.3f, 1.3f},
    [ZI_OP_Tile] = {OUTPUTS, 1.4f, 1.4f},
    [ZI_OP_DepthToSpace] = {OUTPUTS, 0.7f, 1.8f},
    [ZI_OP_SpaceToDepth] = {OUTPUTS, 1.2f, 1.9f},
    [ZI_OP_Cast] = {OUTPUTS, 3.0f, 3.0f}, // (*)
    [ZI_OP_Quantize] = {OUTPUTS, 43.0f, 5.6f},
    [ZI_OP_Sin] = {OUTPUTS, 1.3f, 110.0f},   // (*)
    [ZI_OP_Cos] = {OUTPUTS, 1.3f, 110.0f},   // (*)
    [ZI_OP_Tan] = {OUTPUTS, 1.3f, 110.0f},   // (*)
    [ZI_OP_Asin] = {OUTPUTS, 1.3f, 110.0f},  // (*)
    [ZI_OP_Acos] = {OUTPUTS, 1.3f, 110.0f},  // (*)
    [ZI_OP_Atan] = {OUTPUTS, 1.3f, 110.0f},  // (*)
    [ZI_OP_Sinh] = {OUTPUTS, 1.3f, 110.0f},  // (*)
    [ZI_OP_Cosh] = {OUTPUTS, 1.3f, 110.0f},  // (*)
    [ZI_OP_Asinh] = {OUTPUTS, 1.3f, 110.0f}, // (*)
    [ZI_OP_Acosh] = {OUTPUTS, 1.3f, 110.0f}, // (*)
    [ZI_OP_Atanh] = {OUTPUTS, 1.3f, 110.0f}, // (*)
    [ZI_OP_Dequantize] = {OUTPUTS, 1.6f, 1.6f},
};

/** A word of 16 channels of one pixel, written and read: 28x28 pixels of 24 channels and 40x40 of 6
 *  took 7.6 to 8.0 and 6.5. */
enum { WRITE_WORD = 8, READ_WORD = 7 };
/** A byte of a packed input: 224x224 pixels of 3 channels, 5 columns to a word, took 5.9. */
enum { PACK_BYTE = 6 };

static bool is_s8(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    return x && (x->dtype == ZURT_S8 || x->dtype == ZURT_U8);
}

/* Whether it is a 3x3 that Winograd's F(4x4, 3x3) takes, which multiplies a quarter as often. */
static bool is_winograd(const zi_graph *g, const zi_node *n)
{
    const int32_t *w = zi_node_in(g, n, 1)->dims; // OHWI
    const zi_attr_conv *a = &n->attr.conv;
    return w[1] == 3 && w[2] == 3 && w[3] >= 8 && a->stride[0] == 1 && a->stride[1] == 1 &&
           a->dilation[0] == 1 && a->dilation[1] == 1;
}

static const mac_row *mac_row_of(const zi_graph *g, const zi_node *n)
{
    bool s8 = is_s8(g, n);
    switch (n->op) {
    case ZI_OP_Conv:
        if (n->attr.conv.groups == 1)
            return !s8 ? &conv_f32 : is_winograd(g, n) ? &winograd_s8 : &conv_s8;
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
