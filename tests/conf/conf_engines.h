/* SPDX-License-Identifier: Apache-2.0 */
/** @file The engines that the suites run on: both boards, with two widths of the requantiser. */
#ifndef CONF_ENGINES_H
#define CONF_ENGINES_H

#include "backend/pl/pl_port.h"

enum { CONF_ENGINES = 4 };

/** Engine i in [0, CONF_ENGINES); its capability table is borrowed and constant. */
zi_pl_engine conf_engine(uint32_t i);

#endif
