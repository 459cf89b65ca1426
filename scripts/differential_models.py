# SPDX-License-Identifier: Apache-2.0
"""ONNX models that others generate, for scripts/differential.

differential_models.py nnsmith SEED COUNT SECONDS FOLDER NODES   NNSmith's random networks
differential_models.py opinfo SEED COUNT SECONDS FOLDER NODES    PyTorch's samples of its operators

Writes FOLDER/SOURCE-SEED.onnx, networks of 1 to NODES nodes or single operators, for so many
seconds at most; a model that cannot be generated or exported is counted by reason.
"""
import collections
import functools
import glob
import logging
import os
import random
import re
import signal
import sys
import warnings

import torch

CHILD_SECONDS = 60
FAILURES = collections.Counter()
torch.set_num_threads(1)  # a forked child would wait for threads that it does not have


class TimeUp(BaseException):
    """The seconds are over; not an Exception, which others catch."""


def time_up(*_):
    raise TimeUp


def reason(error):
    text = (str(error) or "no message").strip().split("\n")[0]
    return f"{type(error).__name__}: " + re.sub(r"'[^']*'|\d+", "_", text)[:80]


def in_child(make, item, path):
    """Why there is no model, or nothing: exporters crash, and talk past Python's stdout."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)
        text = ""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        try:
            make(item, path)
        except BaseException as error:  # the child ends here in any case
            text = reason(error)
        os.write(target, text.encode())
        os._exit(0)
    os.close(target)
    try:
        with os.fdopen(source) as pipe:
            text = pipe.read()
    except TimeUp:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    status = os.waitpid(child, 0)[1]
    return f"the exporter ended by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else text


# By tracing, in one file: what is tested is operators, not the exporter. NNSmith knows no other.
torch.onnx.export = functools.partial(torch.onnx.export, dynamo=False)


def nnsmith(nodes):
    """What makes a network of it; loaded and asked for its operators once, not in each child."""
    from nnsmith.abstract.dtype import DType
    from nnsmith.graph_gen import model_gen
    from nnsmith.materialize import Model
    from nnsmith.narrow_spec import auto_opset

    model_type = Model.init("onnx")
    model_type.add_seed_setter()
    opset = auto_opset(model_type, None)

    def make(seed, path):
        graph = model_gen(opset=opset, method="symbolic-cinit", seed=seed,
                          max_elem_per_tensor=2**12, max_nodes=1 + seed % max(nodes, 1),
                          timeout_ms=5000,
                          dtype_choices=[DType.float32, DType.int32, DType.int64, DType.bool])
        model_type.from_gir(graph.make_concrete()).dump(path)

    return make


class Call(torch.nn.Module):
    """One operator on the tensors among its arguments; the others are part of it."""

    def __init__(self, function, arguments, keywords):
        super().__init__()
        self.function, self.arguments, self.keywords = function, arguments, keywords

    def forward(self, *tensors):
        left = list(tensors)

        def fill(value):
            if isinstance(value, torch.Tensor):
                return left.pop(0)
            if isinstance(value, (list, tuple)):
                return type(value)(fill(v) for v in value)
            return value

        arguments = fill(self.arguments)
        return self.function(*arguments, **{k: fill(v) for k, v in self.keywords.items()})


def tensors_of(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in tensors_of(v)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in tensors_of(v)]
    return []


def opinfo_samples():
    """(operator, sample) in an order that is the same every time."""
    from torch.testing._internal.common_methods_invocations import op_db

    for op in sorted(op_db, key=lambda o: o.formatted_name):
        if torch.float32 not in op.supported_dtypes("cpu"):
            continue
        torch.manual_seed(0)
        try:
            for sample in op.sample_inputs("cpu", torch.float32):
                yield op, sample
        except Exception as error:
            FAILURES[reason(error)] += 1


def make_opinfo(item, path):
    op, sample = item
    arguments = (sample.input, *sample.args)
    call = Call(op.op, arguments, sample.kwargs)
    inputs = tuple(t.detach() for t in tensors_of(arguments) + tensors_of(sample.kwargs))
    with torch.no_grad():
        torch.onnx.export(call.eval(), inputs, path, opset_version=17,
                          input_names=[f"x{i}" for i in range(len(inputs))])


def make_all(source, seed, count, folder, nodes):
    """What is in the folder under its own name is whole."""
    if source == "nnsmith":
        items, make = [(s, s) for s in range(seed, seed + count)], nnsmith(nodes)
    else:
        items = list(opinfo_samples())
        random.Random(seed).shuffle(items)
        items, make = list(enumerate(items[:count], seed)), make_opinfo
    for number, item in items:
        path = os.path.join(folder, f"{source}-{number}.onnx")
        text = in_child(make, item, path + ".part")
        if text:
            FAILURES[text] += 1
        else:
            os.rename(path + ".part", path)


def main():
    source, folder, nodes = sys.argv[1], sys.argv[5], int(sys.argv[6])
    seed, count, seconds = (int(text) for text in sys.argv[2:5])
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    os.makedirs(folder, exist_ok=True)
    signal.signal(signal.SIGALRM, time_up)
    signal.alarm(max(1, seconds))
    try:
        make_all(source, seed, count, folder, nodes)
        signal.alarm(0)
    except TimeUp:
        print(f"{source}: stopped after {seconds} s")
    made = len(glob.glob(os.path.join(folder, f"{source}-*.onnx")))
    print(f"{source}: {made} of {count} models")
    for text, times in FAILURES.most_common(12):
        print(f"       {times:5}  {text}")


if __name__ == "__main__":
    main()
