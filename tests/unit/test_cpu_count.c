/* SPDX-License-Identifier: Apache-2.0 */
/* How many processors a process may use, from control groups of both versions. */
#define _GNU_SOURCE // sched_setaffinity, CPU_COUNT
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/cpu.h"

typedef struct file {
    const char *path, *text;
} file;

static void write_file(const char *root, const file *f)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", root, f->path);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(f->text, out);
    assert_int_equal(fclose(out), 0);
}

/* Removes a file, and the folders of it that are empty then. */
static void remove_file(const char *root, const file *f)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", root, f->path);
    assert_int_equal(remove(path), 0);
    for (char *slash = strrchr(path, '/'); slash > path + strlen(root);
         slash = strrchr(path, '/')) {
        *slash = 0;
        if (rmdir(path) != 0)
            return;
    }
}

/* The quota on a machine that has these files. */
static uint32_t quota_of(const file *files, size_t n)
{
    char root[] = "/tmp/zurt_cpu_XXXXXX";
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < n; i++)
        write_file(root, &files[i]);
    const uint32_t quota = zi_cpu_quota(root);
    for (size_t i = 0; i < n; i++)
        remove_file(root, &files[i]);
    assert_int_equal(rmdir(root), 0);
    return quota;
}

#define QUOTA_OF(...)                                                                              \
    quota_of((const file[]){__VA_ARGS__}, sizeof((const file[]){__VA_ARGS__}) / sizeof(file))

static void a_quota_is_rounded_up_to_whole_cores(void **state)
{
    (void)state;
    const file self = {"proc/self/cgroup", "0::/\n"};
    assert_int_equal(QUOTA_OF(self, {"sys/fs/cgroup/cpu.max", "200000 100000\n"}), 2);
    assert_int_equal(QUOTA_OF(self, {"sys/fs/cgroup/cpu.max", "150000 100000\n"}), 2);
    assert_int_equal(QUOTA_OF(self, {"sys/fs/cgroup/cpu.max", "20000 100000\n"}), 1);
    assert_int_equal(QUOTA_OF(self, {"sys/fs/cgroup/cpu.max", "max 100000\n"}), UINT32_MAX);
}

static void the_tightest_group_of_a_path_counts(void **state)
{
    (void)state;
    assert_int_equal(QUOTA_OF({"proc/self/cgroup", "0::/a/b\n"},
                              {"sys/fs/cgroup/a/b/cpu.max", "max 100000\n"},
                              {"sys/fs/cgroup/a/cpu.max", "300000 100000\n"},
                              {"sys/fs/cgroup/other/cpu.max", "100000 100000\n"}),
                     3);
    // a container that is told the path of its host
    assert_int_equal(QUOTA_OF({"proc/self/cgroup", "0::/docker/0123\n"},
                              {"sys/fs/cgroup/cpu.max", "400000 100000\n"}),
                     4);
}

static void the_first_version_counts_where_cpu_is_named(void **state)
{
    (void)state;
    const file quota = {"sys/fs/cgroup/cpu/g/cpu.cfs_quota_us", "250000\n"};
    const file period = {"sys/fs/cgroup/cpu/g/cpu.cfs_period_us", "50000\n"};
    assert_int_equal(
        QUOTA_OF({"proc/self/cgroup", "9:memory:/m\n4:cpu,cpuacct:/g\n0::/\n"}, quota, period), 5);
    assert_int_equal(QUOTA_OF({"proc/self/cgroup", "4:cpuset:/g\n"}, quota, period), UINT32_MAX);
    assert_int_equal(QUOTA_OF({"proc/self/cgroup", "1:cpu:/g\n"}, period,
                              {"sys/fs/cgroup/cpu/g/cpu.cfs_quota_us", "-1\n"}),
                     UINT32_MAX);
}

static void what_makes_no_sense_is_no_limit(void **state)
{
    (void)state;
    const file self = {"proc/self/cgroup", "0::/\n"};
    assert_int_equal(zi_cpu_quota("/nowhere"), UINT32_MAX);
    assert_int_equal(QUOTA_OF({"proc/self/cgroup", "\n::\n0\n4:cpu"}), UINT32_MAX);
    assert_int_equal(QUOTA_OF(self, {"sys/fs/cgroup/cpu.max", ""}), UINT32_MAX);
    assert_int_equal(QUOTA_OF(self, {"sys/fs/cgroup/cpu.max", "0 0\n"}), UINT32_MAX);
    assert_int_equal(QUOTA_OF(self, {"sys/fs/cgroup/cpu.max", "100000"}), UINT32_MAX);
    assert_int_equal(QUOTA_OF(self, {"sys/fs/cgroup/cpu.max", "-5 100000\n"}), UINT32_MAX);
    char deep[8000] = "0::";
    for (size_t i = 3; i < sizeof(deep) - 1; i++)
        deep[i] = i % 2 ? '/' : 'x';
    assert_int_equal(QUOTA_OF({"proc/self/cgroup", deep}), UINT32_MAX);
}

static void a_process_on_one_core_counts_one(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    const uint32_t count = zi_cpu_count();
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
    assert_int_equal(count, 1);
    assert_true(zi_cpu_count() >= 1 && zi_cpu_count() <= (uint32_t)CPU_COUNT(&all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quota_is_rounded_up_to_whole_cores),
        cmocka_unit_test(the_tightest_group_of_a_path_counts),
        cmocka_unit_test(the_first_version_counts_where_cpu_is_named),
        cmocka_unit_test(what_makes_no_sense_is_no_limit),
        cmocka_unit_test(a_process_on_one_core_counts_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
