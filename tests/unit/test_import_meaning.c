/* SPDX-License-Identifier: Apache-2.0 */
/* What a file says that must not be passed over: forms, attributes and types that change values. */
#include "support/import_run.h"

static void floats(message *g, const char *name, float value, int n_dims, const int64_t *dims)
{
    float data[16];
    size_t n = 1;
    for (int i = 0; i < n_dims; i++)
        n *= (size_t)dims[i];
    for (size_t i = 0; i < n; i++)
        data[i] = value;
    message t = tensor(name, F32, n_dims, dims, data, n * sizeof(*data));
    add_initializer(g, &t);
}

/* Heap memory of exactly the file's size, so that ASan sees a read behind it. */
static void reads_bools_to_their_last_byte(void **state)
{
    (void)state;
    static const uint8_t bools[5] = {1, 0, 2, 0, 255};
    message n = node("", "Where", "c x zero", "y"), g = one_node(&n, ONNX_DIMS(5));
    floats(&g, "zero", 0, 0, NULL);
    message m = {0}, set = {0}, c = tensor("c", B8, ONNX_DIMS(5), bools, sizeof(bools));
    add_initializer(&g, &c); // ends the graph, which ends the file
    put_int(&set, 2, 13);
    put_int(&m, 1, 8);
    put_message(&m, 8, &set);
    put_message(&m, 7, &g);
    uint8_t *bytes = malloc(m.n);
    assert_non_null(bytes);
    memcpy(bytes, m.bytes, m.n);
    const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    imported i = {0};
    size_t nodes;
    assert_int_equal(zurt_ctx_create(NULL, &i.ctx), ZURT_OK);
    assert_int_equal(zc_onnx_import(i.ctx, (zi_bytes){bytes, m.n}, &options, &i.g, &nodes),
                     ZURT_OK);
    const uint8_t *made = i.g->tensors[the(&i, ZI_OP_Where)->in[0]].data;
    assert_non_null(made);
    for (size_t k = 0; k < sizeof(bools); k++)
        assert_int_equal(made[k], bools[k] != 0);
    done(&i);
    free(bytes);
}

static void refuses_unknown_attributes_by_name(void **state)
{
    (void)state;
    message n = node("r", "Relu", "x", "y");
    attr_int(&n, "order", 1);
    message g = one_node(&n, ONNX_DIMS(1, 2)), m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "node 0 'r' (Relu): attribute 'order'", "remove it");

    // of another version of the operator
    n = node("m", "ReduceMean", "x", "y");
    attr_ints(&n, "axes", 1, (const int64_t[]){1});
    g = one_node(&n, ONNX_DIMS(1, 2));
    m = model(&g, 18);
    refuses(&m, ZURT_E_UNSUPPORTED, "attribute 'axes'", "at opset 18");
    m = model(&g, 13);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 1, 1);
    done(&i);

    n = node("t", "Transpose", "x", "y");
    attr_ints(&n, "perm", 2, (const int64_t[]){1, 0});
    attr_ints(&n, "perm", 2, (const int64_t[]){0, 1});
    g = one_node(&n, ONNX_DIMS(1, 2));
    m = model(&g, 13);
    refuses(&m, ZURT_E_FORMAT, "attribute 'perm'", "twice");

    n = node("d", "DepthToSpace", "x", "y");
    attr_int(&n, "blocksize", 2);
    attr_text(&n, "mode", "RCD");
    g = one_node(&n, ONNX_DIMS(1, 4, 2, 2));
    m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "mode 'RCD'", "export");
    n = node("s", "SpaceToDepth", "x", "y");
    attr_int(&n, "blocksize", 2);
    attr_text(&n, "mode", "CRD");
    g = one_node(&n, ONNX_DIMS(1, 4, 2, 2));
    m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "mode 'CRD'", "export");
}

