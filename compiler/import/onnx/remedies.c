/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about operators that are not supported: most can be avoided where the model is
 * exported, or lie in front of or behind the part that a board should run. */
#include <string.h>

#include "import/onnx/importer.h"

/* Remedies that several operators share. */
static const char on_host[] =
    "cut the model in front of it (onnx.utils.extract_model) and compute the rest on the host";
static const char before_network[] =
    "it prepares data: cut the model behind it (onnx.utils.extract_model) and do it on the host";
static const char data_dependent[] =
    "its result has a size that only the data tell: cut the model in front of it "
    "(onnx.utils.extract_model) and compute the rest on the host";
static const char boxes[] =
    "export the detector's head without it (most exporters have a switch, such as nms=False), and "
    "choose the boxes on the host";
static const char sequences[] =
    "sequences come from scripting: export by tracing (torch.onnx.export with example inputs)";
static const char training[] = "an operator of training: export the model in inference (eval) mode";
static const char random_numbers[] =
    "random numbers: export in inference (eval) mode, or make the noise an input";
static const char older_opset[] =
    "export with an opset below 23, where the same function is made of simpler operators";
static const char qonnx[] =
    "of QONNX, Quant is taken: export from Brevitas as QCDQ (brevitas.export.export_onnx_qcdq), or "
    "the model from before streamlining";
static const char built_by_finn[] =
    "FINN has made hardware of this file: give zurt what Brevitas exported, as QCDQ "
    "(brevitas.export.export_onnx_qcdq) or with Quant";
static const char bitwise[] =
    "bits of integers: compute it on the host, or with Mul, Div and Where";

typedef struct remedy {
    const char *op;
    const char *text;
} remedy;

static const remedy remedies[] = {
    {"Attention", older_opset},
    {"Bernoulli", random_numbers},
    {"BitShift", bitwise},
    {"BitwiseAnd", bitwise},
    {"BitwiseNot", bitwise},
    {"BitwiseOr", bitwise},
    {"BitwiseXor", bitwise},
    {"BlackmanWindow", before_network},
    {"Col2Im",
     "torch.nn.Fold: write it as ConvTranspose with constant weights, or as DepthToSpace"},
    {"Compress", data_dependent},
    {"ConcatFromSequence", sequences},
    {"DFT", before_network},
    {"DeformConv", "train the model with plain convolutions in place of deformable ones"},
    {"Det", on_host},
    {"HammingWindow", before_network},
    {"HannWindow", before_network},
    {"ImageDecoder", before_network},
    {"LpPool", "write it as Pow, AveragePool and Pow"},
    {"MaxRoiPool", boxes},
    {"MelWeightMatrix", before_network},
    {"Multinomial", random_numbers},
    {"NegativeLogLikelihoodLoss", training},
    {"NonZero", data_dependent},
    {"Optional", sequences},
    {"OptionalGetElement", sequences},
    {"OptionalHasElement", sequences},
    {"RandomNormal", random_numbers},
    {"RandomNormalLike", random_numbers},
    {"RandomUniform", random_numbers},
    {"RandomUniformLike", random_numbers},
    {"RegexFullMatch", before_network},
    {"ReverseSequence", "with sequences of fixed length: export with fixed shapes and use Slice"},
    {"RoiAlign", "a two-stage detector: cut it into its backbone and its head at this operator "
                 "(onnx.utils.extract_model)"},
    {"RotaryEmbedding", older_opset},
    {"STFT", before_network},
    {"SequenceAt", sequences},
    {"SequenceConstruct", sequences},
    {"SequenceEmpty", sequences},
    {"SequenceErase", sequences},
    {"SequenceInsert", sequences},
    {"SequenceLength", sequences},
    {"SequenceMap", sequences},
    {"SoftmaxCrossEntropyLoss", training},
    {"SplitToSequence", sequences},
    {"StringConcat", before_network},
    {"StringNormalizer", before_network},
    {"StringSplit", before_network},
    {"TensorScatter", older_opset},
    {"TfIdfVectorizer", before_network},
    {"Unique", data_dependent},
};

/* Domains none of whose other operators are taken. */
static const remedy domains[] = {
    {"com.microsoft", "an operator of ONNX Runtime's optimiser: give zurt the file from before "
                      "optimisation (basic level at most), or quantise in the QDQ format"},
    {"com.ms.internal.nhwc", "the file was optimised for one machine: give zurt the file from "
                             "before optimisation"},
    {"ai.onnx.ml", "classic machine learning: cut it off and compute it on the host"},
    {"ai.onnx.preview.training", training},
    {"finn.custom_op.fpgadataflow.hls", built_by_finn},
    {"finn.custom_op.fpgadataflow.rtl", built_by_finn},
    {"finn.custom_op.fpgadataflow", built_by_finn},
    {"finn.custom_op.general", qonnx},
    {"onnx.brevitas", qonnx},
    {"qonnx.custom_op.general", qonnx},
    {"org.pytorch.aten", "PyTorch had no ONNX form of it: replace it in the model, or export with "
                         "a newer torch"},
    {"mmdeploy", "export the model without mmdeploy's own operators, and do their part on the "
                 "host"},
};

static const char *look_up(const remedy *table, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].op, key) == 0)
            return table[i].text;
    }
    return NULL;
}

const char *zc_remedy_at(size_t i, const char **op)
{
    if (i >= sizeof(remedies) / sizeof(*remedies))
        return NULL;
    *op = remedies[i].op;
    return remedies[i].text;
}

zurt_status zc_refuse_op(zc_onnx *o)
{
    const char *domain = o->node->domain ? o->node->domain : "";
    const char *text;
    if (zc_is_standard_domain(domain)) {
        text = look_up(remedies, sizeof(remedies) / sizeof(*remedies), o->node->op_type);
        return zc_fail(o, ZURT_E_UNSUPPORTED, "operator not supported; %s",
                       text ? text : "docs/ops.md lists those that are");
    }
    text = look_up(domains, sizeof(domains) / sizeof(*domains), domain);
    return zc_fail(o, ZURT_E_UNSUPPORTED, "operator of domain '%.80s'; %s", domain,
                   text ? text : "export with the standard ONNX operators");
}
