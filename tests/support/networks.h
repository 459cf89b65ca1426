/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Well-known networks as shapes alone, for the modelled throughput: what the code generator emits
 * for them depends on shapes, not on weights. scripts/make_networks.py writes the same as ONNX
 * files.
 */
#ifndef SUPPORT_NETWORKS_H
#define SUPPORT_NETWORKS_H

#include "plan/plan.h"
#include "support/graph_builder.h"

typedef struct zt_network {
    const char *name;
    void (*build)(builder *b);
} zt_network;

enum { ZT_N_NETWORKS = 5 };
extern const zt_network zt_networks[ZT_N_NETWORKS];

/** What the step lists of a network cost, one picture. */
typedef struct zt_modelled {
    uint64_t cycles, ddr_bytes;
    uint64_t macs, pl_macs;
    uint32_t launches;
    double fps;
    double utilisation; /**< multiply-accumulates of those that the array could have done */
} zt_modelled;

/** Plans a network for a table; fails the test if that fails. */
zt_modelled zt_network_model(const zt_network *network, const zi_caps *caps);

#endif
