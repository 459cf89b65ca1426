/* SPDX-License-Identifier: Apache-2.0 */
/** @file The kernel: epochs one after the other, the processes of an epoch in dataflow. */
#include "zk_engine.h"

#ifdef ZK_CSIM
/* C simulation runs the processes one after the other: a FIFO holds all beats of a step. */
#define ZK_FIFO_W  (4 * ZK_STEP_WEIGHTS)
#define ZK_FIFO_A  ZK_STEP_BEATS
#define ZK_CHANNEL static
#else
#define ZK_FIFO_W 512
#define ZK_FIFO_A 512
#define ZK_CHANNEL
#endif

/** The steps of an epoch: those of the next step begin while this one's still run. */
static void run_epoch(const v16 *steps, int32_t at, int32_t n_steps, int32_t first, const v16 *w0,
                      const v16 *w1, const v16 *w2, const v16 *w3, const v16 *act_r, v16 *act_w)
{
    for (int32_t i = 0; i < n_steps; i++) {
#pragma HLS dataflow
        ZK_CHANNEL v16 q0[ZK_FIFO_W], q1[ZK_FIFO_W], q2[ZK_FIFO_W], q3[ZK_FIFO_W];
        ZK_CHANNEL v16 qa[ZK_FIFO_A], qo[ZK_FIFO_A];
        ZK_CHANNEL zk_step_table table;
        zk_step to_w0, to_w1, to_w2, to_w3, to_a, to_exec, to_store;
#pragma HLS stream variable = q0 depth = 512
#pragma HLS aggregate variable = q0 compact = bit
#pragma HLS stream variable = q1 depth = 512
#pragma HLS aggregate variable = q1 compact = bit
#pragma HLS stream variable = q2 depth = 512
#pragma HLS aggregate variable = q2 compact = bit
#pragma HLS stream variable = q3 depth = 512
#pragma HLS aggregate variable = q3 compact = bit
#pragma HLS stream variable = qa depth = 512
#pragma HLS aggregate variable = qa compact = bit
#pragma HLS stream variable = qo depth = 512
#pragma HLS aggregate variable = qo compact = bit
#pragma HLS disaggregate variable = table
#pragma HLS array_partition variable = table.tap cyclic factor = 2
#pragma HLS bind_storage variable = table.tap type = ram_s2p impl = lutram
#pragma HLS array_partition variable = table.add dim = 1 complete
#pragma HLS array_partition variable = table.add dim = 2 cyclic factor = 4
#pragma HLS bind_storage variable = table.add type = ram_s2p impl = lutram
#pragma HLS array_partition variable = table.lut cyclic factor = 16
#pragma HLS bind_storage variable = table.lut type = ram_s2p impl = lutram
        ZK_NAME(fetch)
        (steps, at, i, &to_w0, &to_w1, &to_w2, &to_w3, &to_a, &to_exec, &to_store, &table);
        ZK_NAME(load_w)(w0, &to_w0, q0);
        ZK_NAME(load_w)(w1, &to_w1, q1);
        ZK_NAME(load_w)(w2, &to_w2, q2);
        ZK_NAME(load_w)(w3, &to_w3, q3);
        ZK_NAME(load_a)(act_r, &to_a, qa);
        ZK_NAME(exec)(&to_exec, &table, first, i, q0, q1, q2, q3, qa, qo);
        ZK_NAME(store)(qo, &to_store, act_w);
    }
}

/** Says what was built: the sizes that a code generator must know. */
static void identify(const v16 *steps, v16 *act_w)
{
    v16 asked = steps[0];
    v16 words[ZK_IDENTITY_WORDS] = {0};
    zk_put32(&words[0], ZK_ID_MAGIC, ZK_IDENTITY_MAGIC);
    zk_put32(&words[0], ZK_ID_VERSION, ZK_STEP_VERSION);
    zk_put32(&words[0], ZK_ID_PP, ZK_PP);
    zk_put32(&words[0], ZK_ID_RQ, ZK_RQ);
    zk_put32(&words[1], ZK_ID_RING - 4, ZK_RING);
    zk_put32(&words[1], ZK_ID_ROWS - 4, ZK_ROWS);
    zk_put32(&words[1], ZK_ID_TAPS - 4, ZK_TAPS);
    zk_put32(&words[1], ZK_ID_ECHO - 4, zk_get32(&asked, 0));
    for (int32_t i = 0; i < ZK_IDENTITY_WORDS; i++)
        act_w[i] = words[i];
}

void ZK_NAME(engine)(const v16 *steps, int32_t n_epochs, const v16 *w0, const v16 *w1,
                     const v16 *w2, const v16 *w3, const v16 *act_r, v16 *act_w)
{
// clang-format off
#pragma HLS interface m_axi port=steps depth=16384 offset=slave bundle=gmem_s max_widen_bitwidth=128
#pragma HLS interface m_axi port=w0 depth=80000 offset=slave bundle=gmem_w0 \
    max_widen_bitwidth=128 max_read_burst_length=64 num_read_outstanding=16 latency=64
#pragma HLS interface m_axi port=w1 depth=80000 offset=slave bundle=gmem_w1 \
    max_widen_bitwidth=128 max_read_burst_length=64 num_read_outstanding=16 latency=64
#pragma HLS interface m_axi port=w2 depth=80000 offset=slave bundle=gmem_w2 \
    max_widen_bitwidth=128 max_read_burst_length=64 num_read_outstanding=16 latency=64
#pragma HLS interface m_axi port=w3 depth=80000 offset=slave bundle=gmem_w3 \
    max_widen_bitwidth=128 max_read_burst_length=64 num_read_outstanding=16 latency=64
#pragma HLS interface m_axi port=act_r depth=131072 offset=slave bundle=gmem_a \
    max_widen_bitwidth=128 max_read_burst_length=64 num_read_outstanding=16 latency=64
#pragma HLS interface m_axi port=act_w depth=131072 offset=slave bundle=gmem_a \
    max_widen_bitwidth=128 max_write_burst_length=64 num_write_outstanding=16 latency=64
#pragma HLS interface s_axilite port=n_epochs
#pragma HLS interface s_axilite port=return
    // clang-format on
    if (n_epochs == ZK_IDENTIFY)
        identify(steps, act_w);
    for (int32_t i = 0; i < n_epochs; i++) {
        v16 entry = steps[i];
        run_epoch(steps, zk_get32(&entry, 0), zk_get32(&entry, 1), i == 0, w0, w1, w2, w3, act_r,
                  act_w);
    }
}
