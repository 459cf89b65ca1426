/* SPDX-License-Identifier: Apache-2.0 */
/* Every command and option, as data alone: the command and the generator of its pages read it. */
#include <string.h>

#include "option.h"

#define DATA_KINDS                                                                                 \
    "DATA: idx:IMAGES[,LABELS]  dir:PATH[,LABELS.txt]  npy:X.npy[,Y.npy]  raw:FILE[,LABELS]  "     \
    "random:N\n"                                                                                   \
    "      or, for several inputs, NAME=DATA,NAME=DATA\n"

static const option_row common[] = {
    {OPT_JSON, "json", NULL, "one JSON object on stdout, on failure too", 0},
    {OPT_QUIET, "quiet", NULL, "no progress, no remarks", 0},
    {OPT_HELP, "help", NULL, "this text", 'h'},
    {0},
};

#define SHAPE_ROWS                                                                                 \
    {OPT_INPUT_SIZE, "input-size", "WxH", "for a model whose height and width are symbolic", 0},   \
        {OPT_SHAPE, "shape", "NAME=1x3x64x200", "dims that the model leaves open; once an input",  \
         0},                                                                                       \
    {                                                                                              \
        OPT_BATCH, "batch", "N", "rewrites the batch of an ONNX model", 0                          \
    }

static const option_row shape[] = {SHAPE_ROWS, {0}};

static const option_row input[] = {
    {OPT_INPUT_NORM, "input-norm", "MEAN/STD ...",
     "per channel, for pixels / 255 (default 0/1); .zurt has its own", 0},
    {OPT_BGR, "bgr", NULL, "the model wants blue, green, red", 0},
    {OPT_FIT, "fit", "stretch|crop|letterbox",
     "how a picture becomes the input's size (default crop)", 0},
    {OPT_CROP_RATIO, "crop-ratio", "R", "for crop: 0.875 takes 224 out of 256 (default 1)", 0},
    SHAPE_ROWS,
    {OPT_LAYOUT, "layout", "nchw|nhwc", "of raw and npy samples (default: the source model's)", 0},
    {OPT_NO_EXIF, "no-exif", NULL, "pictures as stored, not turned as the camera noted", 0},
    {OPT_LABEL_OFFSET, "label-offset", "N",
     "added to the classes of DATA, e.g. 1 for a background class", 0},
    {0},
};

#define MEMORY_ROW                                                                                 \
    {                                                                                              \
        OPT_MAX_MEMORY, "max-memory", "MIB", "limit of a .zurt's memory (default 1024)", 0         \
    }

static const option_row memory[] = {MEMORY_ROW, {0}};

static const option_row device[] = {
    {OPT_DEVICE, "device", "auto|cpu|xrt|sim", "where a .zurt runs (default auto)", 0},
    {OPT_XCLBIN, "xclbin", "FILE", "bitstream for xrt", 0},
    {OPT_THREADS, "threads", "N", "CPU threads of one request (default: one per core)", 0},
    {OPT_TIMEOUT, "timeout", "MS", "limit of one launch on the PL (default 10000)", 0},
    MEMORY_ROW,
    {OPT_FALLBACK, "fallback", NULL, "on a PL failure answer from the CPU", 0},
    {0},
};

static const option_row inspect[] = {
    {OPT_BOARD, "board", "cpu|kv260|zcu104", "capability table to plan for (default cpu)", 0},
    {OPT_XCLBIN, "xclbin", "FILE", "the table inside a bitstream's file instead", 0},
    {OPT_DOT, "dot", "FILE", "the graph for graphviz, coloured by device", 0},
    {OPT_SVG, "svg", "FILE", "the same, drawn by graphviz", 0},
    {OPT_HTML, "html", "FILE", "one page: sums, the drawing, a table of the nodes", 0},
    {OPT_FORCE, "force", NULL, "overwrite FILE", 0},
    {OPT_INPUT_NORM, "input-norm", "MEAN/STD ...",
     "of a float model's pictures, for its assumed scales", 0},
    {0},
};

