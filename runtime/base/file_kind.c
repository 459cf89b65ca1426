/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its first bytes. One table row per signature; three families that share one
 * (zip, protobuf, RIFF) are looked into. */
#include "base/file_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Enough for the first entries of a zip file. */
enum { HEAD_BYTES = 4096 };

static const struct {
    zurt_file_kind kind;
    uint8_t at;
    uint8_t size;
    const char *bytes;
} signatures[] = {
    {ZURT_FILE_ZURT, 0, 8, "\x89ZRT\r\n\x1a\n"},
    {ZURT_FILE_XCLBIN, 0, 7, "xclbin2"},
    {ZURT_FILE_TFLITE, 4, 4, "TFL3"},
    {ZURT_FILE_HDF5, 0, 8, "\x89HDF\r\n\x1a\n"},
    {ZURT_FILE_PYTORCH, 0, 14, "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19"}, // before 1.6
    {ZURT_FILE_PICKLE, 0, 2, "\x80\x02"},
    {ZURT_FILE_PICKLE, 0, 2, "\x80\x03"},
    {ZURT_FILE_PICKLE, 0, 2, "\x80\x04"},
    {ZURT_FILE_PICKLE, 0, 2, "\x80\x05"},
    {ZURT_FILE_LFS_POINTER, 0, 42, "version https://git-lfs.github.com/spec/v1"},
    {ZURT_FILE_HTML, 0, 9, "<!DOCTYPE"},
    {ZURT_FILE_HTML, 0, 9, "<!doctype"},
    {ZURT_FILE_HTML, 0, 5, "<html"},
    {ZURT_FILE_XML, 0, 5, "<?xml"},
    {ZURT_FILE_JPEG, 0, 3, "\xff\xd8\xff"},
    {ZURT_FILE_PNG, 0, 8, "\x89PNG\r\n\x1a\n"},
    {ZURT_FILE_GIF, 0, 4, "GIF8"},
    {ZURT_FILE_TIFF, 0, 4, "II*\0"},
    {ZURT_FILE_TIFF, 0, 4, "MM\0*"},
    {ZURT_FILE_HEIF, 4, 8, "ftypheic"},
    {ZURT_FILE_HEIF, 4, 8, "ftypmif1"},
    {ZURT_FILE_HEIF, 4, 8, "ftypavif"},
    {ZURT_FILE_NPY, 0, 6, "\x93NUMPY"},
    {ZURT_FILE_GZIP, 0, 3, "\x1f\x8b\x08"},
};

static const char to_onnx_torch[] =
    "export it: torch.onnx.export(model, (example,), \"model.onnx\"); for Ultralytics: "
    "yolo export model=FILE format=onnx";
static const char to_onnx_keras[] =
    "export it: model.export(\"saved\") in Keras, then python -m tf2onnx.convert "
    "--saved-model saved --output model.onnx";
static const char to_picture[] = "convert it to PNG or JPEG";