static void takes_attributes_that_change_nothing(void **state)
{
    (void)state;
    message n = node("c", "Relu", "x", "y");
    attr_ints(&n, "consumed_inputs", 1, (const int64_t[]){0});
    attr_text(&n, "__origin", "a tool's own");
    message g = one_node(&n, ONNX_DIMS(1, 2)), m = model(&g, 13);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 1, 2);
    done(&i);

    n = node("p", "MaxPool", "x", "y");
    attr_ints(&n, "kernel_shape", 2, (const int64_t[]){2, 2});
    attr_ints(&n, "pads", 4, (const int64_t[]){0, 0, 0, 0});
    attr_text(&n, "auto_pad", "SAME_UPPER");
    attr_int(&n, "storage_order", 1);
    g = one_node(&n, ONNX_DIMS(1, 1, 3, 3));
    m = model(&g, 12);
    i = import(&m);
    OUTPUT_IS(&i, 0, 1, 1, 3, 3);
    done(&i);

    n = node("d", "Dropout", "x", "y");
    attr_float(&n, "ratio", 0.25f);
    g = one_node(&n, ONNX_DIMS(1, 2));
    m = model(&g, 11);
    i = import(&m);
    OUTPUT_IS(&i, 0, 1, 2);
    done(&i);
}

static message batch_norm(const char *outputs, int64_t training_mode, int64_t opset)
{
    message n = node("bn", "BatchNormalization", "x s b m v", outputs);
    attr_float(&n, "momentum", 0.5f);
    if (training_mode >= 0)
        attr_int(&n, "training_mode", training_mode);
    message g = one_node(&n, ONNX_DIMS(2, 3, 2, 2));
    static const char *const names[] = {"s", "b", "m", "v"};
    for (int i = 0; i < 4; i++)
        floats(&g, names[i], 1, ONNX_DIMS(3));
    return model(&g, opset);
}

static void refuses_batch_norm_in_training_form(void **state)
{
    (void)state;
    for (int64_t opset = 9; opset < 14; opset++) {
        message m = batch_norm("y a b1 c d", -1, opset);
        refuses(&m, ZURT_E_UNSUPPORTED, "'bn'", "inference (eval) mode");
        m = batch_norm("y", -1, opset);
        imported i = import(&m);
        OUTPUT_IS(&i, 0, 2, 3, 2, 2);
        done(&i);
    }
    message m = batch_norm("y", 1, 14);
    refuses(&m, ZURT_E_UNSUPPORTED, "training_mode is 1", "inference (eval) mode");
    m = batch_norm("y", 0, 15);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 2, 3, 2, 2);
    done(&i);
}

/* What changed between opsets without an attribute or an input that tells. */
static void reads_operators_as_their_opset_has_them(void **state)
{
    (void)state;
    for (int64_t opset = 7; opset <= 28; opset++) { // unchanged through all of them
        message n = node("", "Tanh", "x", "y"), g = one_node(&n, ONNX_DIMS(2, 3));
        message m = model(&g, opset);
        imported i = import(&m);
        OUTPUT_IS(&i, 0, 2, 3);
        done(&i);
    }
    message n = node("up", "Upsample", "x", "y");
    attr_floats(&n, "scales", 4, (const float[]){1, 1, 2, 3});
    message g = one_node(&n, ONNX_DIMS(1, 1, 2, 2));
    message m = model(&g, 8);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 1, 1, 4, 6);
    assert_int_equal(the(&i, ZI_OP_Resize)->attr.resize.coord, ZI_COORD_ASYMMETRIC);
    done(&i);
    m = model(&g, 9);
    refuses(&m, ZURT_E_FORMAT, "'up'", "neither scales nor sizes");

    n = node("drop", "Dropout", "x", "z mask"); // its mask has the type of the data before 10
    for (int64_t opset = 9; opset <= 10; opset++) {
        g = (message){0};
        message x = value_info("x", F32, ONNX_DIMS(2));
        add_input(&g, &x);
        add_node(&g, &n);
        add_output(&g, "mask");
        m = model(&g, opset);
        i = import(&m);
        OUTPUT_IS(&i, 0, 2);
        assert_int_equal(i.g->tensors[i.g->outputs[0]].dtype, opset < 10 ? ZURT_F32 : ZURT_BOOL);
        done(&i);
    }

    n = node("bn", "BatchNormalization", "x x x x x", "y");
    attr_int(&n, "spatial", 0);
    g = one_node(&n, ONNX_DIMS(2, 3));
    m = model(&g, 8);
    refuses(&m, ZURT_E_UNSUPPORTED, "spatial is 0", "opset 9");
}

static void quantisation(message *g)
{
    static const int8_t zero = 0;
    floats(g, "scale", 0.5f, 0, NULL);
    message z = tensor("zp", S8, 0, NULL, &zero, 1);
    add_initializer(g, &z);
}

