/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes an xclbin for XRT's software emulation: one kernel, one compute unit, one memory bank.
 * Debian's xclbinutil cannot (its program is in no package), and a build needs no more than this.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The axlf container, all little-endian. Ref: XRT, xclbin.h. */
enum {
    AXLF_BYTES = 456, // up to the section headers
    SECTION_HEADER = 40,
    MAX_SECTIONS = 8,
    NAME_BYTES = 64,
    MODE_SW_EMU = 5,
    KIND_BITSTREAM = 0,
    KIND_EMBEDDED_METADATA = 2,
    KIND_MEM_TOPOLOGY = 6,
    KIND_CONNECTIVITY = 7,
    KIND_IP_LAYOUT = 8,
    KIND_USER_METADATA = 16,
    MAX_ARGS = 16
};

#define UNIT_BASE 0xa0010000u

typedef struct bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} bytes;

typedef struct section {
    uint32_t kind;
    const char *name;
    bytes body;
} section;

typedef struct options {
    const char *output;
    const char *kernel;
    const char *object;
    const char *user_metadata; // NULL: none
    const char *board;
    uint64_t memory_kb;
    char *args[MAX_ARGS]; // "name:TYPE", TYPE ptr or int
    size_t n_args;
} options;

static _Noreturn void fail(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("mkxclbin: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static uint8_t *space(bytes *b, size_t size)
{
    if (size > b->capacity - b->size) {
        b->capacity = (b->size + size) * 2;
        b->data = realloc(b->data, b->capacity);
        if (!b->data)
            fail("out of memory");
    }
    uint8_t *p = b->data + b->size;
    memset(p, 0, size);
    b->size += size;
    return p;
}

static void put(bytes *b, uint64_t value, size_t size)
{
    uint8_t *p = space(b, size);
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

/* A name in a field of fixed size, with its terminator. */
static void put_name(bytes *b, const char *name, size_t size)
{
    size_t n = strlen(name);
    if (n >= size)
        fail("name too long: %s", name);
    memcpy(space(b, size), name, n);
}

static void put_format(bytes *b, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(line))
        fail("name too long");
    memcpy(space(b, (size_t)n), line, (size_t)n);
}

static bytes read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail("cannot open %s", path);
    bytes b = {0};
    uint8_t block[65536];
    size_t n;
    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        memcpy(space(&b, n), block, n);
    if (ferror(f))
        fail("cannot read %s", path);
    fclose(f);
    return b;
}

static bool is_pointer(const char *arg)
{
    const char *type = strchr(arg, ':');
    if (!type || (strcmp(type, ":ptr") != 0 && strcmp(type, ":int") != 0))
        fail("argument '%s': want NAME:ptr or NAME:int", arg);
    return type[1] == 'p';
}

/* ---- sections ---- */

/* The attributes that XRT reads. fpgaDevice must not contain "zynq": the arm64 shim would look for
 * a QEMU system. */
static bytes make_xml(const options *o)
{
    bytes b = {0};
    put_format(&b,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<project name=\"zurt\">\n"
               "<platform vendor=\"xilinx\" boardid=\"%s\" name=\"zurt\" featureRomTime=\"0\">\n"
               "<version major=\"1\" minor=\"0\"/><description/>\n",
               o->board);
    put_format(&b, "<device name=\"fpga0\" fpgaDevice=\"swemu\" addrWidth=\"0\">\n"
                   "<core name=\"OCL_REGION_0\" target=\"csim\" type=\"clc_region\" "
                   "clockFreq=\"0MHz\" numComputeUnits=\"1\">\n");
    put_format(&b,
               "<kernel name=\"%s\" language=\"c\" type=\"pl\" "
               "hwControlProtocol=\"ap_ctrl_hs\">\n",
               o->kernel);
    put_format(&b, "<port name=\"M_AXI_GMEM\" mode=\"master\" range=\"0xFFFFFFFF\" "
                   "dataWidth=\"128\" portType=\"addressable\" base=\"0x0\"/>\n"
                   "<port name=\"S_AXI_CONTROL\" mode=\"slave\" range=\"0x1000\" "
                   "dataWidth=\"32\" portType=\"addressable\" base=\"0x0\"/>\n");
    unsigned offset = 0x10;
    for (size_t i = 0; i < o->n_args; i++) {
        bool pointer = is_pointer(o->args[i]);
        unsigned size = pointer ? 8 : 4;
        put_format(&b,
                   "<arg name=\"%.*s\" addressQualifier=\"%d\" id=\"%zu\" port=\"%s\" "
                   "size=\"0x%x\" offset=\"0x%x\" hostOffset=\"0x0\" hostSize=\"0x%x\" "
                   "type=\"%s\"/>\n",
                   (int)strcspn(o->args[i], ":"), o->args[i], pointer, i,
                   pointer ? "M_AXI_GMEM" : "S_AXI_CONTROL", size, offset, size,
                   pointer ? "void*" : "int");
        offset += size + 4; // as Vitis HLS lays out an AXI-Lite slave
    }
    put_format(&b,
               "<instance name=\"%s_1\"><addrRemap base=\"0x%x\" range=\"0x10000\" "
               "port=\"S_AXI_CONTROL\"/></instance>\n"
               "</kernel></core></device></platform></project>\n",
               o->kernel, UNIT_BASE);
    return b;
}

static bytes make_ip_layout(const options *o)
{
    bytes b = {0};
    char name[NAME_BYTES + NAME_BYTES];
    snprintf(name, sizeof(name), "%s:%s_1", o->kernel, o->kernel);
    put(&b, 1, 8); // count, padding
    put(&b, 1, 4); // IP_KERNEL
    put(&b, 0, 4); // AP_CTRL_HS, interrupt 0
    put(&b, UNIT_BASE, 8);
    put_name(&b, name, NAME_BYTES);
    return b;
}

static bytes make_mem_topology(const options *o)
{
    bytes b = {0};
    put(&b, 1, 8);      // count, padding
    put(&b, 0x0102, 8); // MEM_DRAM, used
    put(&b, o->memory_kb, 8);
    put(&b, 0, 8); // base
    put_name(&b, "DDR", 16);
    return b;
}

static bytes make_connectivity(const options *o)
{
    bytes b = {0};
    uint32_t n = 0;
    for (size_t i = 0; i < o->n_args; i++)
        n += is_pointer(o->args[i]);
    put(&b, n, 4);
    for (size_t i = 0; i < o->n_args; i++) {
        if (is_pointer(o->args[i])) {
            put(&b, i, 4);
            put(&b, 0, 8); // unit 0, bank 0
        }
    }
    return b;
}

/* ---- the file ---- */

/* Files with other contents get another id: XRT tells xclbins apart by it. FNV-1a, twice. */
static void put_uuid(bytes *b, const section *sections, size_t n)
{
    for (uint64_t half = 0; half < 2; half++) {
        uint64_t hash = 0xcbf29ce484222325u + half;
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < sections[i].body.size; k++)
                hash = (hash ^ sections[i].body.data[k]) * 0x100000001b3u;
        }
        put(b, hash, 8);
    }
}

