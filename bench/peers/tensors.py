"""PyTorch's side of the tensor benchmarks: eager, channels_last, fp32, as its users write it.

One argument: the task as JSON (see `bench/tensors/task.ts`). Protocol: lines of JSON, as `bench/process.ts` says.
"""

import json
import sys
import time

import torch
from torch import Tensor, nn

from methods import MarginHead, alpha_bars, ddim_sample, diffusion_loss, ema_decay, ema_update
from networks import UNet, recognizer


def channels_last(x):
    return x.to(memory_format=torch.channels_last)


def images(batch: int, size: int) -> Tensor:
    return channels_last(torch.rand(batch, 3, size, size) * 2 - 1)


def unit_rows(batch: int, size: int) -> Tensor:
    return nn.functional.normalize(torch.randn(batch, size))


def frozen(config: dict) -> nn.Module:
    return channels_last(recognizer(config)).eval().requires_grad_(False)


def diffusion_train(task: dict):
    network, batch = task["network"], task["batch"]
    size = network["imageSize"]
    unet = channels_last(UNet(network)).train()
    teacher = frozen(task["recognizer"])
    parameters = list(unet.parameters())
    average = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=True)
    bars = alpha_bars().float()
    x, identity = images(batch, size), unit_rows(batch, network["identitySize"])
    count = 0

    def step():
        nonlocal count
        at = torch.randint(0, 1000, (batch,))
        given = {
            "images": x,
            "noise": torch.randn_like(x),
            "identity": identity,
            "m": torch.randint(-50, 51, (batch,)) / 50,
            "time": at.float(),
            "alpha_bar": bars[at],
        }
        loss = diffusion_loss(unet, teacher, given, weight=0.05)["loss"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        ema_update(average, parameters, ema_decay(count))
        count += 1
        return loss.item()

    return step, {"parameters": sum(p.numel() for p in parameters)}


def recognizer_train(task: dict):
    config, batch, classes = task["recognizer"], task["batch"], task["classes"]
    backbone = channels_last(recognizer(config)).train()
    head = MarginHead("cosface", config["embedding"], classes, m=0.4)
    norms = [p for module in backbone.modules() if isinstance(module, nn.BatchNorm2d) for p in module.parameters()]
    spared = {id(parameter) for parameter in norms}
    decayed = [p for p in [*backbone.parameters(), *head.parameters()] if id(p) not in spared]
    groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": norms}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    x = images(batch, config["imageSize"])
    labels = torch.randint(0, classes, (batch,))

    def step():
        loss = nn.functional.cross_entropy(head(backbone(x), labels), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, {"parameters": sum(p.numel() for p in backbone.parameters())}


def diffusion_sample(task: dict):
    network, batch = task["network"], task["batch"]
    unet = channels_last(UNet(network)).eval()
    identity, m = unit_rows(batch, network["identitySize"]), torch.zeros(batch)

    def sample():
        noise = channels_last(torch.randn(batch, 3, network["imageSize"], network["imageSize"]))
        return ddim_sample(unet, noise, identity, m, task["steps"]).mean().item()

    return sample, {"parameters": sum(p.numel() for p in unet.parameters())}


def embed(task: dict):
    model, size = frozen(task["recognizer"]), task["recognizer"]["imageSize"]
    x = images(task["images"], size)

    @torch.inference_mode()
    def run():
        rows = []
        for part in x.split(task["batch"]):
            rows.append(nn.functional.normalize(model(part) + model(part.flip(3))))
        return torch.cat(rows).mean().item()

    return run, {"parameters": sum(p.numel() for p in model.parameters())}


def main() -> None:
    task = json.loads(sys.argv[1])
    torch.manual_seed(1)
    torch.set_num_threads(task["threads"])
    tasks = {
        "diffusion/train": diffusion_train,
        "diffusion/sample": diffusion_sample,
        "recognizer/train": recognizer_train,
        "recognizer/embed": embed,
    }
    run, facts = tasks[task["task"]](task)
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), **facts}), flush=True)
    for _ in sys.stdin:
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(task.get("times", 1)):
            value = run()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "value": value}), flush=True)


main()
