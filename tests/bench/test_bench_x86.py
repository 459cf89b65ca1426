#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/x86 on a network of two layers: its sums, its models, its mask of the processor.

test_bench_x86.py BUILD      exit 77 and the reason without the Python packages
"""
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(SOURCE, folder) for folder in ("bench/x86", "bench", "scripts")]


def check_summary():
    """Ratios are of one round; the faster form of a peer counts; the rounds' middle is the figure."""
    import bench_x86
    times = {"zurt int8": [[30, 20], [40, 60], [90, 90]], "ort u8": [[10, 10], [20, 99], [30, 30]],
             "ort s8": [[11, 90], [50, 50], [50, 50]]}
    comparison, = bench_x86.comparisons(times, masked=False)
    row = bench_x86.summary(times, comparison)
    assert row == {"ours": "zurt int8", "peer": "ort u8", "ours_ns": 20, "peer_ns": 10, "ratio": 2.0,
                   "least": 2.0, "most": 3.0, "bound": 0.95}, row
    times = {"zurt int8": [[20e3]], "zurt float": [[50e3]], "ort float": [[40e3]],
             "litert int8": [[10e3]]}
    rows = [bench_x86.summary(times, c) for c in bench_x86.comparisons(times, masked=True)]
    assert [(r["ours"], r["peer"], r["ratio"], r["bound"]) for r in rows] == [
        ("zurt float", "ort float", 1.25, 1.0), ("zurt int8", "zurt float", 0.4, 0.5),
        ("zurt int8", "litert int8", 2.0, None)], rows
    assert bench_x86.cells("n", rows[0]) == ["n", "float", "0.05", "ort float", "0.04", "1.25",
                                             "1.25 to 1.25", "1.00"]


def check_tables():
    import doc_tables
    page = "a\n<!-- table: one -->\n\nold\n\n<!-- end -->\nb\n<!-- table: two -->\n<!-- end -->\n"
    new = doc_tables.with_tables(page, {"one": doc_tables.markdown(["x", "y"], [["1", "2"]])})
    assert doc_tables.table_of(new, "one") == "| x | y |\n| --- | --- |\n| 1 | 2 |"
    assert new.startswith("a\n") and new.endswith("b\n<!-- table: two -->\n<!-- end -->\n")
    try:
        doc_tables.with_tables(page, {"three": ""})
    except KeyError:
        return
    raise AssertionError("a table without a place was taken")


def write_network(path):
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal(shape).astype(np.float32)
               for shape in ((8, 3, 3, 3), (4, 8, 1, 1))]
    constants = [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)]
    nodes = [helper.make_node("Conv", ["x", "w0"], ["a"], pads=[1] * 4),
             helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Conv", ["b", "w1"], ["y"])]
    graph = helper.make_graph(
        nodes, "tiny", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 8, 8])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, path)


def check_bench(build, folder):
    """A row for each comparison that the network has."""
    path = os.path.join(folder, "tiny.onnx")
    write_network(path)
    text = subprocess.run([sys.executable, os.path.join(SOURCE, "bench/x86/bench_x86.py"), "--build",
                           build, "--folder", os.path.join(folder, "made"), "--rounds", "2",
                           "--turn", "1", path], check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = re.findall(r"^tiny +(int8|float) +([\d.]+) +(ort [us]8|ort float|zurt float) +([\d.]+) "
                      r"+([\d.]+) +[\d.]+ to [\d.]+ +[\d.]+$", text, re.M)
    assert [(r[0], r[2].split()[0]) for r in rows] == [("int8", "ort"), ("float", "ort"),
                                                       ("int8", "zurt")], text


def check_forms(folder, has_vnni):
    """Both forms compute the same, but where ONNX Runtime lets sums of two products saturate."""
    import numpy as np
    import onnxruntime as ort
    ort.set_default_logger_severity(3)
    outputs = []
    x = np.random.default_rng(2).integers(-128, 128, (1, 3, 8, 8)).astype(np.int8)
    for form, shift, dtype in (("s8", 0, np.int8), ("u8", 128, np.uint8)):
        session = ort.InferenceSession(os.path.join(folder, f"made/tiny.{form}.onnx"),
                                       providers=["CPUExecutionProvider"])
        tensor, = session.get_inputs()
        y, = session.run(None, {tensor.name: (x.astype(np.int16) + shift).astype(dtype)})
        assert y.dtype == dtype, y.dtype
        outputs.append(y.astype(np.int16) - shift)
    # each rounds in its own way
    most = 1 if has_vnni else 16
    assert np.abs(outputs[0] - outputs[1]).max() <= most and np.ptp(outputs[0]) > 50


def features(build, preload):
    text = subprocess.run([os.path.join(build, "apps/zurt/zurt"), "info"], check=True, text=True,
                          stdout=subprocess.PIPE, env={**os.environ, **preload}).stdout
    return re.search(r"^cpu features +(.*)$", text, re.M)[1].split()


def check_mask(build):
    import bench_x86
    if not bench_x86.can_mask(build):
        print("this machine cannot mask cpuid: the mask is not tried")
        return
    shim = {"LD_PRELOAD": os.path.join(build, "bench/x86/cpuid_mask.so")}
    real, masked = features(build, {}), features(build, shim)
    assert masked == [f for f in real if f == "avx2"], (real, masked)


def main():
    build = sys.argv[1]
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        print(f"skipped: {error}; scripts/venv installs it")
        return 77
    del onnx, onnxruntime
    check_summary()
    check_tables()
    with tempfile.TemporaryDirectory() as folder:
        check_bench(build, folder)
        check_forms(folder, any("vnni" in f for f in features(build, {})))
    check_mask(build)
    return 0


if __name__ == "__main__":
    sys.exit(main())