static const struct {
    const char *name;
    const char *remedy;
} words[] = {
    [ZURT_FILE_UNKNOWN] = {"a file of unknown kind", ""},
    [ZURT_FILE_ZURT] = {"a compiled .zurt model", ""},
    [ZURT_FILE_ONNX] = {"an ONNX model", "compile it first: zurt compile"},
    [ZURT_FILE_XCLBIN] = {"an xclbin, the PL's bitstream", "it goes with --xclbin"},
    [ZURT_FILE_TFLITE] = {"a TensorFlow Lite model", "compile it first: zurt compile"},
    [ZURT_FILE_PYTORCH] = {"a PyTorch file", to_onnx_torch},
    [ZURT_FILE_PICKLE] = {"a Python pickle", to_onnx_torch},
    [ZURT_FILE_HDF5] = {"an HDF5 file, as Keras writes .h5", to_onnx_keras},
    [ZURT_FILE_KERAS] = {"a Keras model", to_onnx_keras},
    [ZURT_FILE_SAVED_MODEL] = {"a TensorFlow SavedModel",
                               "convert its folder: python -m tf2onnx.convert --saved-model FOLDER "
                               "--output model.onnx"},
    [ZURT_FILE_TF_GRAPH] = {"a TensorFlow graph",
                            "convert it: python -m tf2onnx.convert --graphdef FILE --inputs X:0 "
                            "--outputs Y:0 --output model.onnx"},
    [ZURT_FILE_XMODEL] = {"a Vitis AI xmodel, compiled for the DPU",
                          "zurt starts from the ONNX model it was made of"},
    [ZURT_FILE_LFS_POINTER] = {"a git-lfs pointer, not the file itself", "fetch it: git lfs pull"},
    [ZURT_FILE_HTML] = {"a web page", "download the file itself, not the page that shows it"},
    [ZURT_FILE_XML] = {"an XML file, as OpenVINO writes",
                       "zurt starts from the ONNX model it was made of"},
    [ZURT_FILE_JPEG] = {"a JPEG picture", ""},
    [ZURT_FILE_PNG] = {"a PNG picture", ""},
    [ZURT_FILE_BMP] = {"a BMP picture", ""},
    [ZURT_FILE_WEBP] = {"a WebP picture", to_picture},
    [ZURT_FILE_GIF] = {"a GIF picture", to_picture},
    [ZURT_FILE_TIFF] = {"a TIFF picture", to_picture},
    [ZURT_FILE_HEIF] = {"a HEIF or AVIF picture", to_picture},
    [ZURT_FILE_PNM] = {"a PPM, PGM or PBM picture", to_picture},
    [ZURT_FILE_NPY] = {"a NumPy array", ""},
    [ZURT_FILE_NPZ] = {"a NumPy archive of several arrays",
                       "save each with numpy.save as a .npy of its own"},
    [ZURT_FILE_GZIP] = {"a gzip file", "unpack it: gunzip"},
    [ZURT_FILE_ZIP] = {"a zip archive", "unpack it"},
};

static bool contains(zi_bytes b, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= b.size; i++) {
        if (memcmp(b.data + i, text, n) == 0)
            return true;
    }
    return false;
}

/* Names of the first entries tell who wrote a zip. */
static zurt_file_kind kind_of_zip(zi_bytes b)
{
    if (contains(b, "data.pkl") || contains(b, "constants.pkl") || contains(b, ".format_version"))
        return ZURT_FILE_PYTORCH;
    if (contains(b, "metadata.json") || contains(b, "config.json") || contains(b, ".weights.h5"))
        return ZURT_FILE_KERAS;
    return contains(b, ".npy") ? ZURT_FILE_NPZ : ZURT_FILE_ZIP;
}

/* A protobuf length at *at, moved past; false if there is none. */
static bool get_length(zi_bytes b, size_t *at, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 35 && *at < b.size; shift += 7) {
        uint8_t byte = b.data[(*at)++];
        *out |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

/* ModelProto begins with ir_version, SavedModel with its version and then a MetaGraphDef, whose
 * first field is a message; GraphDef with a node, whose first field is its name; an xmodel with
 * its name and then nodes in field 5. Ref: onnx.proto, saved_model.proto, graph.proto. */
static zurt_file_kind kind_of_protobuf(zi_bytes b)
{
    size_t at = 1;
    uint64_t length;
    if (b.size < 4 || !get_length(b, &at, &length))
        return ZURT_FILE_UNKNOWN;
    if (b.data[0] == 0x08 && length >= 1 && length < 64 && at < b.size) { // the number itself
        uint8_t tag = b.data[at++];
        const bool is_version_1 = tag == 0x12 && b.data[1] == 1;
        const bool has_graph =
            is_version_1 && get_length(b, &at, &length) && at < b.size && length > 1;
        if (has_graph && b.data[at] == 0x0a)
            return ZURT_FILE_SAVED_MODEL;
        bool known = tag == 0x12 || tag == 0x1a || tag == 0x22 || tag == 0x28 || tag == 0x32 ||
                     tag == 0x3a || tag == 0x42 || tag == 0x72;
        return known ? ZURT_FILE_ONNX : ZURT_FILE_UNKNOWN;
    }
    if (b.data[0] != 0x0a || at >= b.size)
        return ZURT_FILE_UNKNOWN;
    size_t inner = at + 1;
    uint64_t name;
    const bool has_name = b.data[at] == 0x0a && get_length(b, &inner, &name) && name + 2 < length &&
                          name < b.size - inner;
    if (has_name && b.data[inner + name] == 0x12)
        return ZURT_FILE_TF_GRAPH;
    return length < b.size - at && b.data[at + length] == 0x2a ? ZURT_FILE_XMODEL
                                                               : ZURT_FILE_UNKNOWN;
}

static bool is_bmp(zi_bytes b)
{
    if (b.size < 26 || memcmp(b.data, "BM", 2) != 0)
        return false;
    uint32_t header = zi_get_u32(b.data + 14);
    return header >= 12 && header <= 124;
}

static bool is_pnm(zi_bytes b)
{
    if (b.size < 3 || b.data[0] != 'P')
        return false;
    return b.data[1] >= '1' && b.data[1] <= '6' && memchr(" \t\r\n", b.data[2], 4);
}

zurt_file_kind zurt_file_kind_of(const void *bytes, size_t size)
{
    zi_bytes b = {bytes, bytes ? size : 0};
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        size_t at = signatures[i].at, n = signatures[i].size;
        if (b.size >= at + n && memcmp(b.data + at, signatures[i].bytes, n) == 0)
            return signatures[i].kind;
    }
    if (b.size >= 4 && memcmp(b.data, "PK\3\4", 4) == 0)
        return kind_of_zip((zi_bytes){b.data, b.size < HEAD_BYTES ? b.size : HEAD_BYTES});
    if (b.size >= 12 && memcmp(b.data, "RIFF", 4) == 0 && memcmp(b.data + 8, "WEBP", 4) == 0)
        return ZURT_FILE_WEBP;
    if (is_bmp(b))
        return ZURT_FILE_BMP;
    return is_pnm(b) ? ZURT_FILE_PNM : kind_of_protobuf(b);
}

