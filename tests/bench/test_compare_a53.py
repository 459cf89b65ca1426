#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/a53's comparison: how a network is told to XNNPACK, its sums; and the pages' tables.

test_compare_a53.py      exit 77 and the reason without the Python packages
"""
import os
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(SOURCE, folder)
                for folder in ("bench/a53", "bench/x86", "bench", "scripts")]


def small_network():
    """Conv, BatchNormalization, Clip, depthwise Conv, Add with the Conv, pool, average, Gemm."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    def constant(name, *shape):
        return numpy_helper.from_array(np.ones(shape, np.float32), name)

    nodes = [helper.make_node("Conv", ["x", "w0"], ["a"], kernel_shape=[3, 3], strides=[2, 2],
                              pads=[0, 0, 1, 1]),
             helper.make_node("BatchNormalization", ["a", "one", "one", "one", "one"], ["b"]),
             helper.make_node("Clip", ["b", "low", "low"], ["c"]),
             helper.make_node("Conv", ["c", "w1"], ["d"], kernel_shape=[3, 3], pads=[1] * 4,
                              group=4),
             helper.make_node("Add", ["c", "d"], ["e"]),
             helper.make_node("MaxPool", ["e"], ["f"], kernel_shape=[2, 2], strides=[2, 2]),
             helper.make_node("GlobalAveragePool", ["f"], ["g"]),
             helper.make_node("Flatten", ["g"], ["h"]),
             helper.make_node("Gemm", ["h", "w2"], ["y"], transB=1)]
    constants = [constant("w0", 4, 3, 3, 3), constant("w1", 4, 1, 3, 3), constant("w2", 10, 4),
                 constant("one", 4), constant("low")]
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])


def check_description():
    import networks
    d = networks.Description(small_network())
    lines = [line.split() for line in d.text().splitlines()]
    assert [line[0] for line in lines[1:]] == ["conv", "conv", "add", "max_pool", "average",
                                               "dense"], lines
    conv, depthwise, add, pool, average, dense = ([int(v) for v in line[1:]] for line in lines[1:])
    # height, width, channels, kernel, stride, then top, right, bottom, left, groups
    assert conv[2:] == [8, 8, 3, 4, 3, 2, 0, 1, 1, 0, 1], conv
    assert depthwise[2:] == [4, 4, 4, 4, 3, 1, 1, 1, 1, 1, 4], depthwise
    assert add[3:] == [64] and pool[2:] == [4, 4, 4, 4, 2, 2, 0, 0, 0, 0, 1], (add, pool)
    assert average[2:] == [4, 4] and dense[2:] == [4, 10], (average, dense)
    assert d.macs == 4 * 4 * 4 * 27 + 4 * 4 * 4 * 9 + 40
    # data flows: what one writes the next reads, and the branch is not overwritten in between
    assert conv[1] == depthwise[0] == add[0] and depthwise[1] == add[1], (conv, depthwise, add)
    assert add[2] == pool[0] and pool[1] == average[0] and average[1] == dense[0]
    assert len({add[0], add[1], add[2]}) == 3, add


def check_arena():
    import networks
    arena = networks.Arena({"a": 1, "b": 3, "c": 2, "d": 3})
    assert [arena.place("a", 100, 0), arena.place("b", 10, 0)] == [0, 128]
    assert arena.place("c", 10, 1) == 192  # a is still read
    assert arena.place("d", 100, 2) == 0  # and now it is not
    assert arena.bytes == 256


def check_sums():
    import compare_a53 as c
    work = c.Work(c.int8_models.FloatNetwork("n", "n.onnx"), "x")
    ours, peer = c.Count(2_000_000, 1_000_000), c.Count(3_000_000, 4_000_000, "u8")
    assert c.cells(work, 2_000_000, {"zurt": ours, "ONNX Runtime": peer}) == [
        "n", "2.0", "2.0", "1.0", "2.00", "0", "-", "-", "-", "-", "3.0 (u8)", "4.0", "0.50", "0.25",
        "x"]
    # 1333 MHz, four cores at 0.85, a real core 1.19 times the model's cycles
    assert abs(c.milliseconds(1333e3 * 3.4) - 144.7 / 121.9) < 1e-9
    assert c.counted([("conv", 1, 10, 20), ("add", 0, 1, 2)]) == c.Count(11, 22)


