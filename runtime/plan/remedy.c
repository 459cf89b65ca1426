/* SPDX-License-Identifier: Apache-2.0 */
/* Each is something that can be done to a model or a command line; "" where nothing can. */
#include "plan/remedy.h"

#include <string.h>

const char zi_remedy_assumed[] = "perhaps none is needed: the assumed scales may have left it in "
                                 "float; compile with --calib and "
                                 "inspect the .zurt";

static const char of_float[] =
    "compile with --calib and no --keep-float; compile --report says why a node stays float";
static const char noted[] = "the compiler left it in float: ";

static bool is_end(const zi_id *ids, size_t n, zi_id tensor)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == tensor)
            return true;
    }
    return false;
}

/* Quantize and Dequantize stand at the model's ends or beside what computes in float. */
static const char *of_conversion(const zi_graph *g, const zi_node *n)
{
    if (is_end(g->inputs, g->n_inputs, n->in[0]) || is_end(g->outputs, g->n_outputs, n->out[0]))
        return "compile with --io int8: the program then passes int8 itself";
    return "what it converts for computes in float: see the remedy there";
}

static const char *of_product(const zi_graph *g, const zi_node *n)
{
    for (uint32_t k = 0; k < 2; k++) {
        if (zi_tensor_is_const(zi_node_in(g, n, k)))
            return "put the constant factor behind a convolution, into whose weights it folds";
    }
    return "use a variant of the network without squeeze-excite or gates (EfficientNet-Lite, "
           "MobileNetV2), or without them at high resolution";
}

const char *zi_remedy_of_op(const zi_graph *g, const zi_node *n)
{
    switch (n->op) {
    case ZI_OP_Quantize:
    case ZI_OP_Dequantize:
        return of_conversion(g, n);
    case ZI_OP_Mul:
        return of_product(g, n);
    case ZI_OP_Sub:
    case ZI_OP_Div:
        return "write a constant operand as an addition or a factor behind a convolution, into "
               "which "
               "it folds; of two computed ones prepare the difference before the network";
    case ZI_OP_Min:
    case ZI_OP_Max:
        return "with a constant use Relu or Clip; of two maps use a sum";
    case ZI_OP_PRelu:
        return "train with LeakyRelu, or with one slope for all channels (PReLU() in PyTorch), "
               "which "
               "becomes LeakyRelu";
    case ZI_OP_MatMul:
        return "only a product with constant weights runs there (Linear, Gemm): attention stays on "
               "the CPU";
    case ZI_OP_Softmax:
    case ZI_OP_LogSoftmax:
        return "end the network before it where the scores are enough: their order is the same";
    case ZI_OP_ReduceSum:
    case ZI_OP_ReduceMax:
    case ZI_OP_ReduceMin:
        return "use the mean over height and width, or a MaxPool of their size";
    case ZI_OP_ArgMax:
    case ZI_OP_ArgMin:
        return "end the network before it and choose in the program";
    case ZI_OP_Transpose:
        return "export the head without it, and let the program read the engine's order: height, "
               "width, channels";
    case ZI_OP_DepthToSpace:
        return "use a transposed convolution, or nearest upsampling and a convolution";
    case ZI_OP_SpaceToDepth:
        return "use a convolution of stride 2";
    case ZI_OP_Tile:
    case ZI_OP_Expand:
        return "add or concatenate tensors that have their size already";
    default:
        return "move it to the start or the end of the network, so that the PL's part stays in one "
               "launch; docs/ops.md lists what the PL computes";
    }
}

const char *zi_remedy_of_float(zi_arena *arena, const zi_node *n)
{
    if (!n->note || !n->note[0])
        return of_float;
    return zi_arena_printf(arena, "%s%.200s", noted, n->note);
}

bool zi_remedy_is_of_float(const char *remedy)
{
    return remedy == of_float || strncmp(remedy, noted, sizeof(noted) - 1) == 0;
}
