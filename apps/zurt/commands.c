/* SPDX-License-Identifier: Apache-2.0 */
/* Every command and option, as data alone: the parser of options, --help and the generator of man
 * pages and completion read it. */
#include <inttypes.h>
#include <string.h>

#include "option.h"

#define DATA_KINDS                                                                                 \
    "DATA: idx:IMAGES[,LABELS]  dir:PATH[,LABELS.txt]  npy:X.npy[,Y.npy]  raw:FILE[,LABELS]  "     \
    "random:N\n"                                                                                   \
    "      or, for several inputs, NAME=DATA,NAME=DATA\n"

/* The kind of a value, at the end of a row. */
#define FLAG          .kind = OPTION_FLAG
#define TEXT          .kind = OPTION_TEXT
#define WORD          .kind = OPTION_WORD
#define WHOLE(lo, hi) .kind = OPTION_WHOLE, .whole = {lo, hi}
#define REAL(lo, hi)  .kind = OPTION_REAL, .real = {lo, hi}
#define FORM(text)    .kind = OPTION_FORM, .form = (text)

static const option_row common[] = {
    {OPT_JSON, "json", NULL, "one JSON object on stdout, on failure too", 0, FLAG},
    {OPT_QUIET, "quiet", NULL, "no progress, no remarks", 0, FLAG},
    {OPT_HELP, "help", NULL, "this text", 'h', FLAG},
    {0},
};

static const option_row shape[] = {
    {OPT_INPUT_SIZE, "input-size", "WxH", "for a model whose height and width are symbolic", 0,
     FORM("WIDTHxHEIGHT, e.g. 224x224")},
    {OPT_SHAPE, "shape", "NAME=1x3x64x200", "dims that the model leaves open; once an input", 0,
     FORM("NAME=DIMxDIM..., e.g. images=1x3x64x200")},
    {OPT_BATCH, "batch", "N", "rewrites the batch of an ONNX model", 0, WHOLE(1, 65536)},
    {0},
};

static const option_row input[] = {
    {OPT_INPUT_NORM, "input-norm", "MEAN/STD ...",
     "per channel, for pixels / 255 (default 0/1); .zurt has its own", 0,
     FORM("MEAN/STD for 1 to 4 channels")},
    {OPT_BGR, "bgr", NULL, "the model wants blue, green, red", 0, FLAG},
    {OPT_FIT, "fit", "stretch|crop|letterbox",
     "how a picture becomes the input's size (default crop)", 0, WORD},
    {OPT_CROP_RATIO, "crop-ratio", "R", "for crop: 0.875 takes 224 out of 256 (default 1)", 0,
     REAL(0.01, 1.0)},
    {OPT_LAYOUT, "layout", "nchw|nhwc", "of raw and npy samples (default: the source model's)", 0,
     WORD},
    {OPT_NO_EXIF, "no-exif", NULL, "pictures as stored, not turned as the camera noted", 0, FLAG},
    {OPT_LABEL_OFFSET, "label-offset", "N",
     "added to the classes of DATA, e.g. 1 for a background class", 0, WHOLE(0, 1000000)},
    {0},
};

static const option_row memory[] = {
    {OPT_MAX_MEMORY, "max-memory", "MIB", "limit of a .zurt's memory (default 1024)", 0,
     WHOLE(1, 1u << 20)},
    {0},
};

static const option_row device[] = {
    {OPT_DEVICE, "device", "auto|cpu|xrt|sim", "where a .zurt runs (default auto)", 0, WORD},
    {OPT_XCLBIN, "xclbin", "FILE", "bitstream for xrt", 0, TEXT},
    {OPT_THREADS, "threads", "N", "CPU threads of one request (default: one per core)", 0,
     WHOLE(1, 64)},
    {OPT_TIMEOUT, "timeout", "MS", "limit of one launch on the PL (default 10000)", 0,
     WHOLE(1, 3600000)},
    {OPT_FALLBACK, "fallback", NULL, "on a PL failure answer from the CPU", 0, FLAG},
    {0},
};

