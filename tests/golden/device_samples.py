#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real samples in files that zurt reads.

device_samples.py pixels H W C FROM.bin TO.npy      bytes of pictures, one after another
device_samples.py pillars KITTI.bin... TO.f32       lidar scans for the pillar net, one after another
"""
import array
import math
import sys

# The grid of PointPillars on KITTI, in metres.
PILLARS, POINTS, SIDE = 12000, 100, 0.16
X_LO, X_HI, Y_LO, Y_HI = 0.0, 69.12, -39.68, 39.68


def write_pixels(height, width, channels, source, target):
    with open(source, "rb") as file:
        pixels = file.read()
    count, rest = divmod(len(pixels), height * width * channels)
    if rest or not count:
        raise SystemExit(f"{source}: {len(pixels)} bytes are no pictures of that size")
    head = (f"{{'descr': '|u1', 'fortran_order': False, "
            f"'shape': ({count}, {height}, {width}, {channels}), }}")
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(target, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + pixels)


def group(points):
    """Points by the column of the grid that they stand in, in the order of the scan."""
    columns = {}
    for at in range(0, len(points), 4):
        x, y = points[at], points[at + 1]
        if X_LO <= x < X_HI and Y_LO <= y < Y_HI:
            cell = (math.floor((x - X_LO) / SIDE), math.floor((y - Y_LO) / SIDE))
            members = columns.setdefault(cell, [])
            if len(members) < POINTS:
                members.append(at)
    return list(columns.items())[:PILLARS]


def pillars(path):
    """The net's eight inputs: x, y, z, intensity, points a pillar, its centre twice, mask."""
    points = array.array("f")
    with open(path, "rb") as file:
        points.frombytes(file.read())
    whole = [array.array("f", bytes(4 * PILLARS * POINTS)) for _ in range(7)]
    fill = array.array("f", [1.0] * PILLARS)  # a divisor, also of a pillar without points
    for pillar, ((column, row), members) in enumerate(group(points)):
        fill[pillar] = len(members)
        centre = (X_LO + (column + 0.5) * SIDE, Y_LO + (row + 0.5) * SIDE)
        for slot in range(POINTS):
            at = pillar * POINTS + slot
            whole[4][at], whole[5][at] = centre
            if slot < len(members):
                whole[6][at] = 1.0
                for axis in range(4):
                    whole[axis][at] = points[members[slot] + axis]
    return whole[:4] + [fill] + whole[4:]


def main(kind, *arguments):
    if kind == "pixels":
        write_pixels(*map(int, arguments[:3]), *arguments[3:])
        return
    with open(arguments[-1], "wb") as file:
        for path in arguments[:-1]:
            for tensor in pillars(path):
                tensor.tofile(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
