#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""As x86_run, by another runtime: peer_run.py ort|litert THREADS MODEL.

Says "ready", then answers every line, a number of runs, with the nanoseconds of each. The input is
seeded noise.
"""
import sys
import time

import numpy as np


def noise(shape, dtype):
    rng = np.random.default_rng(1)
    if np.issubdtype(dtype, np.floating):
        return rng.random(shape, dtype=np.float32).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def onnx_runtime(path, threads):
    """A call that runs a model once in ONNX Runtime's CPU provider, input and output bound."""
    import onnxruntime as ort
    ort.set_default_logger_severity(3)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": np.float32, "tensor(int8)": np.int8, "tensor(uint8)": np.uint8}
    binding = session.io_binding()
    for tensor in session.get_inputs():
        shape = [d if isinstance(d, int) else 1 for d in tensor.shape]
        binding.bind_cpu_input(tensor.name, noise(shape, types[tensor.type]))
    for tensor in session.get_outputs():
        binding.bind_output(tensor.name)
    return lambda: session.run_with_iobinding(binding)


def litert(path, threads):
    """The same in LiteRT, with the XNNPACK delegate that it takes by itself."""
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_path=path, num_threads=threads)
    interpreter.allocate_tensors()
    for tensor in interpreter.get_input_details():
        interpreter.set_tensor(tensor["index"], noise(tensor["shape"], tensor["dtype"]))
    return interpreter.invoke


def main():
    kind, threads, path = sys.argv[1:]
    threads = int(threads)
    run = {"ort": onnx_runtime, "litert": litert}[kind](path, threads)
    # of one thread the time it computes: that of others on this machine is not in it
    clock = time.process_time_ns if threads == 1 else time.perf_counter_ns
    print("ready", flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begin = clock()
            run()
            times.append(clock() - begin)
        print(*times, flush=True)


if __name__ == "__main__":
    main()
