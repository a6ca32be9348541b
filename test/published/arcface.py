"""Takes one training step on an exported pack with arcface_torch's own code: python arcface.py CHECKOUT PACK

CHECKOUT is insightface/recognition/arcface_torch, PACK what "cemiflow export RUN:NODE PACK --format recordio" wrote. Runs on the CPU:
their MXFaceDataset, IResNet-50 and CombinedMarginLoss; their loader and PartialFC need CUDA, so a plain classifier with the same loss
takes the place of the latter. Needs mxnet 1.9.1, numpy below 1.24, torch, torchvision and timm. Prints JSON: the pack's size, how many images
each label has, and the loss before and after the step.
"""

import json
import pathlib
import sys

checkout, pack = sys.argv[1:]
sys.path.insert(0, checkout)

import torch  # noqa: E402
from backbones import get_model  # noqa: E402
from dataset import MXFaceDataset  # noqa: E402
from losses import CombinedMarginLoss  # noqa: E402
from torch.nn.functional import cross_entropy, linear, normalize  # noqa: E402

torch.manual_seed(1)
classes, height, width = map(int, (pathlib.Path(pack) / "property").read_text().split(","))
data = MXFaceDataset(root_dir=pack, local_rank=0)
samples = [data[i] for i in range(len(data))]
images = torch.stack([image for image, _ in samples])
labels = torch.stack([label for _, label in samples])
assert images.shape == (len(data), 3, height, width) and -1 <= images.min() and images.max() <= 1
assert sorted(set(labels.tolist())) == list(range(classes))

backbone = get_model("r50", dropout=0.0, fp16=False, num_features=512).train()
weight = torch.nn.Parameter(torch.normal(0, 0.01, (classes, 512)))
margin = CombinedMarginLoss(64, 1.0, 0.5, 0.0)
step = torch.optim.SGD([*backbone.parameters(), weight], lr=0.01, momentum=0.9)
losses = []
for _ in range(2):
    cosines = linear(normalize(backbone(images)), normalize(weight)).clamp(-1, 1)
    loss = cross_entropy(margin(cosines, labels), labels)
    losses.append(loss.item())
    step.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(backbone.parameters(), 5)
    step.step()
print(
    json.dumps(
        {
            "images": len(data),
            "classes": classes,
            "labels": torch.bincount(labels).tolist(),
            "losses": losses,
        }
    )
)
