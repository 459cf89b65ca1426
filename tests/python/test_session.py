# SPDX-License-Identifier: Apache-2.0
"""Sessions: bytes, zero copy, many requests and threads, cancel, order of closing."""
import gc
import os
import select
import threading
import unittest
from unittest import mock

import numpy as np
from common import CLASSES, MNIST_ONNX, mnist_bytes, picture, samples

import zurt
from zurt import _native


class Run(unittest.TestCase):
    def setUp(self):
        self.model = zurt.Model(mnist_bytes())
        self.addCleanup(self.model.close)
        self.session = self.model.session(device="cpu", streams=3)

    def test_a_model_says_what_it_is(self):
        self.assertEqual(self.model.inputs[0].shape, (1, 28, 28, 1))
        self.assertEqual(self.model.inputs[0].dtype, np.int8)
        self.assertEqual(self.model.inputs[0].nbytes, 784)
        self.assertEqual(self.model.outputs[0].shape, (1, CLASSES))
        self.assertTrue(self.model.inputs[0].from_nchw)
        self.assertEqual(self.session.info.device, "cpu")
        self.assertEqual(self.session.info.streams, 3)
        self.assertIn("(1, 28, 28, 1), int8", repr(self.model.inputs[0]))

    def test_run_submit_and_call_agree(self):
        x = picture(self.model)
        y = self.session.run(x)
        self.assertEqual((y.shape, y.dtype), ((1, CLASSES), np.int8))
        np.testing.assert_array_equal(self.session.submit(x).result(), y)
        np.testing.assert_array_equal(self.session.run({self.model.inputs[0].name: x}), y)
        np.testing.assert_array_equal(self.session(x), self.session.dequantise(y))
        info = self.model.outputs[0]
        np.testing.assert_array_equal(
            self.session(x), np.float32(info.scale) * (y.astype(np.float32) - info.zero_point))

    def test_real_values_are_quantised(self):
        info = self.model.inputs[0]
        real = samples(1)[0].reshape(info.shape)
        q = np.clip(np.rint(real / np.float32(info.scale)) + info.zero_point, -128, 127)
        np.testing.assert_array_equal(self.session.run(real), self.session.run(q.astype(np.int8)))

    def test_one_picture_needs_no_axis_of_one(self):
        x = picture(self.model)
        np.testing.assert_array_equal(self.session.run(x[0]), self.session.run(x))

    def addresses(self, function, *arguments, **options):
        """The addresses that reach the library's function."""
        real, seen = getattr(_native.lib, function), []

        def spy(handle, views, n_in, spans, n_out, *rest):
            seen.extend(view.data for view in views[:n_in])
            seen.extend(span.data for span in spans[:n_out])
            return real(handle, views, n_in, spans, n_out, *rest)

        with mock.patch.object(_native.lib, function, spy):
            result = getattr(self.session, "run" if function.endswith("run") else "submit")(
                *arguments, **options)
        return result, seen

    def test_arrays_are_used_in_place(self):
        x, y = picture(self.model), np.empty((1, CLASSES), np.int8)
        got, seen = self.addresses("zurt_session_run", x, out=[y])
        self.assertIs(got, y)
        self.assertEqual(seen, [x.ctypes.data, y.ctypes.data])
        request, seen = self.addresses("zurt_session_submit", x, out=y)
        self.assertIs(request.result(), y)
        self.assertEqual(seen, [x.ctypes.data, y.ctypes.data])
        part = np.zeros((3, *x.shape), np.int8)  # a view of a larger array, as of a ring of frames
        part[1] = x
        got, seen = self.addresses("zurt_session_run", part[1])
        self.assertEqual(seen[0], part.ctypes.data + x.nbytes)
        np.testing.assert_array_equal(got, y)

    def test_what_is_not_dense_is_copied(self):
        x = picture(self.model)
        turned = np.ascontiguousarray(x.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
        self.assertFalse(turned.flags.c_contiguous)
        np.testing.assert_array_equal(self.session.run(turned), self.session.run(x))

    def test_what_does_not_fit_is_refused(self):
        x = picture(self.model)
        bad = [
            ((x, x), {}, "1 inputs, 2 were given"),
            ((), {}, "1 inputs, 0 were given"),
            ((x[:, :5],), {}, "(1, 28, 28, 1), the array (1, 5, 28, 1)"),
            ((x.reshape(1, 1, 28, 28),), {}, "numpy.moveaxis"),
            ((x.astype(np.int32),), {}, "takes int8"),
            (({"other": x},), {}, "no input 'other'"),
            ((x,), {"out": np.empty((1, CLASSES), np.float32)}, "numpy array of int8"),
            ((x,), {"out": np.empty((CLASSES, 1), np.int8).T[:, ::2]}, "(1, 10)"),
            ((x,), {"out": []}, "1 outputs, 0 were given"),
        ]
        for inputs, options, text in bad:
            with self.assertRaises(zurt.ArgumentError) as caught:
                self.session.run(*inputs, **options)
            self.assertIn(text, str(caught.exception))
        frozen = np.empty((1, CLASSES), np.int8)
        frozen.flags.writeable = False
        with self.assertRaisesRegex(zurt.ArgumentError, "can be written"):
            self.session.run(x, out=frozen)

    def test_profile_is_a_table(self):
        with self.model.session(profile=True) as session:
            for _ in range(3):
                session.run(picture(self.model))
            rows = session.profile()
            self.assertEqual(len(rows), session.info.n_steps)
            self.assertTrue(all(r.runs == 3 and r.device == "cpu" for r in rows))
            self.assertEqual(sum(r.macs for r in rows), session.info.macs)
            self.assertEqual(len(str(rows).splitlines()), len(rows) + 1)
            session.profile_reset()
            self.assertEqual(session.profile()[0].runs, 0)
        self.assertEqual(self.session.profile(), [])

    def test_plan_names_devices_and_reasons(self):
        plan = self.model.plan("kv260")
        self.assertIn("pl", {n.device for n in plan})
        self.assertTrue(all(n.reason for n in plan))
        self.assertGreater(plan.totals["cycles"], 0)
        self.assertEqual({n.device for n in self.model.plan("cpu")}, {"cpu"})
        with self.assertRaises(zurt.FileError):
            self.model.plan("absent.xclbin")

    def test_the_simulated_engine_gives_the_same_bytes(self):
        try:
            zurt.probe("sim")
        except zurt.DeviceError as e:
            self.skipTest(str(e))
        x = picture(self.model)
        with self.model.session(device="sim") as session:
            self.assertEqual(session.info.device, "sim")
            np.testing.assert_array_equal(session.run(x), self.session.run(x))


class Requests(unittest.TestCase):
    def setUp(self):
        self.model = zurt.Model(mnist_bytes())
        self.addCleanup(self.model.close)

    def test_many_are_in_flight(self):
        xs = [picture(self.model, seed) for seed in range(40)]
        with self.model.session(streams=4) as session:
            expected = [session.run(x) for x in xs]
            flight, got = [], []
            for x in xs:
                if len(flight) == 4:
                    got.append(flight.pop(0).result(timeout=60))
                flight.append(session.submit(x))
            got += [r.result() for r in flight]
        for a, b in zip(got, expected):
            np.testing.assert_array_equal(a, b)

    def test_too_many_are_refused(self):
        with self.model.session(streams=1) as session:
            request = session.submit(picture(self.model))
            with self.assertRaises(zurt.LimitError):
                session.submit(picture(self.model))
            request.result()
            session.submit(picture(self.model)).result()

    def test_a_descriptor_tells_of_answers(self):
        with self.model.session() as session:
            self.assertEqual(select.select([session], [], [], 0)[0], [])
            request = session.submit(picture(self.model))
            self.assertEqual(select.select([session], [], [], 60)[0], [session])
            self.assertTrue(request.done())
            self.assertEqual(select.select([session], [], [], 0)[0], [])

    def test_a_request_is_cancelled_or_done(self):
        with self.model.session(streams=2) as session:
            for _ in range(50):
                request = session.submit(picture(self.model))
                request.cancel()
                error = request.exception()
                self.assertEqual(request.cancelled(), isinstance(error, zurt.CancelledError))
                self.assertTrue(error is None or request.cancelled())
                self.assertFalse(request.cancel())  # it is done

    def test_threads_share_a_session(self):
        xs = [picture(self.model, seed) for seed in range(8)]
        wrong = []

        def use(x, y):
            for i in range(50):
                got = session.submit(x).result() if i % 2 else session.run(x)
                if not np.array_equal(got, y):
                    wrong.append(i)
                with self.assertRaisesRegex(zurt.ArgumentError, "the array"):
                    session.run(x[:, :3])

        with self.model.session(streams=8) as session:
            threads = [threading.Thread(target=use, args=(x, session.run(x))) for x in xs]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        self.assertEqual(wrong, [])

    def test_a_forgotten_request_keeps_its_memory(self):
        with self.model.session(streams=2) as session:
            for seed in range(2):
                session.submit(picture(self.model, seed))
            gc.collect()  # the arrays are the session's meanwhile


class Lifetime(unittest.TestCase):
    def test_what_is_closed_refuses(self):
        model = zurt.Model(mnist_bytes())
        session = model.session()
        x = picture(model)
        session.submit(x)
        model.close()  # waits, and closes the session first
        for call in (lambda: session.run(x), lambda: session.info, model.plan, model.session):
            with self.assertRaisesRegex(zurt.ArgumentError, "is closed"):
                call()
        model.close()
        session.close()

    def test_order_of_going_does_not_matter(self):
        for _ in range(10):
            session = zurt.Model(mnist_bytes()).session()  # which keeps its model
            gc.collect()
            session.run(picture(session._model))
            del session
            gc.collect()

    def test_close_waits_for_other_threads(self):
        model = zurt.Model(mnist_bytes())
        session, x = model.session(streams=4), picture(model)
        started, results = threading.Event(), []

        def use():
            try:
                while True:
                    session.run(x)
                    started.set()
            except zurt.ArgumentError as e:
                results.append(str(e))

        threads = [threading.Thread(target=use) for _ in range(3)]
        for t in threads:
            t.start()
        started.wait()
        session.close()
        for t in threads:
            t.join()
        self.assertEqual(results, ["the session is closed"] * 3)
        model.close()


class Refusals(unittest.TestCase):
    def test_statuses_are_exceptions(self):
        with self.assertRaises(zurt.FileError) as caught:
            zurt.Model("absent.zurt")
        self.assertIsInstance(caught.exception, OSError)
        self.assertEqual(caught.exception.status, zurt.Status.E_IO)
        self.assertIn("absent.zurt", str(caught.exception))
        with self.assertRaises(zurt.FormatError):
            zurt.Model(b"ZURT, but not really" * 20)
        with self.assertRaises(zurt.FormatError):
            zurt.Model(MNIST_ONNX)
        with zurt.Model(mnist_bytes()) as model:
            for options in ({"device": "gpu"}, {"threads": 1000}, {"streams": 1000}):
                with self.assertRaises(zurt.ArgumentError):
                    model.session(**options)
            with self.assertRaises(TypeError):
                model.session(colour="blue")
        with self.assertRaises(ValueError):
            zurt.Model("a\0b")

    def test_a_missing_library_says_what_to_install(self):
        with mock.patch.dict(os.environ, {"ZURT_LIBRARY_PATH": ""}):
            with self.assertRaisesRegex(zurt.Error, "libzurt-none.so.0 is not found: install"):
                _native._open("zurt-none")

    def test_the_log_is_a_function(self):
        lines = []
        with zurt.Model(mnist_bytes(), log=lambda level, line: lines.append(line)) as model:
            with model.session(device="auto", fallback=True) as session:
                session.run(picture(model))
        self.assertTrue(all(isinstance(line, str) for line in lines))
