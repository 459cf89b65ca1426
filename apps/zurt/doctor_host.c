/* SPDX-License-Identifier: Apache-2.0 */
/* Processors, memory and kernel. */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "doctor_root.h"

enum { HOT_MILLIDEGREES = 90000, MIB = 1 << 20 };

#define CPU "/sys/devices/system/cpu/"

/* How many numbers "0-3,7" has; 0: it is not of that form. */
static uint64_t count_list(const char *text)
{
    uint64_t n = 0;
    while (*text) {
        char *end;
        uint64_t first = strtoull(text, &end, 10), last = first;
        if (end == text)
            return 0;
        if (*end == '-')
            last = strtoull(end + 1, &end, 10);
        n += last >= first ? last - first + 1 : 0;
        if (*end && *end != ',')
            return 0;
        text = *end ? end + 1 : end;
    }
    return n;
}

/* What the kernel lets this process use of the `n` that are on. */
static void look_at_binding(doctor *d, uint64_t n)
{
    static const char key[] = "\nCpus_allowed_list:";
    char text[DOCTOR_TEXT_BYTES], list[DOCTOR_NAME_BYTES];
    const char *line =
        doctor_read(d, "/proc/self/status", text, sizeof(text)) ? strstr(text, key) : NULL;
    if (!line)
        return;
    line += sizeof(key) - 1;
    line += strspn(line, " \t");
    snprintf(list, sizeof(list), "%.*s", (int)strcspn(line, "\n"), line);
    const uint64_t allowed = count_list(list);
    if (allowed && allowed < n)
        doctor_find(d, DOCTOR_CPUS_BOUND, "%" PRIu64 " of %" PRIu64 ": %s", allowed, n, list);
}

static void look_at_frequency(doctor *d)
{
    char governor[DOCTOR_NAME_BYTES];
    uint64_t most, allowed;
    if (doctor_read(d, CPU "cpu0/cpufreq/scaling_governor", governor, sizeof(governor)) &&
        strcmp(governor, "performance") != 0 && strcmp(governor, "userspace") != 0)
        doctor_find(d, DOCTOR_GOVERNOR, "the governor is '%s'", governor);
    if (doctor_read_number(d, CPU "cpu0/cpufreq/cpuinfo_max_freq", &most) &&
        doctor_read_number(d, CPU "cpu0/cpufreq/scaling_max_freq", &allowed) && allowed < most)
        doctor_find(d, DOCTOR_CPU_CAPPED, "%" PRIu64 " MHz of %" PRIu64, allowed / 1000,
                    most / 1000);
}

/* A number of the channel that `raw` is the value of: its "scale" or "offset". */
static bool read_factor(const doctor *d, const char *raw, const char *what, double *out)
{
    char path[DOCTOR_PATH_BYTES], text[64], *end;
    snprintf(path, sizeof(path), "%.*s%s", (int)(strlen(raw) - strlen("raw")), raw, what);
    if (!doctor_read(d, path, text, sizeof(text)))
        return false;
    *out = strtod(text, &end);
    return end != text;
}

/* The monitor of a Zynq UltraScale+ (xilinx-ams) is an IIO device: (raw + offset) * scale. */
static double hottest_channel(const doctor *d)
{
    doctor_paths p = doctor_glob(d, "/sys/bus/iio/devices/iio:device*/in_temp*_raw");
    double most = 0;
    for (size_t i = 0; i < p.n; i++) {
        uint64_t raw;
        double offset, scale;
        if (doctor_read_number(d, p.items[i], &raw) &&
            read_factor(d, p.items[i], "offset", &offset) &&
            read_factor(d, p.items[i], "scale", &scale))
            most = fmax(most, ((double)raw + offset) * scale);
    }
    doctor_paths_free(&p);
    return most;
}

/* The hottest sensor, in thousandths of a degree; 0 without. */
static double hottest(const doctor *d)
{
    static const char *const patterns[] = {"/sys/class/thermal/thermal_zone*/temp",
                                           "/sys/class/hwmon/hwmon*/temp*_input"};
    double most = hottest_channel(d);
    for (size_t k = 0; k < sizeof(patterns) / sizeof(patterns[0]); k++) {
        doctor_paths p = doctor_glob(d, patterns[k]);
        for (size_t i = 0; i < p.n; i++) {
            uint64_t t;
            if (doctor_read_number(d, p.items[i], &t))
                most = fmax(most, (double)t);
        }
        doctor_paths_free(&p);
    }
    return most;
}

void doctor_processors(doctor *d)
{
    char online[DOCTOR_NAME_BYTES], present[DOCTOR_NAME_BYTES];
    if (!doctor_read(d, CPU "online", online, sizeof(online)) ||
        !doctor_read(d, CPU "present", present, sizeof(present)))
        return;
    const uint64_t n = count_list(online), all = count_list(present);
    if (d->place == DOCTOR_BOARD && n < all)
        doctor_find(d, DOCTOR_CPUS_OFFLINE, "%s of %s are on", online, present);
    else
        doctor_ok(d, "%" PRIu64 " of %" PRIu64 " are on", n, all);
    look_at_binding(d, n);
    if (d->place != DOCTOR_BOARD) // a PC's have drivers and limits of their own
        return;
    look_at_frequency(d);
    const double heat = hottest(d);
    if (heat >= HOT_MILLIDEGREES)
        doctor_find(d, DOCTOR_HOT, "%.0f degrees", heat / 1000);
    else if (heat > 0)
        doctor_ok(d, "%.0f degrees", heat / 1000);
}

