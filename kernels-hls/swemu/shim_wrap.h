/* SPDX-License-Identifier: Apache-2.0 */
/** @file How the parts of the cured shim stand before what the shim calls: the linker's --wrap. */
#ifndef SWEMU_SHIM_WRAP_H
#define SWEMU_SHIM_WRAP_H

#include <stdatomic.h>

/** From before an xclbin is loaded until its device is closed or loads another; XRT >= 2.14. */
extern atomic_bool shim_is_loaded;

/** Declares what the shim calls in place of `name`, and what it would have called. */
#define WRAPPED(type, name, ...)                                                                   \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

/** WRAPPED() for a name that is a macro. */
#define EXPANDED(type, name, ...) WRAPPED(type, name, __VA_ARGS__)

#define JOIN(a, b)          a##b
#define NAMED(prefix, name) JOIN(prefix, name)

#endif
