"""Reads a folder of event files with TensorBoard, which checks the checksums of all records.

event_files.py FOLDER -> JSON: {"scalars": {tag: [[wall time, step, value], ...]}, "images": {tag: [[wall time, step, height, width, base64], ...]}}
"""
import base64, json, sys
from tensorboard.backend.event_processing import event_accumulator

# 0: all of them, where TensorBoard shows a random part.
sizes = {event_accumulator.SCALARS: 0, event_accumulator.IMAGES: 0}
events = event_accumulator.EventAccumulator(sys.argv[1], sizes).Reload()
tags = events.Tags()
json.dump({
    'scalars': {tag: [[e.wall_time, e.step, e.value] for e in events.Scalars(tag)] for tag in tags['scalars']},
    'images': {tag: [[e.wall_time, e.step, e.height, e.width, base64.b64encode(e.encoded_image_string).decode()]
                     for e in events.Images(tag)] for tag in tags['images']},
}, sys.stdout)
