/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Sizes of the engine. Two configurations exist; -DZK_ZCU104 chooses the second, the default is
 * kv260. -DZK_RQ=4 widens the requantiser of either; -DZK_FIRST_LIGHT narrows the array of kv260,
 * for a first bitstream; -DZK_RING=32 makes the ring so small that it is soon full, for tests. All
 * may be linked into one program: every external name carries its configuration (ZK_NAME), e.g.
 * zk_engine_kv260; -DZK_CONFIG renames it.
 *
 * Ref: docs/engine.md, "Configurations".
 */
#ifndef ZK_CONFIG_H
#define ZK_CONFIG_H

/** Both configurations by name, for tables of capabilities. */
#define ZK_KV260_PP    8     /**< pixels per cycle = scratchpad banks */
#define ZK_KV260_RQ    2     /**< pixels requantised and written per cycle */
#define ZK_KV260_ROWS  12288 /**< 16-byte words per bank: 1.5 MiB in 48 URAM */
#define ZK_KV260_RING  1024  /**< 256-byte words of the weight ring: 256 KiB in 64 BRAM36 */
#define ZK_FIRST_PP    4     /**< of ZK_FIRST_LIGHT: the fewest that column phases leave room for */
#define ZK_ZCU104_PP   12
#define ZK_ZCU104_RQ   3
#define ZK_ZCU104_ROWS 12288 /**< 2.25 MiB in 72 URAM */
#define ZK_ZCU104_RING 2048  /**< 512 KiB in 128 BRAM36 */

#ifdef ZK_ZCU104
#ifndef ZK_CONFIG
#define ZK_CONFIG zcu104
#endif
#define ZK_PP   ZK_ZCU104_PP
#define ZK_ROWS ZK_ZCU104_ROWS
#ifndef ZK_RING
#define ZK_RING ZK_ZCU104_RING
#endif
#ifndef ZK_RQ
#define ZK_RQ ZK_ZCU104_RQ
#endif
#else
#ifndef ZK_CONFIG
#define ZK_CONFIG kv260
#endif
#ifdef ZK_FIRST_LIGHT
#define ZK_PP ZK_FIRST_PP
#else
#define ZK_PP ZK_KV260_PP
#endif
#define ZK_ROWS ZK_KV260_ROWS
#ifndef ZK_RING
#define ZK_RING ZK_KV260_RING
#endif
#ifndef ZK_RQ
#define ZK_RQ ZK_KV260_RQ
#endif
#endif

#define ZK_JOIN_(a, b, c) a##b##_##c
#define ZK_JOIN(a, b, c)  ZK_JOIN_(a, b, c)
/** zk_<name>_<configuration>. */
#define ZK_NAME(name) ZK_JOIN(zk_, name, ZK_CONFIG)

/* The same in all configurations. */
#define ZK_PP_MAX       16
#define ZK_C            16   /**< channels of a word; input and output channels per cycle */
#define ZK_TAPS         256  /**< kernel positions of a step */
#define ZK_ROW_TAPS     16   /**< vectors read per group in ZK_DW_ROW (kernel rows x phases) */
#define ZK_ROW_WIDTH    8    /**< horizontal taps per vector in ZK_DW_ROW */
#define ZK_LINE         512  /**< words of the line buffer of ZK_POOL2: output width / 2 */
#define ZK_STEP_WEIGHTS 8192 /**< ring words that one step may absorb */
#define ZK_OUT_COL      15   /**< largest out.col: the largest stride of transposed convolutions */
/** Words that one step may load, and words that it may store. */
#define ZK_STEP_BEATS (ZK_PP * ZK_ROWS)
/** Iterations of a step at most: the engine counts in 32 bits. */
#define ZK_STEP_ITERATIONS (INT32_MAX - (1 << 20))
/** Least walk.w of ZK_POOL2: a word of the line buffer is read this / 2 iterations after its write.
 */
#define ZK_POOL2_WIDTH 8
/** Iterations from a weight word's last beat to its first use: the latency of the ring. */
#define ZK_RING_GAP 4
/** Least period of ZK_DW_ROW: a tap's vector is read that many iterations after it was kept. */
#define ZK_ROW_GAP 2
/** Cycles of a step beyond its iterations: drain and fill of the pipeline (modelled). */
#define ZK_STEP_OVERHEAD 110
/** Cycles before the iterations of a step with tables: exec copies their 256 entries. */
#define ZK_TABLE_CYCLES 256
/** Stages that the loop may have at most, assumed: a word read nearer to its write than this wants
 * a true dependence. For scripts/hls_ports. */
#define ZK_PIPELINE_DEPTH 64
/** Version of the step format; engine and code generator must agree. In the capability table. */
#define ZK_STEP_VERSION 3

#endif
