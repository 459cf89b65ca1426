/* SPDX-License-Identifier: Apache-2.0 */
/* The driver zocl: its node in the device tree, the module, the render node and who may open it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_root.h"

/* Whether the module file of this kernel is there, compressed or not: extra/, updates/dkms/, ... */
static bool is_built(const doctor *d)
{
    static const char *const depths[] = {"*", "*/*", "*/*/*", "*/*/*/*", "*/*/*/*/*"};
    bool found = false;
    for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]) && !found; i++) {
        char pattern[DOCTOR_PATH_BYTES];
        snprintf(pattern, sizeof(pattern), "/lib/modules/%s/%s/zocl.ko*", d->kernel, depths[i]);
        doctor_paths p = doctor_glob(d, pattern);
        found = p.n > 0;
        doctor_paths_free(&p);
    }
    return found;
}

/* "renderD128" of the device that zocl drives. */
static bool find_render(const doctor *d, char *name)
{
    doctor_paths p = doctor_glob(d, "/sys/class/drm/renderD*");
    bool found = false;
    for (size_t i = 0; i < p.n && !found; i++) {
        char link[DOCTOR_PATH_BYTES], driver[DOCTOR_NAME_BYTES];
        snprintf(link, sizeof(link), "%s/device/driver", p.items[i]);
        found =
            doctor_link_name(d, link, driver, sizeof(driver)) && strncmp(driver, "zocl", 4) == 0;
        if (found)
            snprintf(name, DOCTOR_NAME_BYTES, "%s", strrchr(p.items[i], '/') + 1);
    }
    doctor_paths_free(&p);
    return found;
}

/* ---- permissions ---- */

/* Numbers of a line "Uid:\t1000\t1000" of /proc/self/status; how many there are. */
static size_t status_numbers(const char *text, const char *key, unsigned long *out, size_t most)
{
    const char *line = strstr(text, key);
    size_t n = 0;
    for (line = line ? line + strlen(key) : NULL; line && n < most;) {
        char *end;
        line += strspn(line, " \t");
        out[n] = strtoul(line, &end, 10);
        if (*line == '\n' || end == line)
            break;
        line = end;
        n++;
    }
    return n;
}

typedef struct person {
    unsigned long uid;
    unsigned long groups[64];
    size_t n_groups;
} person;

/* Who this process is, as the kernel says. */
static bool who(const doctor *d, person *out)
{
    enum { EFFECTIVE = 1, IDS = 4 };
    char text[DOCTOR_TEXT_BYTES];
    unsigned long ids[IDS];
    if (!doctor_read(d, "/proc/self/status", text, sizeof(text)) ||
        status_numbers(text, "\nUid:", ids, IDS) <= EFFECTIVE)
        return false;
    out->uid = ids[EFFECTIVE];
    out->n_groups = status_numbers(text, "\nGroups:", out->groups, 63);
    if (status_numbers(text, "\nGid:", ids, IDS) > EFFECTIVE)
        out->groups[out->n_groups++] = ids[EFFECTIVE];
    return true;
}

static bool may_open(const doctor *d, const char *node, const struct stat *st)
{
    person p;
    char full[DOCTOR_PATH_BYTES];
    if (!doctor_is_elsewhere(d)) // it knows of access lists too
        return doctor_path(d, node, full) && access(full, R_OK | W_OK) == 0;
    if (!who(d, &p) || p.uid == 0)
        return true;
    if (p.uid == st->st_uid)
        return (st->st_mode & 0600) == 0600;
    for (size_t i = 0; i < p.n_groups; i++) {
        if (p.groups[i] == st->st_gid)
            return (st->st_mode & 0060) == 0060;
    }
    return (st->st_mode & 0006) == 0006;
}

static void judge_node(doctor *d)
{
    struct stat st;
    if (!doctor_stat(d, d->node, &st))
        doctor_find(d, DOCTOR_DEVICE_MISSING, "no %s", d->node);
    else if (may_open(d, d->node, &st))
        doctor_ok(d, "%s, and this user may open it", d->node);
    else if ((st.st_mode & 0060) != 0060)
        doctor_find(d, DOCTOR_RENDER_GROUP, "%s has mode %04o", d->node, st.st_mode & 07777);
    else
        doctor_find(d, DOCTOR_RENDER_PERMISSION, "%s has mode %04o, group %u", d->node,
                    st.st_mode & 07777, (unsigned)st.st_gid);
}

void doctor_zocl(doctor *d)
{
    char path[DOCTOR_PATH_BYTES], name[DOCTOR_NAME_BYTES];
    const bool has_node = d->tree_hidden || doctor_tree_find(d, "xlnx,zocl", path);
    if (!has_node)
        doctor_find(d, DOCTOR_ZOCL_NODE, "none is compatible with xlnx,zocl");
    if (!doctor_exists(d, "/sys/module/zocl")) {
        if (is_built(d))
            doctor_find(d, DOCTOR_ZOCL_MODULE, "the module for %s is there", d->kernel);
        else
            doctor_find(d, DOCTOR_ZOCL_NOT_BUILT, "no zocl.ko in /lib/modules/%s", d->kernel);
        return;
    }
    if (!find_render(d, name)) {
        if (has_node)
            doctor_find(d, DOCTOR_RENDER_NODE, "no renderD* in /sys/class/drm is zocl's");
        return; // without the node it has no device to be
    }
    snprintf(d->node, sizeof(d->node), "/dev/dri/%s", name);
    judge_node(d);
}