/* Heap of a session on the CPU, and the file's own bytes; 0 without a model. */
static uint64_t host_bytes(doctor *d)
{
    zurt_session *session;
    zurt_session_info info;
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    struct stat st;
    options.device = ZURT_DEVICE_CPU;
    if (!d->loaded || stat(d->model, &st) != 0 ||
        zurt_session_create(d->ctx, d->loaded, &options, &session) != ZURT_OK)
        return 0;
    zurt_session_info_get(session, &info);
    zurt_session_destroy(session);
    return (uint64_t)st.st_size + info.arena_bytes + info.scratch_bytes;
}

/* What a control group leaves this process, at most `available`. */
static uint64_t limit_memory(const doctor *d, uint64_t available)
{
    static const char *const groups[][2] = {
        {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
        {"/sys/fs/cgroup/memory/memory.limit_in_bytes",
         "/sys/fs/cgroup/memory/memory.usage_in_bytes"}};
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        uint64_t most, used;
        if (!doctor_read_number(d, groups[i][0], &most) || // "max": none
            !doctor_read_number(d, groups[i][1], &used))
            continue;
        const uint64_t left = used < most ? most - used : 0;
        available = left < available ? left : available;
    }
    return available;
}

void doctor_memory(doctor *d)
{
    char text[DOCTOR_TEXT_BYTES];
    uint64_t total, available, swap = 0, swap_free = 0;
    if (!doctor_read(d, "/proc/meminfo", text, sizeof(text)) ||
        !doctor_meminfo(text, "MemTotal", &total) ||
        !doctor_meminfo(text, "MemAvailable", &available))
        return;
    available = limit_memory(d, available);
    const uint64_t need = host_bytes(d);
    if (need > available)
        doctor_find(d, DOCTOR_MEMORY_SMALL,
                    "the model needs %" PRIu64 " MiB on the CPU, %" PRIu64 " of %" PRIu64
                    " MiB are available",
                    need / MIB + 1, available / MIB, total / MIB);
    else
        doctor_ok(d, "%" PRIu64 " of %" PRIu64 " MiB available", available / MIB, total / MIB);
    if (doctor_meminfo(text, "SwapTotal", &swap) && doctor_meminfo(text, "SwapFree", &swap_free) &&
        swap_free < swap / 2)
        doctor_find(d, DOCTOR_SWAPPING, "%" PRIu64 " of %" PRIu64 " MiB are left", swap_free / MIB,
                    swap / MIB);
}

/* ---- kernel ---- */

static const char *const options[] = {"CONFIG_CMA", "CONFIG_DMA_CMA", "CONFIG_OF_OVERLAY",
                                      "CONFIG_OF_CONFIGFS", "CONFIG_FPGA_MGR_ZYNQMP_FPGA"};
enum { N_OPTIONS = sizeof(options) / sizeof(options[0]) };

/* Marks the options that a configuration has; false: it cannot be read. Plain or gzip. */
static bool read_config(const doctor *d, const char *path, bool *has)
{
    char full[DOCTOR_PATH_BYTES], line[256];
    int fd = doctor_path(d, path, full) ? open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    gzFile f = fd >= 0 ? gzdopen(fd, "rb") : NULL;
    bool any = false;
    if (!f && fd >= 0)
        close(fd);
    if (!f)
        return false;
    while (gzgets(f, line, sizeof(line))) {
        any = true;
        for (size_t i = 0; i < N_OPTIONS; i++) {
            size_t n = strlen(options[i]);
            if (strncmp(line, options[i], n) == 0 && line[n] == '=' && strchr("ym", line[n + 1]))
                has[i] = true;
        }
    }
    gzclose(f);
    return any;
}

void doctor_kernel(doctor *d)
{
    bool has[N_OPTIONS] = {false};
    char path[DOCTOR_PATH_BYTES], missing[512] = "";
    size_t n = 0;
    snprintf(path, sizeof(path), "/boot/config-%s", d->kernel);
    if (!read_config(d, "/proc/config.gz", has) && !read_config(d, path, has)) {
        doctor_ok(d, "its configuration is not there to read (/proc/config.gz, %s)", path);
        return;
    }
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (!has[i] && n < sizeof(missing))
            n += (size_t)snprintf(missing + n, sizeof(missing) - n, "%s%s", n ? ", " : "",
                                  options[i]);
    }
    if (n)
        doctor_find(d, DOCTOR_KERNEL_CONFIG, "it lacks %s", missing);
    else
        doctor_ok(d, "overlays, bitstreams and contiguous memory are configured");
}
