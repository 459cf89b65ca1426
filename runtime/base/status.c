/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the status codes, and the version. */
#include <zurt/zurt.h>

const char *zurt_status_name(zurt_status status)
{
    switch (status) {
    case ZURT_OK:
        return "ZURT_OK";
    case ZURT_E_ARG:
        return "ZURT_E_ARG";
    case ZURT_E_NOMEM:
        return "ZURT_E_NOMEM";
    case ZURT_E_IO:
        return "ZURT_E_IO";
    case ZURT_E_FORMAT:
        return "ZURT_E_FORMAT";
    case ZURT_E_VERSION:
        return "ZURT_E_VERSION";
    case ZURT_E_UNSUPPORTED:
        return "ZURT_E_UNSUPPORTED";
    case ZURT_E_LIMIT:
        return "ZURT_E_LIMIT";
    case ZURT_E_DEVICE:
        return "ZURT_E_DEVICE";
    case ZURT_E_TIMEOUT:
        return "ZURT_E_TIMEOUT";
    case ZURT_E_INTERNAL:
        return "ZURT_E_INTERNAL";
    case ZURT_E_CANCELLED:
        return "ZURT_E_CANCELLED";
    }
    return "ZURT_E_?";
}

const char *zurt_version(void)
{
    return ZURT_VERSION_STRING;
}
