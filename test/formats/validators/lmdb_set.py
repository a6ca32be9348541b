"""Reads a set with Python's lmdb and msgpack, as the training code of Vec2Face's authors does.

lmdb_set.py PATH -> JSON: {"length": n, "classes": n, "images": [[label, base64], ...], "stat": {...}}
"""
import base64, json, os, sys
import lmdb, msgpack

path = sys.argv[1]
env = lmdb.open(path, subdir=os.path.isdir(path), readonly=True, lock=False, readahead=False, meminit=False)
with env.begin(write=False) as txn:
    length, keys, classes = (msgpack.loads(txn.get(name)) for name in (b'__len__', b'__keys__', b'__classnum__'))
    images = []
    for key in keys:
        image, label = msgpack.loads(txn.get(key))
        images.append([label, base64.b64encode(image).decode()])
    # In the order of the tree too: each entry once, sorted.
    walked = [key for key, _ in txn.cursor()]
    assert walked == sorted(walked) and len(walked) == length + 3
json.dump({'length': length, 'classes': classes, 'images': images, 'stat': env.stat()}, sys.stdout)
