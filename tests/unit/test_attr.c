/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of attr.def: against the messages of files, their ranges, and there and back. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/messages.h"
#include "support/graph_builder.h"

/* Inputs of rank 4 for all: nodes here are not inferred, their attributes alone count. */
static zi_node *node_of(builder *b, zi_op op)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 4, 4, 3)), y = build_tensor(b, "y");
    zi_node *n;
    assert_int_equal(zi_graph_add_node(b->ctx, b->g, op, "node", &x, 1, &y, 1, &n), ZURT_OK);
    return n;
}

static void set(zi_node *n, const zi_attr_field *field, size_t i, double value)
{
    char *at = (char *)&n->attr + field->offset + i * zi_attr_value_bytes(field);
    const float real = (float)value;
    const bool flag = value != 0.0;
    const int32_t whole = (int32_t)(int64_t)value;
    if (field->form == ZI_FORM_FLAG)
        memcpy(at, &flag, sizeof(flag));
    else if (field->form == ZI_FORM_REAL)
        memcpy(at, &real, sizeof(real));
    else
        memcpy(at, &whole, sizeof(whole));
}

/* A value that is allowed, another one for each `seed`. */
static double value_of(const zi_attr_field *field, uint32_t seed)
{
    switch (field->form) {
    case ZI_FORM_WORD:
        return seed % 2;
    case ZI_FORM_FLAG:
        return seed % 2;
    case ZI_FORM_OP:
        return seed % 2 ? ZI_OP_Tanh : ZI_OP_NONE;
    case ZI_FORM_WHOLE:
    case ZI_FORM_MASK:
    case ZI_FORM_REAL:
        break;
    }
    return field->held == ZI_HELD_LENGTH ? 3 : 1 + seed % 100;
}

static void fill(const zi_graph *g, zi_node *n, uint32_t seed)
{
    size_t n_fields;
    const zi_attr_field *fields = zi_attr_fields(zi_op_get(n->op)->attr, &n_fields);
    for (size_t f = 0; f < n_fields; f++) {
        for (size_t i = 0; i < zi_attr_count(g, n, &fields[f]); i++)
            set(n, &fields[f], i, value_of(&fields[f], seed += 7));
    }
}

static bool is_list(const zi_attr_field *field)
{
    return field->held != ZI_HELD_APART && field->held != ZI_HELD_LENGTH;
}

static bool type_fits(const zi_attr_field *field, ProtobufCType type)
{
    switch (field->form) {
    case ZI_FORM_WHOLE:
        return type == PROTOBUF_C_TYPE_INT32 || type == PROTOBUF_C_TYPE_SINT32;
    case ZI_FORM_REAL:
        return type == PROTOBUF_C_TYPE_FLOAT;
    case ZI_FORM_FLAG:
        return type == PROTOBUF_C_TYPE_BOOL;
    case ZI_FORM_MASK:
    case ZI_FORM_WORD:
    case ZI_FORM_OP:
        break;
    }
    return type == PROTOBUF_C_TYPE_UINT32;
}

/* A field of a message bears the member's name, and h, w or a side behind it. */
static bool name_fits(const zi_attr_field *field, const char *name)
{
    const size_t length = strlen(field->name);
    if (strcmp(field->name, "unary") == 0) // a struct, whose members the message names
        return strcmp(name, "alpha") == 0 || strcmp(name, "beta") == 0;
    return strncmp(name, field->name, length) == 0 && (!name[length] || name[length] == '_');
}