static const option_row inspect[] = {
    {OPT_BOARD, "board", "cpu|kv260|zcu104", "capability table to plan for (default cpu)", 0, WORD},
    {OPT_XCLBIN, "xclbin", "FILE", "the table inside a bitstream's file instead", 0, TEXT},
    {OPT_DOT, "dot", "FILE", "the graph for graphviz, coloured by device", 0, TEXT},
    {OPT_SVG, "svg", "FILE", "the same, drawn by graphviz", 0, TEXT},
    {OPT_HTML, "html", "FILE", "one page: sums, the drawing, a table of the nodes", 0, TEXT},
    {OPT_FORCE, "force", NULL, "overwrite FILE", 0, FLAG},
    {OPT_INPUT_NORM, "input-norm", "MEAN/STD ...",
     "of a float model's pictures, for its assumed scales", 0,
     FORM("MEAN/STD for 1 to 4 channels")},
    {0},
};

static const option_row convert[] = {
    {OPT_CALIB, "calib", "DATA", "samples to calibrate with; not for a QDQ model", 0, TEXT},
    {OPT_OUTPUT, "output", "OUT", "the file to write", 'o', TEXT},
    {OPT_SAMPLES, "samples", "N", "at most N of DATA (default 200)", 0, WHOLE(1, 1u << 30)},
    {OPT_METHOD, "method", "minmax|percentile|mse|entropy|auto",
     "how a range is chosen (default auto)", 0, WORD},
    {OPT_PERCENTILE, "percentile", "P", "for percentile and auto: share kept, default 99.99", 0,
     REAL(50.0, 100.0)},
    {OPT_PER_TENSOR, "per-tensor", NULL, "one weight scale a layer instead of one a channel", 0,
     FLAG},
    {OPT_REQUIRE_INT8, "require-int8", NULL, "fail on the first node that would stay float", 0,
     FLAG},
    {OPT_KEEP_FLOAT, "keep-float", "NODE|@FILE", "leave nodes in float; may be repeated", 0, TEXT},
    {OPT_REPORT, "report", "FILE", "every tensor's range and every layer's SQNR (.json or text)", 0,
     TEXT},
    {OPT_HOLD_OUT, "hold-out", "N",
     "one of N samples judges and does not calibrate (default 4; 0: none)", 0, WHOLE(0, 1u << 20)},
    {OPT_FLOAT_BUDGET, "float-budget", "PERCENT",
     "share of the work that may stay in float, where it wins most", 0, REAL(0.0, 100.0)},
    {OPT_TARGET_SQNR, "target-sqnr", "DB", "with --float-budget: no more than this asks for", 0,
     REAL(0.0, 200.0)},
    {OPT_SQNR_SAMPLES, "sqnr-samples", "N", "samples for the SQNR (default 8; 0: none)", 0,
     WHOLE(0, 1u << 20)},
    {OPT_FORCE, "force", NULL, "overwrite OUT and the report", 0, FLAG},
    {0},
};

/* What a .zurt holds and QDQ ONNX does not. */
static const option_row compiled[] = {
    {OPT_IO, "io", "int8|uint8|float", "type of inputs and outputs (default int8)", 0, WORD},
    {OPT_LABELS, "labels", "FILE", "class names, one a line", 0, TEXT},
    {0},
};

static const option_row host[] = {
    {OPT_THREADS, "threads", "N", "host threads (default: one per core)", 0, WHOLE(1, 64)},
    {0},
};

static const option_row run[] = {
    {OPT_TOP, "top", "K", "number of classes shown (default 5)", 0, WHOLE(1, OPTION_MOST_TOP)},
    {OPT_OUTPUT, "output", "PREFIX", "outputs as raw files PREFIX.SAMPLE.OUTPUT.TYPE", 'o', TEXT},
    {OPT_FORCE, "force", NULL, "overwrite them", 0, FLAG},
    {0},
};

static const option_row names[] = {
    {OPT_LABELS, "labels", "FILE", "class names, one a line, in place of the model's", 0, TEXT},
    {0},
};

static const option_row judge[] = {
    {OPT_DATA, "data", "DATA", "the samples", 0, TEXT},
    {OPT_LIMIT, "limit", "N", "at most N samples", 0, WHOLE(1, INT64_MAX)},
    {OPT_HTML, "html", "FILE", "accuracy, matrices and the samples themselves as a page", 0, TEXT},
    {OPT_FILES, "files", NULL, "lists the samples that are wrong or, of several models, changed", 0,
     FLAG},
    {OPT_FORCE, "force", NULL, "overwrite FILE", 0, FLAG},
    {0},
};