/* Constants that a quantiser put behind Quantize and Dequantize are what they were rounded to. */
static void computes_constants_behind_quantize_and_dequantize(void **state)
{
    (void)state;
    static const int64_t pads[4] = {0, 1, 0, 0};
    for (int reshaped = 0; reshaped < 2; reshaped++) {
        message q = node("q", "QuantizeLinear", "v scale zp", "vq");
        message d = node("d", "DequantizeLinear", "vq scale zp", "vd");
        message r = node("r", "Reshape", "vd shape", "vr");
        message n = node("pad", "Pad", reshaped ? "x pads vr" : "x pads vd", "y");
        message g = one_node(&n, ONNX_DIMS(1, 2));
        add_node(&g, &q);
        add_node(&g, &d);
        add_node(&g, &r);
        quantisation(&g);
        floats(&g, "v", 1.1f, 0, NULL);
        message p = tensor("pads", S64, ONNX_DIMS(4), pads, sizeof(pads));
        message s = tensor("shape", S64, ONNX_DIMS(1), &(const int64_t){1}, 8);
        add_initializer(&g, &p);
        add_initializer(&g, &s);
        message m = model(&g, 13);
        imported i = import(&m);
        OUTPUT_IS(&i, 0, 1, 3);
        assert_true(the(&i, ZI_OP_Pad)->attr.pad.value == 1.0f); // 1.1 in steps of 0.5
        done(&i);
    }
}

static void names_the_type_that_the_file_has(void **state)
{
    (void)state;
    static const int16_t zero = 0;
    enum { S16 = 5, S4 = 22 };
    message q = node("q", "QuantizeLinear", "x scale zp", "xq");
    message d = node("d", "DequantizeLinear", "xq scale zp", "y"), g = one_node(&d, ONNX_DIMS(4));
    add_node(&g, &q);
    floats(&g, "scale", 0.5f, 0, NULL);
    message plain = g, z = tensor("zp", S16, 0, NULL, &zero, 2);
    add_initializer(&g, &z);
    message m = model(&g, 21);
    refuses(&m, ZURT_E_UNSUPPORTED, "'q' (QuantizeLinear): to type int16", "int8 or uint8");
    message c = node("", "Constant", "", "zp"), a = {0}; // the same as a node
    put_text(&a, 1, "value");
    put_message(&a, 5, &z);
    put_message(&c, 5, &a);
    add_node(&plain, &c);
    m = model(&plain, 21);
    refuses(&m, ZURT_E_UNSUPPORTED, "to type int16", "'q'");

    message w = node("w", "DequantizeLinear", "w4 scale", "wd");
    message n = node("m", "MatMul", "x wd", "y");
    g = one_node(&n, ONNX_DIMS(1, 2));
    add_node(&g, &w);
    floats(&g, "scale", 0.5f, 0, NULL);
    message t = tensor("w4", S4, ONNX_DIMS(2, 2), "\x21\x43", 2);
    add_initializer(&g, &t);
    m = model(&g, 21);
    refuses(&m, ZURT_E_UNSUPPORTED, "elements of type int4", "8 bits");
}

static void keeps_weights_behind_quantize_as_int8(void **state)
{
    (void)state;
    message q = node("q", "QuantizeLinear", "w scale zp", "wq");
    message d = node("d", "DequantizeLinear", "wq scale zp", "wd");
    message n = node("conv", "Conv", "x wd", "y"), g = one_node(&n, ONNX_DIMS(1, 1, 2, 2));
    add_node(&g, &q);
    add_node(&g, &d);
    quantisation(&g);
    floats(&g, "w", 1.5f, ONNX_DIMS(1, 1, 2, 2));
    message m = model(&g, 13);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 1, 1, 1, 1);
    const zi_tensor *w = &i.g->tensors[the(&i, ZI_OP_Dequantize)->in[0]];
    assert_int_equal(w->dtype, ZURT_S8);
    assert_int_equal(((const int8_t *)w->data)[3], 3);
    assert_true(w->quant.scale[0] == 0.5f);
    assert_int_equal(count(&i, ZI_OP_Quantize), 0);
    done(&i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_bools_to_their_last_byte),
        cmocka_unit_test(refuses_unknown_attributes_by_name),
        cmocka_unit_test(takes_attributes_that_change_nothing),
        cmocka_unit_test(refuses_batch_norm_in_training_form),
        cmocka_unit_test(reads_operators_as_their_opset_has_them),
        cmocka_unit_test(computes_constants_behind_quantize_and_dequantize),
        cmocka_unit_test(names_the_type_that_the_file_has),
        cmocka_unit_test(keeps_weights_behind_quantize_as_int8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
