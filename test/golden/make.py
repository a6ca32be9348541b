"""Golden values: what PyTorch makes of the same weights and inputs, in float64. Run by hand when a case changes:

    python -m venv <folder> && <folder>/bin/pip install torch==2.9.1 torchvision==0.24.1
    <folder>/bin/python test/golden/make.py

It writes the `.safetensors` beside itself, which `test/nn/golden*.test.ts` compares with (all but that of
second_reading.py, which does not share our reading of the papers as the networks here do). Networks come from
bench/peers/networks.py, sizes from cases.json, inputs and weights from a formula that both sides have (values.py, values.ts).
Everything is in PyTorch's layout.
"""

import copy
import json
import pathlib
import sys

import torch
import torch.nn.functional as F
import torchvision.transforms.functional as V
from torch import Tensor, nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "bench" / "peers"))

import methods  # noqa: E402
import networks  # noqa: E402
from values import fill, fill_module, stateless_normal, write_safetensors  # noqa: E402

CASES = json.loads((HERE / "cases.json").read_text())


def leaf(tensor: Tensor) -> Tensor:
    return tensor.clone().requires_grad_()


def probed(y: Tensor, name: str) -> Tensor:
    """A scalar whose gradient by y is random and known to both sides."""
    return (y * fill(f"{name}/probe", list(y.shape))).sum()


def gradients_of(module: nn.Module) -> dict[str, Tensor]:
    return {f"gradient/{name}": p.grad for name, p in module.named_parameters() if p.requires_grad}


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    # The values as they are now: parameters change in place.
    return {f"{prefix}/{name}": tensor.detach().clone() for name, tensor in tensors.items()}


def layer(name: str, inputs: dict[str, list[int]], f, mean: float = 0) -> dict[str, Tensor]:
    """An operation's result, and the gradient of its probe by every input. The mean of x is `mean`, that of others 0."""
    means = {key: mean if key == "x" else 0 for key in inputs}
    leaves = {key: leaf(fill(f"{name}/{key}", shape, 1, means[key])) for key, shape in inputs.items()}
    y = f(**leaves)
    probed(y, name).backward()
    return under(name, {"y": y, **{f"gradient/{key}": value.grad for key, value in leaves.items()}})