static void put_header(bytes *b, const options *o, const section *sections, size_t n, size_t total)
{
    memcpy(space(b, 8), "xclbin2", 8);
    put(b, UINT32_MAX, 4); // no signature
    memset(space(b, 28), 0xff, 28);
    space(b, 256); // key block
    put(b, 0, 8);  // unique id
    put(b, total, 8);
    space(b, 16); // times of the build and of the platform
    put(b, 0, 2); // patch
    put(b, 2, 1);
    put(b, 13, 1);
    put(b, MODE_SW_EMU, 2);
    put(b, 0, 2); // actions
    space(b, 16); // platform's id
    char platform[NAME_BYTES];
    snprintf(platform, sizeof(platform), "xilinx_%s_zurt_1_0", o->board);
    put_name(b, platform, NAME_BYTES);
    put_uuid(b, sections, n);
    space(b, 16); // debug file
    put(b, n, 8); // count, padding
    if (b->size != AXLF_BYTES)
        fail("the header has %zu bytes", b->size);
}

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static bytes make_file(const options *o, const section *sections, size_t n)
{
    bytes b = {0};
    size_t offset[MAX_SECTIONS];
    size_t total = AXLF_BYTES + SECTION_HEADER * n;
    for (size_t i = 0; i < n; i++) {
        offset[i] = align8(total);
        total = offset[i] + sections[i].body.size;
    }
    put_header(&b, o, sections, n, total);
    for (size_t i = 0; i < n; i++) {
        put(&b, sections[i].kind, 4);
        put_name(&b, sections[i].name, 16);
        space(&b, 4);
        put(&b, offset[i], 8);
        put(&b, sections[i].body.size, 8);
    }
    for (size_t i = 0; i < n; i++) {
        space(&b, offset[i] - b.size);
        memcpy(space(&b, sections[i].body.size), sections[i].body.data, sections[i].body.size);
    }
    return b;
}

