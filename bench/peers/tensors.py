"""PyTorch's side of the tensor benchmarks, channels_last, as its users write it.

One argument: the task as JSON (see `bench/tensors/task.ts`), with `precision` (`bfloat16` is autocast) and `mode` (`eager`, or
`compile` for `torch.compile`). Protocol: lines of JSON, as `bench/process.ts` says.
"""

import json
import sys
import time

import torch
from torch import Tensor, nn

from fast import Fast, reset_peak_memory
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


def stirred_unet(network: dict) -> UNet:
    """With small values where weights begin as zeros: the output depends on every block, so `Fast.check` sees them all."""
    unet = UNet(network)
    for parameter in unet.parameters():
        if parameter.dim() > 1 and not parameter.any():
            nn.init.normal_(parameter, 0, 0.02)
    return channels_last(unet)


def diffusion_train(task: dict, fast: Fast):
    network, batch = task["network"], task["batch"]
    unet = stirred_unet(network).train()
    teacher = frozen(task["recognizer"])
    parameters = list(unet.parameters())
    average = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=True)
    bars = alpha_bars().float()
    x, identity = images(batch, network["imageSize"]), unit_rows(batch, network["identitySize"])
    count = 0

    def draw() -> dict:
        at = torch.randint(0, 1000, (batch,))
        return {
            "images": x,
            "noise": torch.randn_like(x),
            "identity": identity,
            "m": torch.randint(-50, 51, (batch,)) / 50,
            "time": at.float(),
            "alpha_bar": bars[at],
        }

    loss_of = fast.wrap(lambda given: diffusion_loss(unet, teacher, given, weight=0.05)["loss"])

    def step():
        nonlocal count
        loss = loss_of(draw())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        ema_update(average, parameters, ema_decay(count))
        count += 1
        return loss.item()

    fast.check(loss_of, draw())
    return step, {"parameters": sum(p.numel() for p in parameters)}


def recognizer_train(task: dict, fast: Fast):
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
    loss_of = fast.wrap(lambda x, labels: nn.functional.cross_entropy(head(backbone(x), labels), labels))

    def step():
        loss = loss_of(x, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    fast.check(loss_of, x, labels)
    return step, {"parameters": sum(p.numel() for p in backbone.parameters())}


def diffusion_sample(task: dict, fast: Fast):
    network, batch = task["network"], task["batch"]
    unet = stirred_unet(network).eval()
    identity, m = unit_rows(batch, network["identitySize"]), torch.zeros(batch)
    predict = fast.wrap(lambda x, time, tokens: unet(x, time, tokens), inference=True)

    def draw() -> Tensor:
        return channels_last(torch.randn(batch, 3, network["imageSize"], network["imageSize"]))

    def sample():
        return ddim_sample(unet, draw(), identity, m, task["steps"], predict=predict).mean().item()

    with torch.no_grad():
        fast.check(predict, draw(), torch.full((batch,), 500.0), unet.condition_tokens(identity, m))
    return sample, {"parameters": sum(p.numel() for p in unet.parameters())}


def embed(task: dict, fast: Fast):
    model, size, batch = frozen(task["recognizer"]), task["recognizer"]["imageSize"], task["batch"]
    x = images(task["images"], size)
    rows_of = fast.wrap(
        lambda part: nn.functional.normalize((model(part) + model(part.flip(3))).float()), inference=True
    )

    @torch.no_grad()
    def run():
        return torch.cat([rows_of(part) for part in x.split(batch)]).mean().item()

    with torch.no_grad():
        fast.check(rows_of, x[:batch])
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
    fast = Fast(task["precision"], task["mode"])
    run, facts = tasks[task["task"]](task, fast)
    reset_peak_memory()
    facts = {"torch": torch.__version__, "threads": torch.get_num_threads(), **facts, **fast.facts()}
    print(json.dumps(facts), flush=True)
    for _ in sys.stdin:
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(task.get("times", 1)):
            value = run()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "value": value}), flush=True)


main()