def layers() -> dict[str, Tensor]:
    made = {}
    for size, kernel, stride in [(7, 3, 1), (7, 3, 2), (8, 3, 2), (4, 3, 2), (7, 1, 2)]:
        shapes = {"x": [2, 3, size, size], "w": [4, 3, kernel, kernel]}
        made |= layer(f"conv {size} {kernel} {stride}", shapes, lambda x, w: F.conv2d(x, w, None, stride, kernel // 2))
    made |= layer("subsample", {"x": [2, 3, 7, 7]}, lambda x: F.max_pool2d(x, 1, 2))
    made |= layer("downsample", {"x": [2, 3, 6, 6]}, lambda x: F.avg_pool2d(x, 2))
    made |= layer("upsample", {"x": [2, 3, 3, 3]}, lambda x: F.interpolate(x, scale_factor=2, mode="nearest"))
    made |= layer("silu", {"x": [2, 3, 5, 5]}, lambda x: F.silu(x))
    made |= layer("prelu", {"x": [2, 3, 5, 5], "alpha": [3]}, lambda x, alpha: F.prelu(x, alpha))

    def adaptive_group_norm(x, gamma, beta, scale, shift):
        return F.group_norm(x, 4, gamma, beta) * (1 + scale[:, :, None, None]) + shift[:, :, None, None]

    for at, x_mean in {"": 0, " of mean/std 30": CASES["farMean"]}.items():
        shapes = {"x": [2, 8, 5, 5], "gamma": [8], "beta": [8]}
        made |= layer(f"group norm{at}", shapes, lambda x, gamma, beta: F.group_norm(x, 4, gamma, beta), x_mean)
        shapes |= {"scale": [2, 8], "shift": [2, 8]}
        made |= layer(f"adaptive group norm{at}", shapes, adaptive_group_norm, x_mean)

        name = f"batch norm{at}"
        mean, variance = fill(f"{name}/mean", [5], 1, x_mean), fill(f"{name}/variance", [5], 0.5, 1)
        made |= layer(
            name,
            {"x": [3, 5, 4, 4], "gamma": [5], "beta": [5]},
            lambda x, gamma, beta: F.batch_norm(x, mean, variance, gamma, beta, training=True),
            x_mean,
        )
        made |= under(name, {"running mean": mean, "running variance": variance})

    blocks = fill_module(nn.ModuleDict({"attention": networks.AttentionBlock(8, 4, 5, 2, own_projection=True)}))
    shapes = {"x": [2, 8, 3, 3], "tokens": [2, 2, 5]}
    made |= layer("attention", shapes, lambda x, tokens: blocks["attention"](x, None, tokens))
    return made | under("attention", gradients_of(blocks))


def recognizers() -> dict[str, Tensor]:
    made = {}
    for variant in ("ir", "ir_se", "iresnet"):
        model = fill_module(networks.recognizer({**CASES["recognizer"], "variant": variant}))
        for mode in ("inference", "training"):
            model.train(mode == "training")
            model.zero_grad()
            x = leaf(fill("images", [6, 3, 14, 14]))
            features = model(x)
            probed(features, "features").backward()
            made |= under(f"{variant}/{mode}", {"features": features, "gradient/x": x.grad})
        made |= under(f"{variant}/training", gradients_of(model))
        running = {f"running/{name}": buffer for name, buffer in model.named_buffers() if "running" in name}
        made |= under(f"{variant}/training", running)
    return made


def unets() -> dict[str, Tensor]:
    made = {}
    for name in ("unet", "patchUnet"):
        config = CASES[name]
        model = fill_module(networks.UNet(config))
        x = leaf(fill("images", [3, 3, config["imageSize"], config["imageSize"]]))
        identity, m = leaf(identities()), leaf(torch.tensor(CASES["m"]))
        y = model(x, torch.tensor(CASES["time"], dtype=torch.float64), model.condition_tokens(identity, m))
        probed(y, "noise").backward()
        inputs = {"gradient/x": x.grad, "gradient/identity": identity.grad, "gradient/m": m.grad}
        made |= under(name, {"y": y, **inputs, **gradients_of(model)})
    return made


def identities() -> Tensor:
    return F.normalize(fill("identity", [3, 6])).float().double()


def head_of(loss: str, embedding: int, prefix: str) -> methods.MarginHead:
    options = {key: value for key, value in CASES["heads"][loss].items() if key != "loss"}
    head = methods.MarginHead(loss, embedding, CASES["classes"], **options)
    head.kernel.data.copy_(fill(f"{prefix}head.kernel", [embedding, CASES["classes"]]))
    return head


def heads() -> dict[str, Tensor]:
    made = {}
    labels = torch.tensor(CASES["labels"])
    for loss in CASES["heads"]:
        head = head_of(loss, 8, "")
        for step in range(3):
            head.zero_grad()
            features = leaf(fill(f"features {step}", [6, 8], 20 * (step + 1)))
            logits = head(features, labels)
            value = F.cross_entropy(logits, labels)
            value.backward()
            results = {"logits": logits, "loss": value}
            if step == 0 or loss == "adaface":
                results |= {"gradient/features": features.grad, "gradient/kernel": head.kernel.grad}
            if loss == "adaface":
                results |= {"batch_mean": head.batch_mean, "batch_std": head.batch_std}
            made |= under(f"{loss}/{step}", results)
    return made


def mixups() -> dict[str, Tensor]:
    """SynFace's step on images of three classes each, as its code has it (lib/core/functions.py): logits are blended by the
    shares, and so are the cross-entropies of the blended logits."""
    made = {}
    case = CASES["mixups"]
    targets, shares = torch.tensor(case["targets"]), torch.tensor(case["shares"])
    for loss in CASES["heads"]:
        head = head_of(loss, 8, "")
        features = leaf(fill("features 0", [6, 8], 20))
        logits = sum(shares[:, k : k + 1] * copy.deepcopy(head)(features, targets[:, k]) for k in range(3))
        each = [shares[:, k] * F.cross_entropy(logits, targets[:, k], reduction="none") for k in range(3)]
        value = sum(each).mean()
        value.backward()
        made |= under(loss, {"logits": logits, "loss": value, "gradient/features": features.grad})
    return made


def schedules() -> dict[str, Tensor]:
    """Clipping of gradients, and the rates of ReduceLROnPlateau, of PyTorch itself."""
    made = {}
    case = CASES["schedules"]
    for limit in case["limits"]:
        parameters = [torch.nn.Parameter(torch.zeros(3, 4)), torch.nn.Parameter(torch.zeros(5))]
        for i, parameter in enumerate(parameters):
            parameter.grad = fill(f"clipped {i}", list(parameter.shape), 3)
        torch.nn.utils.clip_grad_norm_(parameters, limit)
        made |= under(f"clip/{limit}", {str(i): p.grad for i, p in enumerate(parameters)})
    for i, (patience, factor) in enumerate(case["plateaus"]):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", factor=factor, patience=patience)
        rates = []
        for value in case["values"]:
            scheduler.step(value)
            rates.append(optimizer.param_groups[0]["lr"])
        made[f"plateau/{i}"] = torch.tensor(rates)
    return made


def edges() -> dict[str, Tensor]:
    """The heads where cosines, angles and norms reach their limits: features along or against their classes."""
    made = {}
    case = CASES["edges"]
    labels = torch.tensor(case["class"])
    along, noise, norm = (torch.tensor(case[key])[:, None] for key in ("along", "noise", "norm"))
    for loss in CASES["heads"]:
        head = head_of(loss, 8, "")
        if loss == "adaface":
            head.batch_mean.fill_(case["batchMean"])
            head.batch_std.fill_(case["batchStd"])
        raw = F.normalize(head.kernel.detach()[:, labels].T) * along + noise * fill("edges", [6, 8])
        features = leaf((F.normalize(raw) * norm).float().double())
        logits = head(features, labels)
        # The sum of the own logits, since softmax has no gradient to speak of where a feature lies on its class.
        logits.gather(1, labels[:, None]).sum().backward()
        results = {"features": features, "logits": logits, "gradient/kernel": head.kernel.grad}
        # Short features have large gradients: each row is divided by its length to be of one size.
        results |= {"gradient/features": features.grad * norm}
        made |= under(loss, results)
    return made


def augmentation() -> dict[str, Tensor]:
    """torchvision's functional transforms with given draws, on an image in [0, 1], as Tensor float64."""
    case = CASES["augmentation"]
    size = case["size"]
    pixels = ((fill("pixels", [3, size, size]) + 1) * 127.6).floor()
    pixels[:, :, 0] = pixels[:1, :, 0]  # a grey column
    pixels[:, 0, 8:] = torch.tensor([[255.0], [0], [255]])
    made = {"pixels": pixels}
    adjust = {name: getattr(V, f"adjust_{name}") for name in ("brightness", "contrast", "saturation", "hue")}
    for number, draw in enumerate(case["draws"]):
        for name, f in adjust.items():
            made[f"{number}/{name}"] = f(pixels / 255, draw[name]) * 255
        image = V.resized_crop(pixels / 255, *draw["crop"], [size, size], antialias=True)
        made[f"{number}/crop"] = image * 255
        if draw["mirrored"]:
            image = V.hflip(image)
        for name in draw["order"]:
            image = adjust[name](image, draw[name])
        made[str(number)] = V.erase(V.normalize(image, [0.5] * 3, [0.5] * 3), *draw["erase"], torch.zeros(()))
    return made


def frozen_recognizer() -> nn.Module:
    config = {**CASES["smallRecognizer"], "variant": "ir"}
    return fill_module(networks.recognizer(config), "frozen.").eval().requires_grad_(False)


def diffusion_batch(noise: Tensor) -> dict[str, Tensor]:
    return {
        "images": fill("images", [3, 3, 14, 14]),
        "noise": noise,
        "identity": identities(),
        "time": torch.tensor(CASES["time"], dtype=torch.float64),
        "alpha_bar": torch.tensor(CASES["alphaBar"]).float().double(),
        "m": torch.tensor(CASES["m"]).float().double(),
    }


def losses() -> dict[str, Tensor]:
    made = {}
    for prediction in ("epsilon", "velocity"):
        model = fill_module(networks.UNet({**CASES["unet"], "prediction": prediction}))
        batch = diffusion_batch(fill("noise", [3, 3, 14, 14]))
        parts = methods.diffusion_loss(model, frozen_recognizer(), batch, CASES["lambda"])
        parts["loss"].backward()
        made |= under(prediction, {**parts, **gradients_of(model)})
    return made


def ddim() -> dict[str, Tensor]:
    made = {}
    for prediction in ("epsilon", "velocity"):
        model = fill_module(networks.UNet({**CASES["unet"], "prediction": prediction}))
        tokens = model.condition_tokens(identities(), torch.tensor(CASES["m"]).float().double())
        x = fill("noise", [3, 3, 14, 14], 2)
        for number, at in enumerate(CASES["ddim"], 1):
            bars = torch.tensor([at["alphaBar"], at["nextAlphaBar"]], dtype=torch.float32).tolist()
            x = methods.ddim_step(model, x, tokens, at["time"], *bars)
            made[f"{prediction}/{number}"] = x
    return {name: value for name, value in made.items() if name[-1] in "14"}


def optimizers() -> dict[str, Tensor]:
    made = {}
    adam, sgd = CASES["adamW"], CASES["sgd"]
    kinds = {
        "adamw": lambda p: torch.optim.AdamW(
            p, lr=0.01, betas=(adam["beta1"], adam["beta2"]), eps=adam["eps"], weight_decay=adam["weightDecay"]
        ),
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=sgd["momentum"], weight_decay=sgd["weightDecay"]),
    }
    for name, make in kinds.items():
        p = leaf(fill("p", [40]))
        average = p.detach().clone()
        optimizer = make([p])
        for step in range(3):
            p.grad = fill(f"gradient {step}", [40], 0.1)
            optimizer.step()
            methods.ema_update([average], [p.detach()], methods.ema_decay(step))
            made |= under(f"{name}/{step + 1}", {"p": p, "average": average})
    return made


def recognizer_steps() -> dict[str, Tensor]:
    """Three steps of SGD with each head; everything but batch norms decays, as in AdaFace, or all in one group."""
    made = {}
    labels = torch.tensor(CASES["labels"])
    for name, case in CASES["recognizerSteps"].items():
        loss = case.get("loss", name)
        model = fill_module(networks.recognizer({**CASES["smallRecognizer"], "variant": case["variant"]}))
        head = head_of(loss, 6, "")
        norms = {p for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) for p in m.parameters()}
        options = {"lr": 0.001, "momentum": 0.9, "weight_decay": case["weightDecay"]}
        if case.get("decayNorms"):
            optimizer = torch.optim.SGD([*model.parameters(), head.kernel], **options)
        else:
            decayed = [p for p in model.parameters() if p not in norms] + [head.kernel]
            spared = {"params": [p for p in norms if p.requires_grad], "weight_decay": 0}
            optimizer = torch.optim.SGD([{"params": decayed}, spared], **options)
        for step in range(3):
            features = model(fill(f"images {step}", [6, 3, 14, 14]))
            value = F.cross_entropy(head(features, labels), labels)
            cosine = F.normalize(features) @ F.normalize(head.kernel, dim=0)
            accuracy = (cosine.argmax(1) == labels).double().mean()
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            made |= under(f"{name}/{step + 1}", {"loss": value, "accuracy": accuracy})
        state = {**model.state_dict(), **{f"head.{name}": value for name, value in head.state_dict().items()}}
        made |= under(name, {key: value for key, value in state.items() if "num_batches" not in key})
    return made