static const option_row convert[] = {
    {OPT_CALIB, "calib", "DATA", "samples to calibrate with; not for a QDQ model", 0},
    {OPT_OUTPUT, "output", "OUT", "the file to write", 'o'},
    {OPT_SAMPLES, "samples", "N", "at most N of DATA (default 200)", 0},
    {OPT_METHOD, "method", "minmax|percentile|mse|entropy",
     "how a range is chosen from what was seen (default mse)", 0},
    {OPT_PERCENTILE, "percentile", "P", "for percentile: share kept, default 99.99", 0},
    {OPT_PER_TENSOR, "per-tensor", NULL, "one weight scale a layer instead of one a channel", 0},
    {OPT_REQUIRE_INT8, "require-int8", NULL, "fail on the first node that would stay float", 0},
    {OPT_KEEP_FLOAT, "keep-float", "NODE", "leave a node in float; may be repeated", 0},
    {OPT_REPORT, "report", "FILE", "every tensor's range and every layer's SQNR (.json or text)",
     0},
    {OPT_SQNR_SAMPLES, "sqnr-samples", "N", "samples for the SQNR (default 8; 0: none)", 0},
    {OPT_FORCE, "force", NULL, "overwrite OUT and the report", 0},
    {0},
};

/* What a .zurt holds and QDQ ONNX does not. */
static const option_row compiled[] = {
    {OPT_IO, "io", "int8|uint8|float", "type of inputs and outputs (default int8)", 0},
    {OPT_LABELS, "labels", "FILE", "class names, one a line", 0},
    {0},
};

static const option_row host[] = {
    {OPT_THREADS, "threads", "N", "host threads (default: one per core)", 0},
    {0},
};

static const option_row run[] = {
    {OPT_TOP, "top", "K", "number of classes shown (default 5)", 0},
    {OPT_OUTPUT, "output", "PREFIX", "outputs as raw files PREFIX.SAMPLE.OUTPUT.TYPE", 'o'},
    {OPT_FORCE, "force", NULL, "overwrite them", 0},
    {0},
};

static const option_row names[] = {
    {OPT_LABELS, "labels", "FILE", "class names, one a line, in place of the model's", 0},
    {0},
};

static const option_row judge[] = {
    {OPT_DATA, "data", "DATA", "the samples", 0},
    {OPT_LIMIT, "limit", "N", "at most N samples", 0},
    {OPT_HTML, "html", "FILE", "accuracy, matrices and the samples themselves as a page", 0},
    {OPT_FILES, "files", NULL, "lists the samples that are wrong or, of several models, changed",
     0},
    {OPT_FORCE, "force", NULL, "overwrite FILE", 0},
    {0},
};

static const option_row eval[] = {
    {OPT_SHARD, "shard", "I/N", "part I of N alone; `zurt merge` adds their --json up", 0},
    {OPT_LIST0, "list0", NULL, "names the files of these samples, a NUL after each, and is done",
     0},
    {0},
};

static const option_row merge[] = {
    {OPT_FILES, "files", NULL, "lists the samples that are wrong", 0},
    {0},
};

static const option_row compare[] = {
    {OPT_MAX_CHANGED, "max-changed", "N", "changed predictions that still count as equal (0)", 0},
    {0},
};

static const option_row bench[] = {
    {OPT_STREAMS, "streams", "N", "requests in flight (.zurt only, default 1)", 0},
    {OPT_WARMUP, "warmup", "N", "requests before the clock starts (default 3)", 0},
    {OPT_RUNS, "runs", "N", "requests timed", 0},
    {OPT_SECONDS, "seconds", "S", "or: time them for S seconds (default 3)", 0},
    {OPT_PROFILE, "profile", NULL, "time of every node and of each layer of a launch (.zurt only)",
     0},
    {OPT_CSV, "csv", NULL, "one line with a header", 0},
    {0},
};

static const option_row doctor[] = {
    {OPT_XCLBIN, "xclbin", "FILE", "the one to use (default: ZURT_XCLBIN, or the installed one)",
     0},
    {OPT_TIMEOUT, "timeout", "MS", "limit of one launch on the PL (default 10000)", 0},
    {OPT_ROOT, "root", "DIR", "looks at the files of another root: tests, or a copy of a board's",
     0},
    {0},
};

#define LISTS(...)                                                                                 \
    (const option_row *const[])                                                                    \
    {                                                                                              \
        __VA_ARGS__, common, NULL                                                                  \
    }