def check_memory():
    """Counts are kept under what the files contain, and found again by another run."""
    import bench_a53
    import compare_a53
    calls = []

    def fake(plugin, program, root, offline):
        calls.append(program)
        return ["1", "conv\t5\tname"], [(0, 0), (7, 8), (9, 9)]

    bench_a53.run = fake
    with tempfile.TemporaryDirectory() as folder:
        plugin, model = (os.path.join(folder, n) for n in ("plugin", "model"))
        for path in plugin, model:
            with open(path, "w", encoding="ascii") as f:
                f.write(path)
        for again in range(2):
            memory = compare_a53.Memory(os.path.join(folder, "kept"), plugin)
            assert memory.steps([model], None) == [("conv", 5, 7, 8)] and len(calls) == 1, again
        with open(model, "a", encoding="ascii") as f:
            f.write("another")
        compare_a53.Memory(os.path.join(folder, "kept"), plugin).steps([model], None)
        assert len(calls) == 2


def check_proofs():
    """255 of |w| to a lane and six chunks to a flush; sums of 26 bits for Winograd's form."""
    import numpy as np
    import weight_proofs
    assert weight_proofs.flushes(np.full((4, 64), 127)) == (8, 4)
    assert weight_proofs.flushes(np.full((3, 50), 10)) == (7, 2)
    assert weight_proofs.flushes(np.full((4, 64), 128)) == (8, 8)
    largest = (1 << 25) - 1 - 127 * 9 * 100
    w = np.full((2, 3, 3, 1), 100)
    assert list(weight_proofs.fits_winograd(w, np.array([largest, largest + 1]), 0)) == [True, False]
    assert list(weight_proofs.fits_winograd(-w, np.array([largest, 0]), 0)) == [False, True]


def columns(page, table, wanted):
    """Some columns of a table that stands in a page, its header first; none while it is empty."""
    import doc_tables
    with open(os.path.join(SOURCE, "docs", page), encoding="utf-8") as f:
        text = doc_tables.table_of(f.read(), table)
    lines = [[c.strip() for c in line.strip("|").split("|")]
             for line in text.splitlines() if line.startswith("|")]
    return [tuple(line[i] for i in wanted) for line in lines if set(line) != {"---"}]


def check_pages():
    """The tables that stand in the pages are those that the scripts write today."""
    import bench_x86
    import compare_a53
    for table, header, pieces in (("a53_layers", compare_a53.LAYER_HEADER, compare_a53.layers()),
                                  ("a53_networks", compare_a53.NETWORK_HEADER,
                                   compare_a53.NETWORKS)):
        everything = range(len(header))
        assert columns("performance-cpu.md", table, everything)[0] == tuple(header), table
        rows = columns("performance-cpu.md", table, [0, len(header) - 1])[1:]
        assert rows == [(p.name, p.aim) for p in pieces], (table, rows)
    for table, masked in (("x86_best", False), ("x86_avx2", True)):
        want = []
        for network in bench_x86.NETWORKS:
            names = (["zurt int8", "litert int8"]
                     if isinstance(network, bench_x86.TfliteNetwork) else
                     ["zurt int8", "zurt float", "ort u8", "ort float"])
            for c in bench_x86.comparisons(names, masked):
                aim = "" if c.bound is None else f"{c.bound:.2f}"
                want.append((network.name, c.ours.split()[1], aim))
        rows = columns("benchmarking.md", table, [0, 1, 7])
        assert rows[0] == ("network", "zurt", "aim") and rows[1:] == want, (table, rows)


def main():
    try:
        import onnx
    except ImportError as error:
        print(f"skipped: {error}; scripts/venv installs it")
        return 77
    del onnx
    check_description()
    check_arena()
    check_sums()
    check_memory()
    check_proofs()
    check_pages()
    return 0


if __name__ == "__main__":
    sys.exit(main())