static const option_row eval[] = {
    {OPT_SHARD, "shard", "I/N", "part I of N alone; `zurt merge` adds their --json up", 0,
     FORM("I/N, e.g. 1/4 of 1/4 to 4/4, N at most 65536")},
    {OPT_LIST0, "list0", NULL, "names the files of these samples, a NUL after each, and is done", 0,
     FLAG},
    {0},
};

static const option_row merge[] = {
    {OPT_FILES, "files", NULL, "lists the samples that are wrong", 0, FLAG},
    {0},
};

static const option_row compare[] = {
    {OPT_MAX_CHANGED, "max-changed", "N", "changed predictions that still count as equal (0)", 0,
     WHOLE(0, INT64_MAX)},
    {0},
};

static const option_row bench[] = {
    {OPT_STREAMS, "streams", "N", "requests in flight (.zurt only, default 1)", 0, WHOLE(1, 16)},
    {OPT_WARMUP, "warmup", "N", "requests before the clock starts (default 3)", 0,
     WHOLE(0, OPTION_MOST_RUNS)},
    {OPT_RUNS, "runs", "N", "requests timed", 0, WHOLE(1, OPTION_MOST_RUNS)},
    {OPT_SECONDS, "seconds", "S", "or: time them for S seconds (default 3)", 0,
     REAL(0.01, 86400.0)},
    {OPT_PROFILE, "profile", NULL, "time of every node and of each layer of a launch (.zurt only)",
     0, FLAG},
    {OPT_CSV, "csv", NULL, "one line with a header", 0, FLAG},
    {0},
};

