# SPDX-License-Identifier: Apache-2.0
"""Boxes from the outputs of the detectors of $ZURT_DATA/onnx, and how many of them another network
keeps. Coordinates are pixels of the network's input; arrays are numpy's."""
import numpy as np

SCORE, KEPT_SCORE, NMS_IOU = 0.5, 0.4, 0.45
STRIDES = (8, 16, 32)


def cells(width, height):
    """The (x, y) of every cell, row by row."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y], -1).reshape(-1, 2).astype(np.float32)


def around(centre, size):
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def yolox(out):
    rows = out[0].reshape(-1, 85)
    grid = np.concatenate([cells(416 // s, 416 // s) for s in STRIDES])
    stride = np.concatenate([np.full(((416 // s) ** 2, 1), s, np.float32) for s in STRIDES])
    size = np.exp(np.clip(rows[:, 2:4], -20, 20)) * stride
    return around((rows[:, :2] + grid) * stride, size), rows[:, 4:5] * rows[:, 5:]


def nanodet(out):
    boxes, scores = [], []
    for k, s in enumerate(STRIDES):
        # distance to each side: the mean of a distribution over eight steps
        side = softmax(out[3 + k].reshape(-1, 4, 8)) @ np.arange(8, dtype=np.float32) * s
        centre = (cells(320 // s, 320 // s) + 0.5) * s
        boxes.append(np.concatenate([centre - side[:, :2], centre + side[:, 2:]], 1))
        scores.append(out[k].reshape(-1, 80))
    return np.concatenate(boxes), np.concatenate(scores)


def fastestdet(out):
    rows = out[0].reshape(85, -1).T
    centre = (np.tanh(rows[:, 1:3]) + cells(22, 22)) / 22
    size = 1 / (1 + np.exp(-rows[:, 3:5]))
    return around(centre, size) * 352, np.maximum(rows[:, :1], 0) ** 0.6 * rows[:, 5:] ** 0.4


def yunet(out):
    boxes, scores = [], []
    for k, s in enumerate(STRIDES):
        box = out[6 + k].reshape(-1, 4)
        boxes.append(around((cells(320 // s, 320 // s) + box[:, :2]) * s, np.exp(box[:, 2:]) * s))
        scores.append(np.sqrt(np.clip(out[k].ravel(), 0, 1) * np.clip(out[3 + k].ravel(), 0, 1)))
    return np.concatenate(boxes), np.concatenate(scores)[:, None]


def ultraface(out):
    priors = []
    for (w, h), s, sizes in (((40, 30), 8, (10, 16, 24)), ((20, 15), 16, (32, 48)),
                             ((10, 8), 32, (64, 96)), ((5, 4), 64, (128, 192, 256))):
        for x, y in (cells(w, h) + 0.5) * s:
            priors += [[x / 320, y / 240, m / 320, m / 240] for m in sizes]
    prior = np.array(priors, np.float32)
    box = out[1].reshape(-1, 4)
    centre = box[:, :2] * 0.1 * prior[:, 2:] + prior[:, :2]
    boxes = around(centre, np.exp(box[:, 2:] * 0.2) * prior[:, 2:])
    return boxes * np.array([320, 240, 320, 240]), out[0].reshape(-1, 2)[:, 1:]


DECODERS = {"yolox_nano_416": yolox, "nanodet_320": nanodet, "fastestdet_352": fastestdet,
            "yunet_n_320": yunet, "ultraface_rfb_320": ultraface}


def iou(a, b):
    """Of each box of a with each of b."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), -1)
    areas = [np.prod(x[:, 2:] - x[:, :2], -1) for x in (a, b)]
    return common / (areas[0][:, None] + areas[1][None] - common + 1e-9)


def detections(name, out):
    """Boxes, scores and classes of one picture above KEPT_SCORE, after non-maximum suppression."""
    boxes, scores = DECODERS[name](out)
    classes, best = scores.argmax(1), scores.max(1)
    order = [i for i in np.argsort(-best, kind="stable") if best[i] >= KEPT_SCORE]
    kept = []
    for i in order:
        same = [k for k in kept if classes[k] == classes[i]]
        if not same or iou(boxes[[i]], boxes[same]).max() <= NMS_IOU:
            kept.append(i)
    return boxes[kept], best[kept], classes[kept]


def kept_boxes(name, real, int8):
    """(float's boxes, those that int8 keeps at IoU 0.8, at 0.9); a list of outputs a picture."""
    counts = np.zeros(3, int)
    for one, other in zip(real, int8):
        boxes, scores, classes = detections(name, one)
        found, _, found_classes = detections(name, other)
        overlap = iou(boxes, found) * (classes[:, None] == found_classes[None])
        best = overlap.max(1, initial=0)[scores >= SCORE]
        counts += [len(best), (best >= 0.8).sum(), (best >= 0.9).sum()]
    return tuple(int(n) for n in counts)
