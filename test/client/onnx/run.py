"""Checks ONNX files and runs them: python run.py FILE IMAGES

IMAGES holds float32 [N, 3, S, S] as they lie in memory. Prints JSON: what the file says of itself, and its output for all images at
once and for the first one alone.
"""

import json
import sys

import numpy
import onnx
import onnxruntime

path, images = sys.argv[1:]
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
(given,), (made,) = session.get_inputs(), session.get_outputs()
x = numpy.fromfile(images, "<f4").reshape(-1, *given.shape[1:])
print(
    json.dumps(
        {
            "input": [given.name, given.shape],
            "output": [made.name, made.shape],
            "metadata": session.get_modelmeta().custom_metadata_map,
            "all": session.run(None, {given.name: x})[0].tolist(),
            "first": session.run(None, {given.name: x[:1]})[0].tolist(),
        }
    )
)
