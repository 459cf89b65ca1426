/* SPDX-License-Identifier: Apache-2.0 */
/** @file The engines that the suites run on: both boards, with two widths of the requantiser, and
 * the narrow array of first light. */
#ifndef CONF_ENGINES_H
#define CONF_ENGINES_H

#include "backend/pl/pl_port.h"
#include "support/bytes_source.h"

enum { CONF_ENGINES = 5 };

/** Engine i in [0, CONF_ENGINES); its capability table is borrowed and constant. */
zi_pl_engine conf_engine(uint32_t i);

/** The table of an engine that has less memory than `caps`, so that layers are computed in bands
 *  and tensors go to DDR and back. *wide, one seed in 16: all of its memory, for a picture that
 *  arrives in bands while others work. */
zi_caps conf_small_caps(const zi_caps *caps, zt_source *source, uint64_t seed, bool *wide);

#endif
