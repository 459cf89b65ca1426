/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of the node being translated. Which of them were looked at is kept: one that nobody
 * reads could change what the node computes, so the importer refuses it. */
#include <stdio.h>
#include <string.h>

#include "import/onnx/importer.h"

/* In the body of a function: what the call has under that name; NULL: nothing. */
static const Onnx__AttributeProto *argument(const zc_onnx *o, const char *name)
{
    for (size_t i = 0; i < o->scope.n_arguments; i++) {
        if (strcmp(o->scope.arguments[i].name, name) == 0)
            return o->scope.arguments[i].value;
    }
    return NULL;
}

const Onnx__AttributeProto *zc_attr(const zc_onnx *o, const char *name)
{
    for (size_t i = 0; i < o->node->n_attribute; i++) {
        const Onnx__AttributeProto *a = o->node->attribute[i];
        if (a->name && strcmp(a->name, name) == 0) {
            o->attr_known[i] = true;
            return a->ref_attr_name && *a->ref_attr_name ? argument(o, a->ref_attr_name) : a;
        }
    }
    return NULL;
}

void zc_attr_harmless(const zc_onnx *o, const char *name)
{
    zc_attr(o, name);
}

static bool named_before(const Onnx__NodeProto *node, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (node->attribute[k]->name &&
            strcmp(node->attribute[k]->name, node->attribute[i]->name) == 0)
            return true;
    }
    return false;
}

zurt_status zc_attr_check(zc_onnx *o)
{
    zc_attr_harmless(o, "consumed_inputs"); // "legacy optimization attribute" of opset 1
    for (size_t i = 0; i < o->node->n_attribute; i++) {
        const char *name = o->node->attribute[i]->name;
        const char *reference = o->node->attribute[i]->ref_attr_name;
        if (reference && *reference && !o->scope.function)
            return zc_fail(
                o, ZURT_E_FORMAT,
                "attribute '%.40s' stands for one of a function's call, and this is none",
                name ? name : "");
        if (o->attr_known[i] || (name && strncmp(name, "__", 2) == 0)) // ONNX: a tool's own
            continue;
        if (!name || !*name)
            return zc_fail(o, ZURT_E_FORMAT, "attribute %zu has no name", i);
        if (named_before(o->node, i))
            return zc_fail(o, ZURT_E_FORMAT, "attribute '%.40s' is given twice", name);
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "attribute '%.40s' is not known for this operator at opset %lld; remove it "
                       "if it does not matter, or export without it",
                       name, (long long)o->opset);
    }
    return ZURT_OK;
}

static zurt_status wrong_type(zc_onnx *o, const char *name, const char *wanted)
{
    return zc_fail(o, ZURT_E_FORMAT, "attribute '%s' must be %s", name, wanted);
}

zurt_status zc_attr_int(zc_onnx *o, const char *name, int64_t absent, int64_t *out)
{
    const Onnx__AttributeProto *a = zc_attr(o, name);
    if (a && !a->has_i)
        return wrong_type(o, name, "an integer");
    *out = a ? a->i : absent;
    return ZURT_OK;
}

zurt_status zc_attr_int32(zc_onnx *o, const char *name, int32_t absent, int32_t lo, int32_t hi,
                          int32_t *out)
{
    int64_t value = absent;
    zurt_status st = zc_attr_int(o, name, absent, &value);
    if (!st && (value < lo || value > hi))
        st = zc_fail(o, ZURT_E_FORMAT, "attribute '%s' is %lld, not from %d to %d", name,
                     (long long)value, (int)lo, (int)hi);
    *out = st ? absent : (int32_t)value;
    return st;
}

zurt_status zc_attr_bool(zc_onnx *o, const char *name, bool absent, bool *out)
{
    int64_t value = 0;
    zurt_status st = zc_attr_int(o, name, absent, &value);
    *out = value != 0;
    return st;
}

zurt_status zc_attr_float(zc_onnx *o, const char *name, float absent, float *out)
{
    const Onnx__AttributeProto *a = zc_attr(o, name);
    if (a && !a->has_f)
        return wrong_type(o, name, "a float");
    *out = a ? a->f : absent;
    return ZURT_OK;
}

zurt_status zc_attr_string(zc_onnx *o, const char *name, const char *absent, const char **out)
{
    *out = absent;
    const Onnx__AttributeProto *a = zc_attr(o, name);
    if (!a)
        return ZURT_OK;
    if (!a->has_s)
        return wrong_type(o, name, "a string");
    *out = zi_arena_strndup(&o->scratch, (const char *)a->s.data, a->s.len);
    return *out ? ZURT_OK : zc_no_memory(o);
}

zurt_status zc_attr_choice(zc_onnx *o, const char *name, const char *absent, const zi_word *choices,
                           int *out)
{
    char names[256] = "";
    const char *text = NULL;
    zurt_status st = zc_attr_string(o, name, absent, &text);
    if (st)
        return st;
    for (size_t at = 0; choices->word; choices++) {
        if (strcmp(text, choices->word) == 0) {
            *out = choices->value;
            return ZURT_OK;
        }
        const int n =
            snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "", choices->word);
        at = n > 0 && (size_t)n < sizeof(names) - at ? at + (size_t)n : at;
    }
    return zc_fail(o, ZURT_E_UNSUPPORTED, "%s '%.40s'; taken are: %s", name, text, names);
}

zurt_status zc_attr_floats(zc_onnx *o, const char *name, const float **out, size_t *n)
{
    const Onnx__AttributeProto *a = zc_attr(o, name);
    *out = NULL;
    *n = 0;
    if (!a)
        return ZURT_OK;
    if (!a->n_floats)
        return wrong_type(o, name, "a list of floats");
    *out = a->floats;
    *n = a->n_floats;
    return ZURT_OK;
}

zurt_status zc_attr_ints(zc_onnx *o, const char *name, const int64_t **out, size_t *n)
{
    const Onnx__AttributeProto *a = zc_attr(o, name);
    *out = NULL;
    *n = 0;
    if (!a)
        return ZURT_OK;
    if (!a->n_ints && a->has_type && a->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS)
        return wrong_type(o, name, "a list of integers");
    static const int64_t empty[1];
    *out = a->n_ints ? a->ints : empty;
    *n = a->n_ints;
    return ZURT_OK;
}

zurt_status zc_axis(zc_onnx *o, int64_t axis, int32_t range, int32_t *out)
{
    *out = 0;
    if (axis < -(int64_t)range || axis >= range)
        return zc_fail(o, ZURT_E_FORMAT, "axis %lld of %d axes", (long long)axis, (int)range);
    *out = (int32_t)(axis < 0 ? axis + range : axis);
    return ZURT_OK;
}

zurt_status zc_attr_axis(zc_onnx *o, const char *name, int64_t absent, int32_t range, int32_t *out)
{
    int64_t axis = 0;
    zurt_status st = zc_attr_int(o, name, absent, &axis);
    return st ? st : zc_axis(o, axis, range, out);
}

zurt_status zc_attr_expect(zc_onnx *o, const char *name, int64_t value, const char *remedy)
{
    int64_t found = 0;
    zurt_status st = zc_attr_int(o, name, value, &found);
    if (!st && found != value)
        st = zc_fail(o, ZURT_E_UNSUPPORTED, "%s is %lld; %s", name, (long long)found, remedy);
    return st;
}
