"""Reads a pack with MXNet's recordio, as arcface_torch's MXFaceDataset does.

recordio.py FOLDER -> JSON: {"images": [[label, base64], ...], "ranges": [[start, end], ...]}
Run by hand: it needs mxnet 1.9.1 with numpy under 1.24, which current Pythons do not install. The tests compare with files that MXNet wrote.
"""
import base64, json, os, sys
import mxnet.recordio as mx

folder = sys.argv[1]
reader = mx.MXIndexedRecordIO(os.path.join(folder, 'train.idx'), os.path.join(folder, 'train.rec'), 'r')
header, _ = mx.unpack(reader.read_idx(0))
assert header.flag == 2
first, end = (int(label) for label in header.label)
images = []
for key in range(1, first):
    header, image = mx.unpack(reader.read_idx(key))
    assert header.id == key
    images.append([int(header.label), base64.b64encode(image).decode()])
ranges = [[int(label) for label in mx.unpack(reader.read_idx(key))[0].label] for key in range(first, end)]
assert sorted(reader.keys) == list(range(end))
json.dump({'images': images, 'ranges': ranges}, sys.stdout)
