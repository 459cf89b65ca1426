/* SPDX-License-Identifier: Apache-2.0 */
/** @file How the parts of the cured shim stand before what the shim calls: the linker's --wrap. */
#ifndef SWEMU_SHIM_WRAP_H
#define SWEMU_SHIM_WRAP_H

/** Declares what the shim calls in place of `name`, and what it would have called. */
#define WRAPPED(type, name, ...)                                                                   \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

#endif