def diffusion_steps() -> dict[str, Tensor]:
    """Three steps of AdamW with the noise that TensorFlow draws from the seeds, and the average of the weights."""
    model = fill_module(networks.UNet(CASES["unet"]))
    frozen = frozen_recognizer()
    options = CASES["stepAdamW"]
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=0.05,
        betas=(options["beta1"], options["beta2"]),
        eps=options["eps"],
        weight_decay=options["weightDecay"],
    )
    parameters = [p.detach() for p in model.parameters()]
    average = [p.clone() for p in parameters]
    made = {"noise": stateless_normal([3, 14, 14, 3], [11, 1])}
    for step in range(3):
        noise = stateless_normal([3, 14, 14, 3], [11, step + 1]).permute(0, 3, 1, 2)
        parts = methods.diffusion_loss(model, frozen, diffusion_batch(noise), CASES["lambda"])
        optimizer.zero_grad()
        parts["loss"].backward()
        optimizer.step()
        methods.ema_update(average, parameters, methods.ema_decay(step))
        made |= under(f"{step + 1}", parts)
        if step == 0:
            made |= under("1/w", dict(model.named_parameters()))
    made |= under("3/w", dict(model.named_parameters()))
    return made | under("3/ema", {name: value for (name, _), value in zip(model.named_parameters(), average)})


def first_values() -> dict[str, Tensor]:
    """Mean, standard deviation and largest magnitude of every parameter as a new network has it."""
    made = {}
    torch.manual_seed(0)
    wide = CASES["wide"]
    for name, variant in {"ir": "ir", "ir_se": "ir_se", "iresnet": "iresnet", "unet": None}.items():
        model = networks.recognizer({**wide["recognizer"], "variant": variant}) if variant else networks.UNet(wide["unet"])
        for key, p in model.named_parameters():
            made[f"{name}/{key}"] = torch.stack([p.mean(), p.std(correction=0), p.abs().max()])
    return made


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    cases = (
        layers, recognizers, unets, heads, mixups, schedules, edges, augmentation, losses, ddim, optimizers, recognizer_steps,
        diffusion_steps, first_values,
    )
    for make in cases:
        path = HERE / f"{make.__name__.replace('_', '-')}.safetensors"
        write_safetensors(str(path), make())
        print(f"{path.name}: {path.stat().st_size:,} bytes")