static void rows_are_the_fields_of_messages(void **state)
{
    (void)state;
    unsigned kinds = 0;
    for (unsigned k = 0; k < zurt__node__descriptor.n_fields; k++) {
        const ProtobufCFieldDescriptor *slot = &zurt__node__descriptor.fields[k];
        if (slot->id < ZI_MESSAGE_ATTR_FIRST)
            continue;
        const zi_attr_kind kind = (zi_attr_kind)(slot->id - ZI_MESSAGE_ATTR_FIRST + 1);
        const ProtobufCMessageDescriptor *message = slot->descriptor;
        size_t n_fields, at = 0;
        const zi_attr_field *fields = zi_attr_fields(kind, &n_fields);
        for (size_t f = 0; f < n_fields; f++) {
            const zi_attr_field *field = &fields[f];
            size_t parts = is_list(field) ? 1 : field->bytes / zi_attr_value_bytes(field);
            if (field->held == ZI_HELD_LENGTH)
                parts = 0;
            for (size_t i = 0; i < parts; i++, at++) {
                assert_true(at < message->n_fields);
                const ProtobufCFieldDescriptor *part = &message->fields[at];
                if (!name_fits(field, part->name) || !type_fits(field, part->type) ||
                    (part->label == PROTOBUF_C_LABEL_REPEATED) != is_list(field))
                    fail_msg("%s: field %s stands at the place of '%s'", message->name, part->name,
                             field->name);
            }
        }
        if (at != message->n_fields)
            fail_msg("%s: attr.def has no row for field %s", message->name,
                     message->fields[at].name);
        kinds++;
    }
    assert_int_equal(kinds, ZI_ATTR_rnn);
}

static void every_attribute_comes_back_as_it_was_written(void **state)
{
    (void)state;
    for (uint32_t op = 0; op < ZI_OP_LIMIT; op++) {
        if (!zi_op_get(op))
            continue;
        builder b = builder_make();
        zi_node *n = node_of(&b, (zi_op)op);
        size_t n_fields;
        const zi_attr_field *fields = zi_attr_fields(zi_op_get(op)->attr, &n_fields);
        fill(b.g, n, op);
        Zurt__Node message = ZURT__NODE__INIT;
        assert_true(zi_message_write_attr(&b.g->arena, b.g, n, &message));
        uint8_t bytes[1024];
        const size_t size = zurt__node__get_packed_size(&message);
        assert_true(size <= sizeof(bytes));
        zurt__node__pack(&message, bytes);
        Zurt__Node *again = zurt__node__unpack(NULL, size, bytes);
        assert_non_null(again);
        zi_node back = *n;
        memset(&back.attr, 0, sizeof(back.attr));
        assert_int_equal(zi_message_read_attr(b.ctx, b.g, again, &back), ZURT_OK);
        for (size_t f = 0; f < n_fields; f++) {
            for (size_t i = 0; i < zi_attr_count(b.g, n, &fields[f]); i++) {
                const double was = zi_attr_value(&n->attr, &fields[f], i);
                const double is = zi_attr_value(&back.attr, &fields[f], i);
                if (was != is)
                    fail_msg("%s: %s[%zu] was %g, is %g", zi_op_name(op), fields[f].name, i, was,
                             is);
            }
        }
        zurt__node__free_unpacked(again, NULL);
        builder_free(&b);
    }
}

static void refuses(builder *b, zi_node *n, const zi_attr_field *field, double value)
{
    char name[64];
    fill(b->g, n, 0);
    set(n, field, 0, value);
    snprintf(name, sizeof(name), "attribute '%s' is ", field->name);
    if (zi_attr_check(b->ctx, b->g, n) != ZURT_E_FORMAT || !strstr(zurt_ctx_error(b->ctx), name))
        fail_msg("%s: %s of %g: '%s'", zi_op_name((uint32_t)n->op), field->name, value,
                 zurt_ctx_error(b->ctx));
}

/* Each attribute of each op, one step beyond each end of its range. */
static void values_beyond_a_range_are_refused_by_name(void **state)
{
    (void)state;
    size_t tried = 0;
    for (uint32_t op = 0; op < ZI_OP_LIMIT; op++) {
        size_t n_fields = 0;
        const zi_op_info *info = zi_op_get(op);
        const zi_attr_field *fields = info ? zi_attr_fields(info->attr, &n_fields) : NULL;
        for (size_t f = 0; f < n_fields; f++) {
            const zi_attr_field *field = &fields[f];
            builder b = builder_make();
            zi_node *n = node_of(&b, (zi_op)op);
            fill(b.g, n, op);
            assert_int_equal(zi_attr_check(b.ctx, b.g, n), ZURT_OK);
            const bool counts = zi_attr_has_op(field, (zi_op)op);
            if (!counts) { // means nothing for this op
                set(n, field, 0, -1);
                assert_int_equal(zi_attr_check(b.ctx, b.g, n), ZURT_OK);
            } else if (field->form == ZI_FORM_REAL) {
                refuses(&b, n, field, NAN);
                if (!isinf(field->greatest))
                    refuses(&b, n, field, INFINITY);
            } else if (field->form == ZI_FORM_WORD || field->form == ZI_FORM_OP) {
                refuses(&b, n, field, ZI_OP_LIMIT);
                refuses(&b, n, field, -1);
            } else if (field->form == ZI_FORM_WHOLE && field->least > INT32_MIN) {
                refuses(&b, n, field, field->least - 1);
                if (field->greatest < INT32_MAX)
                    refuses(&b, n, field, field->greatest + 1);
            }
            tried += counts;
            builder_free(&b);
        }
    }
    assert_true(tried > 100);
}

