/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_performance: the modelled speed of well-known networks, a line of JSON for each network,
 * board, width of the requantiser and clock; and the lowest clock that reaches a figure of fps.
 * Read by performance_table.py.
 */
#include <stdio.h>
#include <string.h>

#include "codegen/engine_caps.h"
#include "isa/zk_config.h"
#include "support/networks.h"

static const char *const boards[] = {"kv260", "zcu104"};

/** Of an engine built with -DZK_RQ=4. */
enum { WIDE_REQUANT = 64 };
enum { FIRST_LIGHT_MHZ = 150 };

static void print(const char *board, const zi_caps *caps, const zt_network *n)
{
    zt_modelled m = zt_network_model(n, caps);
    printf("{\"network\": \"%s\", \"board\": \"%s\", \"requant\": %u, \"mhz\": %u, "
           "\"cycles\": %llu, \"fps\": %.3f, \"utilisation\": %.5f, \"ddr_bytes\": %llu, "
           "\"macs\": %llu, \"pl_macs\": %llu}\n",
           n->name, board, (unsigned)caps->requant_parallel, (unsigned)(caps->clock_khz / 1000),
           (unsigned long long)m.cycles, m.fps, m.utilisation, (unsigned long long)m.ddr_bytes,
           (unsigned long long)m.macs, (unsigned long long)m.pl_macs);
}

/** The narrow array of a first bitstream, at the clock that it is made for and at the planned one.
 */
static void print_first_light(const zt_network *n)
{
    zi_caps caps = *zi_caps_builtin("kv260");
    caps.pixel_parallel = ZK_FIRST_PP;
    caps.scratchpad_words = ZK_FIRST_PP * ZK_KV260_ROWS;
    print("first-light", &caps, n);
    caps.clock_khz = FIRST_LIGHT_MHZ * 1000;
    print("first-light", &caps, n);
}

static void print_board(const char *board)
{
    static const uint32_t clocks[] = {150, 200, 250, 300};
    for (int n = 0; n < ZT_N_NETWORKS; n++) {
        zi_caps caps = *zi_caps_builtin(board);
        for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
            caps.clock_khz = 1000 * clocks[i];
            print(board, &caps, &zt_networks[n]);
        }
        caps = *zi_caps_builtin(board);
        caps.requant_parallel = WIDE_REQUANT;
        print(board, &caps, &zt_networks[n]);
        if (strcmp(board, "kv260") == 0)
            print_first_light(&zt_networks[n]);
    }
}

/* The lowest clock, in MHz, with which a network reaches `fps`; 0: not even 1 GHz does. */
static unsigned clock_for(const char *board, const zt_network *n, double fps)
{
    unsigned low = 1, high = 1001;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        zi_caps caps = *zi_caps_builtin(board);
        caps.clock_khz = 1000 * mid;
        if (zt_network_model(n, &caps).fps >= fps)
            high = mid;
        else
            low = mid + 1;
    }
    return low <= 1000 ? low : 0;
}

/* model_performance                     all of the above
 * model_performance BOARD NETWORK FPS   a clock */
int main(int argc, char **argv)
{
    double fps = 0.0;
    if (argc == 4 && sscanf(argv[3], "%lf", &fps) == 1) {
        for (int n = 0; n < ZT_N_NETWORKS; n++) {
            if (strcmp(zt_networks[n].name, argv[2]) == 0)
                printf("%u\n", clock_for(argv[1], &zt_networks[n], fps));
        }
        return 0;
    }
    for (size_t b = 0; argc == 1 && b < sizeof(boards) / sizeof(boards[0]); b++)
        print_board(boards[b]);
    return argc == 1 ? 0 : 2;
}