static const option_row doctor[] = {
    {OPT_XCLBIN, "xclbin", "FILE", "the one to use (default: ZURT_XCLBIN, or the installed one)", 0,
     TEXT},
    {OPT_TIMEOUT, "timeout", "MS", "limit of one launch on the PL (default 10000)", 0,
     WHOLE(1, 3600000)},
    {OPT_ROOT, "root", "DIR", "looks at the files of another root: tests, or a copy of a board's",
     0, FORM("a folder")},
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
         "MODEL: a float or QDQ .onnx, a .tflite or a .zurt. Prints per node the device, the "
         "reason and\n"
         "what would put it on the PL; cycles, ms and fps are modelled. A float model is\n"
         "quantised with assumed scales first.\n",
         LISTS(inspect, shape), .wants = "one MODEL", .least = 1, .most = 1},
    [COMMAND_QUANTIZE] = {"quantize", "float ONNX to int8 QDQ ONNX, readable by other tools",
                          "MODEL.onnx --calib DATA -o OUT.onnx [options]",
                          "OUT is QDQ ONNX that other tools read, of opset 13 or what its "
                          "operators need; its inputs\n"
                          "and outputs are float.\n"
                          "\n" DATA_KINDS,
                          LISTS(convert, input, shape, host), .wants = "one MODEL and -o OUT",
                          .least = 1, .most = 1, .needs = OPT_OUTPUT},
    [COMMAND_COMPILE] =
        {"compile", "float or quantised ONNX or TFLite to an int8 .zurt file",
         "MODEL --calib DATA -o OUT.zurt [options]",
         "MODEL: an .onnx or a .tflite. A quantised one keeps the scales it brings and needs no "
         "--calib.\n\n" DATA_KINDS,
         LISTS(convert, compiled, input, shape, host), .wants = "one MODEL and -o OUT", .least = 1,
         .most = 1, .needs = OPT_OUTPUT},
    [COMMAND_RUN] =
        {"run", "one inference: outputs, or the best classes", "MODEL INPUT... [options]",
         "INPUT: a picture (JPEG, PNG, BMP), a .npy array, raw tensors (named .raw, .bin, .f32, "
         ".s8, ...),\n"
         "or DATA, with DATA#N for its sample N. For a model with several inputs NAME=INPUT for\n"
         "each of them. Writes the best classes.\n"
         "\n" DATA_KINDS,
         LISTS(run, names, input, shape, device, memory), .wants = "a MODEL and at least one INPUT",
         .least = 2, .most = SIZE_MAX},
    [COMMAND_EVAL] = {"eval", "accuracy over labelled data", "MODEL --data DATA [options]",
                      "MODEL: a float or QDQ .onnx, a .tflite or a .zurt.\n\n" DATA_KINDS,
                      LISTS(judge, eval, names, input, shape, device, memory),
                      .wants = "one MODEL and --data DATA", .least = 1, .most = 1,
                      .needs = OPT_DATA},
    [COMMAND_COMPARE] =
        {"compare", "models on the same data: accuracy, changed predictions, SQNR",
         "A B [C ...] --data DATA [options]",
         "A, B, C: float or QDQ .onnx, .tflite or .zurt, each compared with A; a float model "
         "without\n"
         "--input-norm is fed as the first .zurt says. Exit 6 if more predictions of one changed\n"
         "than --max-changed.\n"
         "\n" DATA_KINDS,
         LISTS(judge, compare, names, input, shape, device, memory),
         .wants = "two models or more, 26 at most, and --data DATA", .least = 2,
         .most = OPTION_MOST_MODELS, .needs = OPT_DATA},
    [COMMAND_BENCH] =
        {"bench", "latency percentiles and frames per second", "MODEL [options]",
         "Runs a model on seeded noise and prints the latency of a request (submit to answer)\n"
         "and frames per second. MODEL: a .zurt, or an .onnx or .tflite on the host's executor.\n",
         LISTS(bench, input, shape, device, memory), .wants = "one MODEL", .least = 1, .most = 1},
    [COMMAND_INFO] = {"info", "this build, or the facts of a model file",
                      "[MODEL.zurt | MODEL.onnx | MODEL.tflite | OVERLAY.xclbin] [options]",
                      "Without a file: version, CPU features, devices (why one is absent, and what "
                      "helps) and build\n"
                      "options.\n",
                      LISTS(shape, memory), .wants = "at most one file", .most = 1},
    [COMMAND_MERGE] = {"merge", "adds up what eval found in shards", "RESULT.json... [options]",
                       "RESULT: what `zurt eval --shard I/N --json` printed, one of each shard, in "
                       "any order.\n"
                       "Prints what eval prints of all samples. Refused are shards that are "
                       "missing or there twice,\n"
                       "and results of different models, data or options.\n",
                       LISTS(merge), .wants = "RESULT.json of every shard, 1 to 65536", .least = 1,
                       .most = OPTION_MOST_SHARDS},
    [COMMAND_DOCTOR] =
        {"doctor", "what stands between a model and the PL, and how to mend it",
         "[MODEL.zurt] [options]",
         "Looks at board, kernel, driver, XRT, overlay, clock and memory, and runs a "
         "small built-in\n"
         "model on the CPU and the PL. With MODEL.zurt: whether that fits. Exit 5 "
         "if there is a fault.\n",
         LISTS(doctor, memory), .wants = "at most one MODEL.zurt", .most = 1},
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

const char *option_joint(size_t i, size_t n, const char *last)
{
    return i == 0 ? "" : i + 1 < n ? ", " : last;
}

/* "a|b|c" as "a, b or c". */
static void words_form(const char *words, char *out, size_t bytes)
{
    const char *word;
    size_t length;
    size_t n = 1, used = 0;
    for (const char *p = words; *p; p++)
        n += *p == '|';
    for (size_t i = 0; (length = option_next_word(&words, &word)) && used < bytes; i++) {
        int k = snprintf(out + used, bytes - used, "%s%.*s", option_joint(i, n, " or "),
                         (int)length, word);
        used += k < 0 ? bytes : (size_t)k;
    }
}

void option_form(const option_row *row, char *out, size_t bytes)
{
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_TEXT:
        out[0] = 0;
        break;
    case OPTION_WORD:
        words_form(row->value, out, bytes);
        break;
    case OPTION_WHOLE:
        snprintf(out, bytes, "a whole number from %" PRIu64 " to %" PRIu64, row->whole.lo,
                 row->whole.hi);
        break;
    case OPTION_REAL:
        snprintf(out, bytes, "a number from %g to %g", row->real.lo, row->real.hi);
        break;
    case OPTION_FORM:
        snprintf(out, bytes, "%s", row->form);
        break;
    }
}