const command_row command_rows[N_COMMANDS] = {
    [COMMAND_INSPECT] =
        {"inspect", "what a model holds and which device would run each node", "MODEL [options]",
         "MODEL: a float or QDQ .onnx, or a .zurt. Prints per node the device, the reason and\n"
         "what would put it on the PL; cycles, ms and fps are modelled. A float model is\n"
         "quantised with assumed scales first.\n",
         LISTS(inspect, shape)},
    [COMMAND_QUANTIZE] = {"quantize", "float ONNX to int8 QDQ ONNX, readable by other tools",
                          "MODEL.onnx --calib DATA -o OUT.onnx [options]",
                          "OUT is QDQ ONNX that other tools read, of opset 13 or what its "
                          "operators need; its inputs\n"
                          "and outputs are float.\n"
                          "\n" DATA_KINDS,
                          LISTS(convert, input, host)},
    [COMMAND_COMPILE] =
        {"compile", "float or QDQ ONNX to an int8 .zurt file",
         "MODEL.onnx --calib DATA -o OUT.zurt [options]",
         "A QDQ model keeps the scales it brings and needs no --calib.\n\n" DATA_KINDS,
         LISTS(convert, compiled, input, host)},
    [COMMAND_RUN] =
        {"run", "one inference: outputs, or the best classes", "MODEL INPUT... [options]",
         "INPUT: a picture (JPEG, PNG, BMP), a .npy array, raw tensors (named .raw, .bin, .f32, "
         ".s8, ...),\n"
         "or DATA, with DATA#N for its sample N. For a model with several inputs NAME=INPUT for\n"
         "each of them. Writes the best classes.\n"
         "\n" DATA_KINDS,
         LISTS(run, names, input, device)},
    [COMMAND_EVAL] = {"eval", "accuracy over labelled data", "MODEL --data DATA [options]",
                      "MODEL: a float or QDQ .onnx, or a .zurt.\n\n" DATA_KINDS,
                      LISTS(judge, eval, names, input, device)},
    [COMMAND_COMPARE] =
        {"compare", "models on the same data: accuracy, changed predictions, SQNR",
         "A B [C ...] --data DATA [options]",
         "A, B, C: float or QDQ .onnx, or .zurt, each compared with A; a float model without\n"
         "--input-norm is fed as the first .zurt says. Exit 6 if more predictions of one changed\n"
         "than --max-changed.\n"
         "\n" DATA_KINDS,
         LISTS(judge, compare, names, input, device)},
    [COMMAND_BENCH] =
        {"bench", "latency percentiles and frames per second", "MODEL [options]",
         "Runs a model on seeded noise and prints the latency of a request (submit to answer)\n"
         "and frames per second. MODEL: a .zurt, or an .onnx on the host's executor.\n",
         LISTS(bench, input, device)},
    [COMMAND_INFO] = {"info", "this build, or the facts of a model file",
                      "[MODEL.zurt | MODEL.onnx | OVERLAY.xclbin] [options]",
                      "Without a file: version, CPU features, devices (why one is absent, and what "
                      "helps) and build\n"
                      "options.\n",
                      LISTS(shape, memory)},
    [COMMAND_MERGE] = {"merge", "adds up what eval found in shards", "RESULT.json... [options]",
                       "RESULT: what `zurt eval --shard I/N --json` printed, one of each shard, in "
                       "any order.\n"
                       "Prints what eval prints of all samples. Refused are shards that are "
                       "missing or there twice,\n"
                       "and results of different models, data or options.\n",
                       LISTS(merge)},
    [COMMAND_DOCTOR] =
        {"doctor", "what stands between a model and the PL, and how to mend it",
         "[MODEL.zurt] [options]",
         "Looks at board, kernel, driver, XRT, overlay, clock and memory, and runs a "
         "small built-in\n"
         "model on the CPU and the PL. With MODEL.zurt: whether that fits. Exit 5 "
         "if there is a fault.\n",
         LISTS(doctor, memory)},
};

const char command_exit_codes[] = "0 done\n"
                                  "1 I/O, memory, or a bug in zurt\n"
                                  "2 usage\n"
                                  "3 input refused\n"
                                  "4 unsupported\n"
                                  "5 device or timeout\n"
                                  "6 compare found changed predictions\n";

const option_row *command_option(const command_row *command, size_t i)
{
    for (const option_row *const *list = command->options; *list; list++) {
        for (const option_row *row = *list; row->id; row++) {
            if (i-- == 0)
                return row;
        }
    }
    return NULL;
}

const option_row *command_find_option(const command_row *command, const char *name)
{
    const option_row *row;
    for (size_t i = 0; (row = command_option(command, i)); i++) {
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

size_t option_next_word(const char **text, const char **word)
{
    *word = *text;
    size_t n = strcspn(*text, "|");
    *text += n;
    *text += **text == '|';
    return n;
}
