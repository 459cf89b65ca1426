/* SPDX-License-Identifier: Apache-2.0 */
/** @file Writes one JSON object, in order, indented by one space a level. */
#ifndef APP_JSON_H
#define APP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "counts.h"

#define JSON_MAX_DEPTH 16
#define JSON_MAX_ROWS  2048

typedef struct json_writer {
    FILE *file;
    int depth;
    bool first;                 /**< nothing written yet at this level */
    bool compact;               /**< inside an array written on one line */
    char close[JSON_MAX_DEPTH]; /**< bracket that ends each open level */
} json_writer;

/** Opens the object and writes "schema": 1. */
void json_begin(json_writer *j, FILE *file);
/** Closes everything and ends the line. */
void json_end(json_writer *j);

/** Opens a nested object or array; `key` is NULL inside an array. json_close() ends it. */
void json_object(json_writer *j, const char *key);
void json_array(json_writer *j, const char *key);
void json_close(json_writer *j);

void json_string(json_writer *j, const char *key, const char *value);
void json_int(json_writer *j, const char *key, int64_t value);
void json_uint(json_writer *j, const char *key, uint64_t value);
void json_bool(json_writer *j, const char *key, bool value);
/** Shortest form that reads back as the same double; null if not finite. */
void json_double(json_writer *j, const char *key, double value);
void json_null(json_writer *j, const char *key);

/** A matrix of counts, one row per line; null with more than JSON_MAX_ROWS rows. */
void json_matrix(json_writer *j, const char *key, const counts *m);

#endif
