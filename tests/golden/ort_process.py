# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime in a process of its own: it aborts on some models, and on others it does not end.

Who asks then gets a refusal, and the next question goes to a new process.
"""
import multiprocessing
import os
import re

import numpy as np
import onnx
import onnx.reference

MODEL_SECONDS = 60  # for one model's session, and for one run of it
NOISE = 1e-6        # of open_noisy()
STEP = 0.25         # of open_rough(): what rounding twice may move a tie by, in steps


class Refused(Exception):
    """One of the two does not take the model; says why."""


def reason(text):
    """A message without what differs from model to model."""
    text = text.strip().split("\n")[-1]
    text = re.sub(r"^zurt \w+: (\S+\.(onnx|zurt): )?", "", text)
    text = re.sub(r"\[ONNXRuntimeError\] : \d+ : |Load model from \S+ failed: *", "", text)
    return re.sub(r"'[^']*'|-?\d[\d.e+-]*", "_", text)[:110]


# ---- in the process ----

def target(node):
    """The type that a Cast makes an integer; none for others."""
    to = next((a.i for a in node.attribute if a.name == "to"), 0) if node.op_type == "Cast" else 0
    dtype = onnx.helper.tensor_dtype_to_np_dtype(to) if to else np.dtype(bool)
    return dtype if dtype.kind in "iu" else None


def casts_beyond(path, feeds):
    """Whether a Cast to an integer meets NaN or what is beyond its range."""
    model = onnx.load(path)
    values = {v.name: v for v in onnx.shape_inference.infer_shapes(model).graph.value_info}
    casts = [(n.input[0], np.iinfo(target(n))) for n in model.graph.node
             if target(n) and n.input[0] in values]
    del model.graph.output[:]
    model.graph.output.extend(values[name] for name in {name for name, _ in casts})
    s = session(model.SerializeToString())
    found = dict(zip([o.name for o in s.get_outputs()], s.run(None, feeds)))
    return any(not np.all((found[name] >= limits.min) & (found[name] <= limits.max))
               for name, limits in casts)


def with_noise(model):
    """The same model with NOISE, as a part of each value, in its inputs and in all that its nodes
    compute in float."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    floats = {v.name for v in [*graph.input, *graph.value_info, *graph.output]
              if v.type.tensor_type.elem_type == onnx.TensorProto.FLOAT}
    nodes = []

    def add_noise(name, noisy):
        nodes.append(onnx.helper.make_node("RandomNormalLike", [name], [name + "~noise"], mean=1.0,
                                           scale=NOISE))
        nodes.append(onnx.helper.make_node("Mul", [name, name + "~noise"], [noisy]))

    for value in model.graph.input:
        if value.name in floats:
            add_noise(value.name, value.name + "~noisy")
    inputs = {v.name for v in model.graph.input}
    for node in model.graph.node:
        nodes.append(node)
        for i, name in enumerate(node.input):
            if name in inputs & floats:
                node.input[i] = name + "~noisy"
        for i, name in enumerate(node.output):
            if name in floats and node.op_type != "Constant":
                node.output[i] = name + "~exact"
                add_noise(node.output[i], name)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model.SerializeToString()


def with_steps(model):
    """The same QDQ model, rounding as zurt may: QuantizeLinear's input moves by up to STEP."""
    nodes = []
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear":
            value, scale = node.input[:2]
            name = node.output[0] + "~rough"
            nodes += [
                onnx.helper.make_node("RandomUniformLike", [value], [name + "~part"],
                                      low=-STEP, high=STEP),
                onnx.helper.make_node("Mul", [name + "~part", scale], [name + "~move"]),
                onnx.helper.make_node("Add", [value, name + "~move"], [name])]
            node.input[0] = name
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model.SerializeToString()


def session(model):
    import onnxruntime  # in this process alone

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def answer(verb, argument, state):
    if verb == "infer":
        return [np.asarray(value) for value in state["session"].run(None, argument)]
    if verb == "casts_beyond":
        return casts_beyond(*argument)
    if verb == "reference":
        return [np.asarray(value) for value in state["reference"].run(None, argument)]
    state.clear()  # what it had is given back first
    model = onnx.load(argument)
    if any(target(node) and target(node).itemsize == 1 for node in model.graph.node):
        raise Refused("Cast to 8 bits: ONNX leaves open what lies beyond the range")
    if verb == "open_reference":
        state["reference"] = onnx.reference.ReferenceEvaluator(model)
        return []
    changes = {"open_noisy": with_noise, "open_rough": with_steps}
    state["session"] = session(changes[verb](model) if verb in changes else argument)
    return [(i.name, i.type, i.shape) for i in state["session"].get_inputs()]


def serve(pipe):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # its last words; the signal is said anyway
    state = {}
    while True:
        try:
            verb, argument = pipe.recv()
        except EOFError:
            return
        try:
            result = ("done", answer(verb, argument, state))
        except Refused as refused:
            result = ("refused", str(refused))
        except Exception as error:
            when = " at run time" if verb == "infer" else ""
            result = ("refused", f"ONNX Runtime{when}: {reason(str(error))}")
        pipe.send(result)


# ---- who asks ----

class OrtProcess:
    """One model at a time: open() it, then infer(). `limit(most)` says how long that may take."""

    def __init__(self, limit=lambda most: most):
        self.limit = limit
        self.process = None
        self.pipe = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def open(self, path):
        """[(name, type, shape)] of the model's inputs."""
        return self.ask("open", os.path.abspath(path))

    def open_noisy(self, path):
        """open() of a model whose every float differs by about NOISE of itself, each run anew."""
        return self.ask("open_noisy", os.path.abspath(path))

    def open_rough(self, path):
        """open() of a QDQ model whose roundings may go the other way, each run anew."""
        return self.ask("open_rough", os.path.abspath(path))

    def casts_beyond(self, path, feeds):
        """Whether a Cast to an integer meets NaN or what is beyond its range."""
        return self.ask("casts_beyond", (os.path.abspath(path), feeds))

    def reference(self, path, feeds):
        """The outputs as ONNX's own evaluator computes them."""
        self.ask("open_reference", os.path.abspath(path))
        return self.ask("reference", feeds)

    def infer(self, feeds):
        """The outputs, as arrays, of the model that was opened last."""
        return self.ask("infer", feeds)

    def start(self):
        context = multiprocessing.get_context("spawn")  # no copy of this one's threads
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def stop(self):
        """The exit status; none if there is no process."""
        if not self.process:
            return None
        self.pipe.close()
        self.process.join(10)  # it may be writing a core
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        status, self.process = self.process.exitcode, None
        return status

    def ask(self, verb, argument):
        seconds = self.limit(MODEL_SECONDS)
        if not self.process:
            self.start()
        try:
            self.pipe.send((verb, argument))
            if not self.pipe.poll(seconds):
                self.process.kill()
                self.stop()
                self.limit(0)
                raise Refused(f"ONNX Runtime did not end within {MODEL_SECONDS} s")
            kind, value = self.pipe.recv()
        except (EOFError, OSError):
            status = self.stop()
            how = f"by signal {-status}" if status and status < 0 else f"with status {status}"
            raise Refused(f"ONNX Runtime ended {how}") from None
        if kind == "refused":
            raise Refused(value)
        return value