/* A file's list that is too long or too short for the node. */
static void lists_of_another_length_are_refused(void **state)
{
    (void)state;
    static const zi_op ops[] = {ZI_OP_Transpose, ZI_OP_Slice,   ZI_OP_Pad,
                                ZI_OP_LSTM,      ZI_OP_Reshape, ZI_OP_Resize};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        builder b = builder_make();
        zi_node *n = node_of(&b, ops[i]);
        fill(b.g, n, 1);
        Zurt__Node m = ZURT__NODE__INIT;
        assert_true(zi_message_write_attr(&b.g->arena, b.g, n, &m));
        int32_t many[ZURT_MAX_RANK + 1] = {0};
        float many_real[ZURT_MAX_RANK + 1] = {0};
        uint32_t many_words[ZURT_MAX_RANK + 1] = {0};
        const size_t counts[] = {ZURT_MAX_RANK + 1, 3};
        for (size_t k = 0; k < (ops[i] == ZI_OP_Reshape ? 1 : 2); k++) {
            const size_t count = counts[k];
            if (ops[i] == ZI_OP_Transpose)
                m.perm->n_perm = count, m.perm->perm = many;
            else if (ops[i] == ZI_OP_Slice)
                m.slice->n_step = count, m.slice->step = many;
            else if (ops[i] == ZI_OP_Pad)
                m.pad->n_after = count, m.pad->after = many;
            else if (ops[i] == ZI_OP_LSTM)
                m.rnn->n_function = count + 1, m.rnn->function = many_words;
            else if (ops[i] == ZI_OP_Reshape)
                m.shape->n_dims = count, m.shape->dims = many;
            else
                m.resize->n_roi = count, m.resize->roi = many_real;
            assert_int_equal(zi_message_read_attr(b.ctx, b.g, &m, n), ZURT_E_FORMAT);
            assert_non_null(strstr(zurt_ctx_error(b.ctx), "values, must have"));
        }
        builder_free(&b);
    }
}

static void print_names_what_is_unusual(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_node *n = node_of(&b, ZI_OP_Pad);
    n->attr.pad = (zi_attr_pad){{0, 1}, {0, 0, 2}, ZI_PAD_CONSTANT, 0.0f};
    char *text;
    assert_int_equal(zi_graph_print(b.ctx, b.g, &text), ZURT_OK);
    assert_non_null(strstr(text, "Pad(x){before=0,1,0,0 after=0,0,2,0} node"));
    zi_free(&b.ctx->allocator, text);
    n->attr.pad.mode = ZI_PAD_REFLECT;
    n->attr.pad.value = 0.5f;
    assert_int_equal(zi_graph_print(b.ctx, b.g, &text), ZURT_OK);
    assert_non_null(strstr(text, "after=0,0,2,0 mode=reflect value=0.5} node"));
    zi_free(&b.ctx->allocator, text);
    n->op = ZI_OP_AveragePool; // whose dilation means nothing
    n->attr.pool = (zi_attr_pool){.kernel = {3, 2}, .stride = {1, 1}, .dilation = {7, 7}};
    n->attr.pool.ceil_mode = true;
    assert_int_equal(zi_graph_print(b.ctx, b.g, &text), ZURT_OK);
    assert_non_null(strstr(text, "AveragePool(x){kernel=3,2 ceil_mode} node"));
    zi_free(&b.ctx->allocator, text);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_fields_of_messages),
        cmocka_unit_test(every_attribute_comes_back_as_it_was_written),
        cmocka_unit_test(values_beyond_a_range_are_refused_by_name),
        cmocka_unit_test(lists_of_another_length_are_refused),
        cmocka_unit_test(print_names_what_is_unusual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
