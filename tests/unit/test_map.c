/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code generator's modelled throughput on networks whose shapes alone are built: their weights
 * are never read. The figures are floors, so that a change that costs cycles shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codegen/engine_caps.h"
#include "support/networks.h"

typedef struct floor_row {
    const char *name;
    const char *board;
    double fps;
} floor_row;

static const zt_network *network_of(const char *name)
{
    for (int i = 0; i < ZT_N_NETWORKS; i++) {
        if (strcmp(zt_networks[i].name, name) == 0)
            return &zt_networks[i];
    }
    fail_msg("no network '%s'", name);
    return NULL;
}

/* What is wanted of the engine; docs/performance.md holds the exact figures (docs.performance). */
static void modelled_throughput_stays_above_its_floor(void **state)
{
    static const floor_row rows[] = {
        {"ResNet-50 v1", "kv260", 93},     {"ResNet-50 v1", "zcu104", 135},
        {"MobileNetV2", "kv260", 600},     {"MobileNetV2", "zcu104", 840},
        {"YOLOv3-tiny 416", "kv260", 130}, {"YOLOv3-tiny 416", "zcu104", 190},
        {"VGG-16", "kv260", 20},           {"VGG-16", "zcu104", 27},
    };
    (void)state;
    int slow = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zt_modelled m = zt_network_model(network_of(rows[i].name), zi_caps_builtin(rows[i].board));
        print_message("%-15s %-6s %8.1f fps, %.1f MB of DDR, utilisation %.1f %%\n", rows[i].name,
                      rows[i].board, m.fps, (double)m.ddr_bytes * 1e-6, 100.0 * m.utilisation);
        slow += m.fps < rows[i].fps || m.pl_macs != m.macs || m.launches != 1;
    }
    assert_int_equal(slow, 0);
}

/* Twice as many results a cycle cost nothing, and networks that wait for them run faster. */
static void a_wider_requantiser_helps_narrow_layers(void **state)
{
    static const char *const boards[] = {"kv260", "zcu104"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        zi_caps wide = *zi_caps_builtin(boards[i]);
        wide.requant_parallel *= 2;
        for (int n = 0; n < ZT_N_NETWORKS; n++) {
            double once = zt_network_model(&zt_networks[n], zi_caps_builtin(boards[i])).fps;
            double twice = zt_network_model(&zt_networks[n], &wide).fps;
            assert_true(twice >= once);
            if (!strcmp(zt_networks[n].name, "MobileNetV2"))
                assert_true(twice > 1.15 * once);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modelled_throughput_stays_above_its_floor),
        cmocka_unit_test(a_wider_requantiser_helps_narrow_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