zurt_status zurt_file_kind_read(zurt_ctx *ctx, const char *path, zurt_file_kind *out)
{
    if (out)
        *out = ZURT_FILE_UNKNOWN;
    if (!ctx)
        return ZURT_E_ARG;
    if (!path || !out)
        return zi_fail(ctx, ZURT_E_ARG, "file: path and out must not be NULL");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // nonblocking: path may be a FIFO
    if (fd < 0)
        return zi_fail(ctx, ZURT_E_IO, "%s: %s", path, strerror(errno));
    uint8_t head[HEAD_BYTES];
    size_t size = 0;
    struct stat s;
    zurt_status st = ZURT_OK;
    if (fstat(fd, &s) != 0)
        st = zi_fail(ctx, ZURT_E_IO, "%s: %s", path, strerror(errno));
    while (!st && S_ISREG(s.st_mode) && size < sizeof(head)) {
        ssize_t n = read(fd, head + size, sizeof(head) - size);
        if (n < 0 && errno != EINTR)
            st = zi_fail(ctx, ZURT_E_IO, "%s: %s", path, strerror(errno));
        if (n == 0)
            break;
        size += n > 0 ? (size_t)n : 0;
    }
    if (!st && S_ISDIR(s.st_mode) && faccessat(fd, "saved_model.pb", F_OK, 0) == 0)
        *out = ZURT_FILE_SAVED_MODEL;
    else if (!st && S_ISDIR(s.st_mode))
        st = zi_fail(ctx, ZURT_E_IO, "%s: %s", path, strerror(EISDIR));
    else if (!st)
        *out = zurt_file_kind_of(head, size);
    close(fd);
    return st;
}

const char *zurt_file_kind_name(zurt_file_kind kind)
{
    return words[(size_t)kind < sizeof(words) / sizeof(words[0]) ? kind : 0].name;
}

const char *zurt_file_kind_remedy(zurt_file_kind kind)
{
    return words[(size_t)kind < sizeof(words) / sizeof(words[0]) ? kind : 0].remedy;
}

zurt_status zi_file_check_kind(zurt_ctx *ctx, zi_bytes file, zurt_file_kind wanted)
{
    zurt_file_kind kind = zurt_file_kind_of(file.data, file.size);
    if (kind == wanted || kind == ZURT_FILE_UNKNOWN)
        return ZURT_OK;
    const char *remedy = zurt_file_kind_remedy(kind);
    return zi_fail(ctx, ZURT_E_FORMAT, "this is %s, not %s%s%s", zurt_file_kind_name(kind),
                   zurt_file_kind_name(wanted), *remedy ? "; " : "", remedy);
}
