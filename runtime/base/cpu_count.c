/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the processors that this process may use: those that it is allowed to run on (taskset,
 * cpusets), and no more than the time that its control groups grant. Threads beyond that number
 * wait for each other.
 *
 * Ref: sched_getaffinity(2); Linux, Documentation/admin-guide/cgroup-v2.rst, "cpu.max";
 * Documentation/scheduler/sched-bwc.rst, "Management"; cgroups(7), /proc/[pid]/cgroup.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"

enum { PATH_BYTES = 4096 };

/* Whole CPUs of `quota` microseconds in every `period`; a part of one counts: a thread has use for
 * it. */
static uint32_t whole_cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return UINT32_MAX;
    const long long n = quota / period + (quota % period != 0);
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* The first bytes of FOLDER/NAME, ended by a zero; false if it cannot be read. */
static bool read_text(const char *folder, const char *name, char *text, size_t size)
{
    char path[PATH_BYTES + 64];
    const int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    const int file = n > 0 && (size_t)n < sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return false;
    size_t got = 0;
    ssize_t more = 1;
    while (more > 0 && got + 1 < size) {
        more = read(file, text + got, size - 1 - got);
        got += more > 0 ? (size_t)more : 0;
    }
    close(file);
    text[got] = 0;
    return got > 0;
}

/* Of one control group, in the form of either version; UINT32_MAX: no limit. */
static uint32_t group_limit(const char *folder)
{
    char text[64], period[64], *end;
    if (read_text(folder, "cpu.max", text, sizeof(text))) { // "200000 100000", or "max 100000"
        const long long quota = strtoll(text, &end, 10);
        return end == text ? UINT32_MAX : whole_cpus(quota, strtoll(end, NULL, 10));
    }
    if (read_text(folder, "cpu.cfs_quota_us", text, sizeof(text)) &&
        read_text(folder, "cpu.cfs_period_us", period, sizeof(period)))
        return whole_cpus(strtoll(text, NULL, 10), strtoll(period, NULL, 10)); // -1: no limit
    return UINT32_MAX;
}

/* The least of a group's and of those around it. In a container the path may be that of the host:
 * then the mount itself is the group. */
static uint32_t path_limit(const char *root, const char *mount, const char *group)
{
    char folder[PATH_BYTES];
    const int base = snprintf(folder, sizeof(folder), "%s%s", root, mount);
    if (base < 0 || (size_t)base >= sizeof(folder))
        return UINT32_MAX;
    const int all = base + snprintf(folder + base, sizeof(folder) - (size_t)base, "%s", group);
    if ((size_t)all >= sizeof(folder))
        return UINT32_MAX;
    uint32_t least = UINT32_MAX;
    for (char *end = folder + all; end >= folder + base; end--) {
        if (*end && *end != '/')
            continue;
        *end = 0;
        const uint32_t limit = group_limit(folder);
        least = limit < least ? limit : least;
    }
    return least;
}

/* Whether a list of names with commas between holds "cpu". */
static bool names_cpu(const char *list)
{
    for (; *list; list += *list == ',') {
        const size_t n = strcspn(list, ",");
        if (n == 3 && !strncmp(list, "cpu", 3))
            return true;
        list += n;
    }
    return false;
}

uint32_t zi_cpu_quota(const char *root)
{
    char text[PATH_BYTES];
    uint32_t least = UINT32_MAX;
    if (!read_text(root, "proc/self/cgroup", text, sizeof(text)))
        return least;
    for (char *line = text, *next; line; line = next) { // "0::/group", or "4:cpu,cpuacct:/group"
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = 0;
        list++;
        uint32_t limit = UINT32_MAX;
        if (!*list)
            limit = path_limit(root, "/sys/fs/cgroup", group);
        else if (names_cpu(list)) // a link of that name stands beside "cpu,cpuacct"
            limit = path_limit(root, "/sys/fs/cgroup/cpu", group);
        least = limit < least ? limit : least;
    }
    return least;
}

static uint32_t allowed_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    const long n = sysconf(_SC_NPROCESSORS_ONLN); // more CPUs than the set can name
    return n > 0 ? (uint32_t)n : 1;
}

uint32_t zi_cpu_count(void)
{
    const uint32_t allowed = allowed_cpus(), quota = zi_cpu_quota("");
    return allowed < quota ? allowed : quota;
}
