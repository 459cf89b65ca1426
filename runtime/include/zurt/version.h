/* SPDX-License-Identifier: Apache-2.0 */
/** @file Version of the headers; zurt_version() gives that of the library linked. */
#ifndef ZURT_VERSION_H
#define ZURT_VERSION_H

#define ZURT_VERSION_MAJOR  0
#define ZURT_VERSION_MINOR  1
#define ZURT_VERSION_PATCH  0
#define ZURT_VERSION_STRING "0.1.0"

/** The soname's number: one more with every release whose libraries a program built before cannot
 *  use, because a function went or a struct changed. */
#define ZURT_ABI 0

#endif