static void usage(FILE *to)
{
    fputs(
        "usage: mkxclbin -o OUT --kernel NAME --object FILE --arg NAME:ptr|NAME:int ...\n"
        "                [--user-metadata FILE] [--board NAME] [--memory-kb N]\n"
        "\n"
        "Writes an xclbin for XCL_EMULATION_MODE=sw_emu. FILE is a shared object with a function\n"
        "NAME; its arguments are given in order, at most 16. The user metadata is zurt's\n"
        "capability table.\n",
        to);
}

static options parse(int argc, char **argv)
{
    static const struct option names[] = {
        {"kernel", required_argument, NULL, 'k'},
        {"object", required_argument, NULL, 'f'},
        {"arg", required_argument, NULL, 'a'},
        {"user-metadata", required_argument, NULL, 'u'},
        {"board", required_argument, NULL, 'b'},
        {"memory-kb", required_argument, NULL, 'm'},
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    options o = {.board = "kv260", .memory_kb = 4u << 20};
    int c;
    while ((c = getopt_long(argc, argv, "o:h", names, NULL)) != -1) {
        switch (c) {
        case 'k':
            o.kernel = optarg;
            break;
        case 'f':
            o.object = optarg;
            break;
        case 'a':
            if (o.n_args == MAX_ARGS)
                fail("more than %d arguments", MAX_ARGS);
            o.args[o.n_args++] = optarg;
            break;
        case 'u':
            o.user_metadata = optarg;
            break;
        case 'b':
            o.board = optarg;
            break;
        case 'm':
            o.memory_kb = strtoull(optarg, NULL, 0);
            break;
        case 'o':
            o.output = optarg;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            usage(stderr);
            exit(2);
        }
    }
    if (!o.output || !o.kernel || !o.object || optind != argc) {
        usage(stderr);
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    options o = parse(argc, argv);
    section sections[MAX_SECTIONS] = {
        {KIND_BITSTREAM, "kernels", read_file(o.object)},
        {KIND_EMBEDDED_METADATA, "", make_xml(&o)},
        {KIND_MEM_TOPOLOGY, "", make_mem_topology(&o)},
        {KIND_IP_LAYOUT, "", make_ip_layout(&o)},
        {KIND_CONNECTIVITY, "", make_connectivity(&o)},
    };
    size_t n = 5;
    if (o.user_metadata)
        sections[n++] = (section){KIND_USER_METADATA, "zurt", read_file(o.user_metadata)};
    bytes file = make_file(&o, sections, n);
    FILE *f = fopen(o.output, "wb");
    if (!f || fwrite(file.data, 1, file.size, f) != file.size || fclose(f) != 0)
        fail("cannot write %s", o.output);
    free(file.data);
    for (size_t i = 0; i < n; i++)
        free(sections[i].body.data);
    return 0;
}
