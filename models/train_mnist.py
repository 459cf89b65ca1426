#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the two MNIST networks of this folder and writes them as ONNX.

  mnist_small.onnx   conv 12 3x3, ReLU, max pool, dense 10
  mnist_cnn.onnx     conv + batch normalisation, depthwise-separable residual blocks, global pool

Reads the four gzipped IDX files of $ZURT_DATA/mnist. One seed fixes everything: on one machine and
one set of package versions two runs write the same bytes. The weights are those of the last epoch;
the test set picks nothing. Commands and package versions: README.md.
"""
import argparse
import gzip
import hashlib
import os
import platform
import struct
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
from keras import layers
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 7  # the one that came with opset 13
INPUT, OUTPUT = "image", "prob"

log_lines = []


def log(text=""):
    print(text, flush=True)
    log_lines.append(text)


# ---------------------------------------------------------------- data


def read_idx(path):
    """One gzipped IDX file of unsigned bytes -> numpy array."""
    with gzip.open(path, "rb") as f:
        data = f.read()
    zero, kind, rank = struct.unpack_from(">HBB", data)
    if zero != 0 or kind != 8:
        sys.exit(f"{os.path.basename(path)}: not an IDX file of unsigned bytes")
    dims = struct.unpack_from(f">{rank}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(dims)


def load_mnist(folder):
    def pair(stem):
        images = read_idx(os.path.join(folder, f"{stem}-images-idx3-ubyte.gz"))
        labels = read_idx(os.path.join(folder, f"{stem}-labels-idx1-ubyte.gz"))
        return images[..., None].astype(np.float32) / 255, labels.astype(np.int64)

    return pair("train") + pair("t10k")


def augment(x, rng, strength):
    """A new random variant of every image: turn, slant, zoom, shift, thicker or thinner strokes."""
    n = len(x)

    def uniform(limit):
        return rng.uniform(-limit * strength, limit * strength, n)

    turn, slant = np.deg2rad(uniform(13)), uniform(0.20)
    zoom_x, zoom_y = np.exp(uniform(0.14)), np.exp(uniform(0.14))
    c, s = np.cos(turn), np.sin(turn)
    # Output pixel -> input pixel, about the centre 13.5: a = turn * slant * zoom.
    a00, a01 = c * zoom_x, (c * slant - s) * zoom_y
    a10, a11 = s * zoom_x, (s * slant + c) * zoom_y
    tx = 13.5 - 13.5 * (a00 + a01) + uniform(2.0)
    ty = 13.5 - 13.5 * (a10 + a11) + uniform(2.0)
    zero = np.zeros(n)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=np.stack([a00, a01, tx, a10, a11, ty, zero, zero], 1).astype(np.float32),
        output_shape=[28, 28], fill_value=0.0, interpolation="BILINEAR", fill_mode="CONSTANT",
    ).numpy()

    # Pen width: blend towards the 3x3 maximum or minimum for a part of the images.
    pick = rng.random(n)
    blend = rng.uniform(0.2, 0.7, n).astype(np.float32)[:, None, None, None] * strength
    for chosen, sign in ((pick < 0.20, 1), (pick > 0.85, -1)):
        part = moved[chosen]
        wide = sign * tf.nn.max_pool2d(sign * part, 3, 1, "SAME").numpy()
        moved[chosen] = part + blend[chosen] * (wide - part)
    return moved


# ---------------------------------------------------------------- networks


def mnist_small():
    x = image = keras.Input((28, 28, 1), name=INPUT)
    x = layers.Conv2D(12, 3, name="conv1")(x)
    x = layers.ReLU(name="relu1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Flatten(name="flatten")(x)
    logits = layers.Dense(10, name="fc")(x)
    return image, logits


def conv_bn(x, tag, channels, size=3, stride=1, relu=True):
    if size > 1:
        # Explicit, symmetric padding: with stride 2 TensorFlow's "same" pads one side only.
        x = layers.ZeroPadding2D(size // 2, name=f"pad{tag}")(x)
    x = layers.Conv2D(channels, size, stride, use_bias=False, name=f"conv{tag}")(x)
    x = layers.BatchNormalization(name=f"bn{tag}")(x)
    return layers.ReLU(name=f"relu{tag}")(x) if relu else x


def separable_residual(x, tag):
    """x + pointwise(depthwise(x)), then ReLU."""
    y = layers.ZeroPadding2D(1, name=f"pad{tag}_dw")(x)
    y = layers.DepthwiseConv2D(3, use_bias=False, name=f"conv{tag}_dw")(y)
    y = layers.BatchNormalization(name=f"bn{tag}_dw")(y)
    y = layers.ReLU(name=f"relu{tag}_dw")(y)
    y = conv_bn(y, f"{tag}_pw", x.shape[-1], size=1, relu=False)
    y = layers.Add(name=f"add{tag}")([x, y])
    return layers.ReLU(name=f"relu{tag}")(y)


def mnist_cnn():
    x = image = keras.Input((28, 28, 1), name=INPUT)
    x = conv_bn(x, "1", 16)  # 28x28
    x = conv_bn(x, "2", 32, stride=2)  # 14x14
    x = separable_residual(x, "3")
    x = layers.MaxPooling2D(2, name="pool3")(x)  # 7x7
    x = conv_bn(x, "4", 48)
    x = separable_residual(x, "5")
    x = layers.GlobalAveragePooling2D(keepdims=True, name="gap")(x)
    x = layers.Flatten(name="flatten")(x)
    logits = layers.Dense(10, name="fc")(x)
    return image, logits


# ---------------------------------------------------------------- training


def accuracy(prob, labels):
    return float(np.mean(np.argmax(prob, 1) == labels))


def train(name, build, data, seed, epochs, peak_rate, strength):
    """Returns the trained model, Softmax included, and its accuracy on the test images."""
    x_train, y_train, x_test, y_test = data
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    batch = 128

    image, logits = build()
    head = keras.Model(image, logits)
    model = keras.Model(image, layers.Softmax(name="softmax")(logits), name=name)
    steps = epochs * -(-len(x_train) // batch)
    warm = steps // 20
    head.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(
                peak_rate / 25, steps - warm, warmup_target=peak_rate, warmup_steps=warm),
            weight_decay=1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"])

    log(f"\n{name}: {model.count_params()} parameters, {epochs} epochs, batch {batch}, "
        f"AdamW cosine peak {peak_rate}, augmentation strength {strength}")
    for epoch in range(1, epochs + 1):
        start = time.monotonic()
        got = head.fit(augment(x_train, rng, strength), y_train, batch_size=batch, epochs=1,
                       verbose=0).history
        loss, acc = head.evaluate(x_test, y_test, batch_size=1000, verbose=0)
        log(f"  epoch {epoch:2d}  train loss {got['loss'][0]:.4f} acc {got['accuracy'][0]:.4f}"
            f"  test loss {loss:.4f} acc {acc:.4f}  {time.monotonic() - start:.0f} s")
    return model, accuracy(model.predict(x_test, batch_size=1000, verbose=0), y_test)


# ---------------------------------------------------------------- ONNX


def to_onnx(model, metadata):
    """Keras model (NHWC, HWIO) -> ONNX ModelProto (NCHW, OIHW), layer by layer."""
    nodes, weights = [], []
    value = {}  # Keras tensor -> ONNX value name
    pads = {}  # Keras tensor -> zero padding to be folded into the convolution that reads it
    shape_of = {}  # value name -> (h, w, c) in front of Flatten

    def const(name, array):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
        return name

    def emit(op, layer, inputs, **attributes):
        out = OUTPUT if op == "Softmax" else f"{layer.name}_out"
        nodes.append(helper.make_node(op, inputs, [out], name=layer.name, **attributes))
        return out

    def window(layer, size, source):
        p = pads.get(id(source), 0)
        return dict(kernel_shape=list(size), strides=list(layer.strides), pads=[p, p, p, p])

    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "InputLayer":
            value[id(layer.output)] = INPUT
            continue
        tensors = layer.input if isinstance(layer.input, list) else [layer.input]
        source = [value[id(t)] for t in tensors]
        w = [v.numpy() for v in layer.weights]

        if kind == "ZeroPadding2D":
            out = source[0]  # no node of its own
            pads[id(layer.output)] = layer.padding[0][0]
        elif kind in ("Conv2D", "DepthwiseConv2D"):
            # HWIO -> OIHW; depthwise HWC1 -> C1HW.
            order, group = ((3, 2, 0, 1), 1) if kind == "Conv2D" else ((2, 3, 0, 1), w[0].shape[2])
            inputs = [source[0], const(f"{layer.name}.weight", w[0].transpose(order))]
            if layer.use_bias:
                inputs.append(const(f"{layer.name}.bias", w[1]))
            out = emit("Conv", layer, inputs, group=group, dilations=[1, 1],
                       **window(layer, layer.kernel_size, tensors[0]))
        elif kind == "BatchNormalization":
            parts = zip(("scale", "bias", "mean", "var"), w)
            out = emit("BatchNormalization", layer,
                       source + [const(f"{layer.name}.{p}", a) for p, a in parts],
                       epsilon=float(layer.epsilon))
        elif kind == "ReLU":
            out = emit("Relu", layer, source)
        elif kind == "Add":
            out = emit("Add", layer, source)
        elif kind == "MaxPooling2D":
            out = emit("MaxPool", layer, source, **window(layer, layer.pool_size, tensors[0]))
        elif kind == "GlobalAveragePooling2D":
            out = emit("GlobalAveragePool", layer, source)
        elif kind == "Flatten":
            out = emit("Flatten", layer, source, axis=1)
            shape_of[out] = tensors[0].shape[1:]
        elif kind == "Dense":
            # Flatten walks HWC in Keras and CHW in ONNX: reorder the rows, then transpose.
            h, wd, c = shape_of[source[0]]
            matrix = w[0].reshape(h, wd, c, -1).transpose(3, 2, 0, 1).reshape(-1, h * wd * c)
            out = emit("Gemm", layer, [source[0], const(f"{layer.name}.weight", matrix),
                                       const(f"{layer.name}.bias", w[1])], transB=1)
        elif kind == "Softmax":
            out = emit("Softmax", layer, source, axis=1)
        else:
            sys.exit(f"{layer.name}: no ONNX translation for {kind}")
        value[id(layer.output)] = out

    graph = helper.make_graph(
        nodes, model.name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", 10])], weights)
    proto = helper.make_model(graph, producer_name="zurt", ir_version=IR_VERSION,
                              opset_imports=[helper.make_opsetid("", OPSET)])
    helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    return proto


def write(path, data):
    with open(path + ".tmp", "wb") as f:
        f.write(data)
    os.replace(path + ".tmp", path)


def export(model, acc, seed, data, folder):
    """Writes NAME.onnx; stops unless ONNX Runtime scores the test set exactly as Keras does."""
    x_test, y_test = data[2:]
    proto = to_onnx(model, {
        "licence": "Apache-2.0",
        "script": os.path.basename(__file__),
        "seed": str(seed),
        "input": "NCHW float, grey value / 255, white digit on black",
        "accuracy": f"{acc:.4f} (MNIST test, 10000 images, float32)",
    })
    blob = proto.SerializeToString(deterministic=True)
    session = onnxruntime.InferenceSession(blob, providers=["CPUExecutionProvider"])
    got = session.run(None, {INPUT: x_test.transpose(0, 3, 1, 2)})[0]
    want = model.predict(x_test, batch_size=1000, verbose=0)
    onnx_acc = accuracy(got, y_test)
    log(f"  {model.name}: test accuracy Keras {acc:.4f}, ONNX Runtime {onnx_acc:.4f}, "
        f"largest difference of a probability {np.abs(got - want).max():.1e}")
    if onnx_acc != acc:
        sys.exit(f"{model.name}: the exported model does not score like the trained one")
    write(os.path.join(folder, f"{model.name}.onnx"), blob)
    return f"{hashlib.sha256(blob).hexdigest()}  {model.name}.onnx  {len(blob)} bytes"


NETWORKS = {
    #             builder     epochs  peak rate  augmentation
    "mnist_small": (mnist_small, 24, 4e-3, 0.5),
    "mnist_cnn": (mnist_cnn, 24, 4e-3, 1.0),
}


def main():
    parser = argparse.ArgumentParser(description="train the MNIST networks, write them as ONNX")
    parser.add_argument("-o", "--out", default=os.path.dirname(os.path.abspath(__file__)),
                        help="folder for the .onnx files and the log (default: this one)")
    parser.add_argument("--seed", type=int, default=20250101)
    parser.add_argument("--epochs", type=int, help="override, for a quick try")
    parser.add_argument("--only", choices=NETWORKS, help="train one network; writes no log")
    args = parser.parse_args()
    if "ZURT_DATA" not in os.environ:
        parser.error("set ZURT_DATA to the folder that holds mnist/")

    tf.config.experimental.enable_op_determinism()
    data = load_mnist(os.path.join(os.environ["ZURT_DATA"], "mnist"))
    log(f"train_mnist.py, seed {args.seed}")
    log(f"python {platform.python_version()}, tensorflow {tf.__version__}, keras "
        f"{keras.__version__}, numpy {np.__version__}, onnx {onnx.__version__}, "
        f"onnxruntime {onnxruntime.__version__}, {platform.machine()}")
    log(f"data: $ZURT_DATA/mnist, {len(data[0])} training and {len(data[2])} test images")

    sums = []
    for name, (build, epochs, rate, strength) in NETWORKS.items():
        if args.only not in (None, name):
            continue
        model, acc = train(name, build, data, args.seed, args.epochs or epochs, rate, strength)
        sums.append(export(model, acc, args.seed, data, args.out))
    log("\nsha256")
    for line in sums:
        log(line)
    if not args.only:
        write(os.path.join(args.out, "train_mnist.log"), ("\n".join(log_lines) + "\n").encode())


if __name__ == "__main__":
    main()
