"""The networks in plain PyTorch, as its users write them: the peers of the benchmarks, and the source of golden values.

Parameter names and shapes are those of the files that cemiflow writes: AdaFace's for IR and IR-SE, InsightFace's for
IResNet, guided-diffusion's for the UNet, DCFace's for the projection that attention blocks share (1x1 convolutions over tokens are
linear layers here). Every `config` is the
dict of the TypeScript interface of the same network (`RecognizerConfig`, `UNetConfig`), as JSON gives it.

Images are float32 [B, 3, S, S] in [-1, 1]. Convert a model and its images with `.to(memory_format=torch.channels_last)`
where speed matters on a CPU.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PAPER = {
    "stemWidth": 64,
    "stemStride": 1,
    "widths": [64, 128, 256, 512],
    "strides": [2, 2, 2, 2],
    "embedding": 512,
    "imageSize": 112,
    "dropout": 0.4,
}
DEPTHS = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 14, 3], 100: [3, 13, 30, 3]}

RECOGNIZERS = {
    **{f"ir_{depth}": {**PAPER, "variant": "ir", "depths": DEPTHS[depth]} for depth in DEPTHS},
    **{f"ir_se_{depth}": {**PAPER, "variant": "ir_se", "depths": DEPTHS[depth]} for depth in (50, 100)},
    **{f"iresnet_{depth}": {**PAPER, "variant": "iresnet", "depths": DEPTHS[depth], "dropout": 0} for depth in DEPTHS},
}

# CemiFace's generator at 112 px.
PAPER_UNET = {
    "imageSize": 112,
    "patch": 1,
    "base": 128,
    "multipliers": [1, 1, 2, 2, 4, 4],
    "blocks": 1,
    "attention": [4],
    "headChannels": 64,
    "groups": 32,
    "identitySize": 512,
    "conditionSize": 512,
    "conditionProjection": "shared",
    "identityScale": 1,
    "conditionTokens": 1,
    "prediction": "epsilon",
}


def recognizer(config: dict) -> nn.Module:
    """The network of a recognizer's configuration: images to features [B, D], not normalised."""
    return IResNet(config) if config["variant"] == "iresnet" else AdaFaceBackbone(config)


def units(config: dict) -> list[list[tuple[int, int, int]]]:
    """(channels in, channels out, stride) of every unit, stage by stage."""
    stages, channels = [], config["stemWidth"]
    for width, depth, stride in zip(config["widths"], config["depths"], config["strides"]):
        stages.append([(channels if i == 0 else width, width, stride if i == 0 else 1) for i in range(depth)])
        channels = width
    return stages


def last_size(config: dict) -> int:
    """Height and width of the last feature map."""
    size = config["imageSize"]
    for stride in [config["stemStride"], *config["strides"]]:
        size = -(-size // stride)
    return size


def conv3(channels: int, width: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, stride, 1, bias=False)


class SqueezeExcite(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        hidden = max(1, width // 16)
        self.fc1 = nn.Conv2d(width, hidden, 1, bias=False)
        self.fc2 = nn.Conv2d(hidden, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class AdaFaceUnit(nn.Module):
    def __init__(self, channels: int, width: int, stride: int, squeeze: bool):
        super().__init__()
        if channels == width:
            self.shortcut_layer = nn.MaxPool2d(1, stride)
        else:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(channels),
            conv3(channels, width),
            nn.BatchNorm2d(width),
            nn.PReLU(width),
            conv3(width, width, stride),
            nn.BatchNorm2d(width),
        )
        if squeeze:
            self.res_layer.add_module("se_block", SqueezeExcite(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.res_layer(x) + self.shortcut_layer(x)


class AdaFaceBackbone(nn.Module):
    """IR and IR-SE with AdaFace's names and initialisation (Kaiming, fan out, for all weights of rank 2 and 4)."""

    def __init__(self, config: dict):
        super().__init__()
        stem, last, size = config["stemWidth"], config["widths"][-1], last_size(config)
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, stem, 3, config["stemStride"], 1, bias=False), nn.BatchNorm2d(stem), nn.PReLU(stem)
        )
        squeeze = config["variant"] == "ir_se"
        self.body = nn.Sequential(*(AdaFaceUnit(*unit, squeeze) for stage in units(config) for unit in stage))
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(last),
            nn.Dropout(config["dropout"]),
            nn.Flatten(),
            nn.Linear(last * size * size, config["embedding"]),
            nn.BatchNorm1d(config["embedding"], affine=False),
        )
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.output_layer(self.body(self.input_layer(x)))


class IResNetUnit(nn.Module):
    def __init__(self, channels: int, width: int, stride: int):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = conv3(channels, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        self.conv2 = conv3(width, width, stride)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        h = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        h = self.bn3(self.conv2(h))
        return h + (x if self.downsample is None else self.downsample(x))


class IResNet(nn.Module):
    """InsightFace's variant: its names, convolutions from a normal of deviation 0.1, a last norm that learns its bias alone."""

    def __init__(self, config: dict):
        super().__init__()
        stem, last, size = config["stemWidth"], config["widths"][-1], last_size(config)
        self.conv1 = nn.Conv2d(3, stem, 3, config["stemStride"], 1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.prelu = nn.PReLU(stem)
        self.stages = len(config["widths"])
        for index, stage in enumerate(units(config), 1):
            setattr(self, f"layer{index}", nn.Sequential(*(IResNetUnit(*unit) for unit in stage)))
        self.bn2 = nn.BatchNorm2d(last)
        self.dropout = nn.Dropout(config["dropout"])
        self.fc = nn.Linear(last * size * size, config["embedding"])
        self.features = nn.BatchNorm1d(config["embedding"])
        self.features.weight.requires_grad = False
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.prelu(self.bn1(self.conv1(x)))
        for index in range(1, self.stages + 1):
            h = getattr(self, f"layer{index}")(h)
        return self.features(self.fc(self.dropout(torch.flatten(self.bn2(h), 1))))


def group_norm(groups: int, channels: int) -> nn.GroupNorm:
    """`groups` is lowered to a divisor of `channels`."""
    return nn.GroupNorm(next(g for g in range(min(groups, channels), 0, -1) if channels % g == 0), channels)


def zeroed(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


class ResidualBlock(nn.Module):
    """guided-diffusion's, with scale-shift norm (AdaGN); resampling happens before the first convolution."""

    def __init__(self, channels: int, width: int, time_size: int, groups: int, resample: str = "none"):
        super().__init__()
        self.resample = {
            "none": nn.Identity(),
            "down": nn.AvgPool2d(2),
            "up": nn.Upsample(scale_factor=2, mode="nearest"),
        }[resample]
        self.in_layers = nn.Sequential(
            group_norm(groups, channels), nn.SiLU(), nn.Conv2d(channels, width, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time_size, 2 * width))
        self.out_layers = nn.Sequential(
            group_norm(groups, width), nn.SiLU(), nn.Dropout(0), zeroed(nn.Conv2d(width, width, 3, padding=1))
        )
        self.skip_connection = nn.Identity() if channels == width else nn.Conv2d(channels, width, 1)

    def forward(self, x: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        norm, silu, conv = self.in_layers
        h = conv(self.resample(silu(norm(x))))
        scale, shift = self.emb_layers(time)[:, :, None, None].chunk(2, dim=1)
        norm, silu, _, conv = self.out_layers
        h = conv(silu(norm(h) * (1 + scale) + shift))
        return h + self.skip_connection(self.resample(x))


class AttentionBlock(nn.Module):
    """
    Self-attention over positions, with the keys and values of the condition tokens in front of its own. Linear layers put
    out, for each head in turn, its queries, keys and values (guided-diffusion's legacy order). `own_projection`: `condition`
    is tokens [B, K, token_size], which the block projects; otherwise it is keys and values [B, K, 2 channels].
    """

    def __init__(self, channels: int, head_channels: int, token_size: int, groups: int, own_projection: bool):
        super().__init__()
        self.heads = max(1, channels // head_channels)
        self.norm = group_norm(groups, channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.encoder_kv = nn.Linear(token_size, 2 * channels) if own_projection else nn.Identity()
        self.proj_out = zeroed(nn.Linear(channels, channels))

    def forward(self, x: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        b, c, h, w = x.shape

        def by_head(t: Tensor) -> Tensor:
            return t.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q, k, v = by_head(self.qkv(self.norm(x).flatten(2).transpose(1, 2))).chunk(3, dim=-1)
        ck, cv = by_head(self.encoder_kv(condition)).chunk(2, dim=-1)
        mixed = F.scaled_dot_product_attention(q, torch.cat([ck, k], dim=2), torch.cat([cv, v], dim=2))
        out = self.proj_out(mixed.transpose(1, 2).reshape(b, h * w, c))
        return x + out.transpose(1, 2).reshape(b, c, h, w)


class Stem(nn.Conv2d):
    """The first convolution, which takes no notice of time and condition."""

    def forward(self, x: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        return super().forward(x)


class UNet(nn.Module):
    """DCFace's UNet with CemiFace's condition: `forward(x, time, tokens)` gives the noise, `tokens` come from `condition_tokens`."""

    def __init__(self, config: dict):
        super().__init__()
        self.config = config
        base, multipliers, groups = config["base"], config["multipliers"], config["groups"]
        pixels = 3 * config["patch"] ** 2
        time_size = 4 * base
        size, channels = config["imageSize"] // config["patch"], base

        def residual(channels: int, width: int, resample: str = "none") -> nn.Module:
            return ResidualBlock(channels, width, time_size, groups, resample)

        def attention(channels: int) -> nn.Module:
            own = config["conditionProjection"] == "block"
            return AttentionBlock(channels, config["headChannels"], config["conditionSize"], groups, own)

        self.time_embed = nn.Sequential(nn.Linear(base, time_size), nn.SiLU(), nn.Linear(time_size, time_size))
        tokens = config["conditionTokens"] * config["conditionSize"]
        self.condition = nn.ModuleDict(
            {
                "sim": nn.Linear(1, config["conditionSize"]),
                "att": nn.Linear(config["identitySize"] + config["conditionSize"], tokens),
            }
        )
        if config["conditionProjection"] == "shared":
            self.cross_attn_adapter = nn.Linear(config["conditionSize"], 2 * multipliers[-1] * base)
        entries: list[list[nn.Module]] = [[Stem(pixels, base, 3, padding=1)]]
        kept, halved = [base], []
        for level, multiplier in enumerate(multipliers):
            width = multiplier * base
            for _ in range(config["blocks"]):
                entries.append([residual(channels, width)])
                if level in config["attention"]:
                    entries[-1].append(attention(width))
                channels = width
                kept.append(channels)
            if level < len(multipliers) - 1:
                # An odd size cannot be halved: the next level stays at it (112 px gives 7 x 7 twice).
                halved.append(size % 2 == 0)
                entries.append([residual(channels, channels, "down" if halved[-1] else "none")])
                size = size // 2 if halved[-1] else size
                kept.append(channels)
        self.input_blocks = nn.ModuleList(nn.ModuleList(entry) for entry in entries)
        self.middle_block = nn.ModuleList(
            [residual(channels, channels), attention(channels), residual(channels, channels)]
        )
        entries = []
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for i in range(config["blocks"] + 1):
                width = multiplier * base
                entries.append([residual(channels + kept.pop(), width)])
                channels = width
                if level in config["attention"]:
                    entries[-1].append(attention(channels))
                if level > 0 and i == config["blocks"]:
                    entries[-1].append(residual(channels, channels, "up" if halved[level - 1] else "none"))
        self.output_blocks = nn.ModuleList(nn.ModuleList(entry) for entry in entries)
        self.out = nn.Sequential(
            group_norm(groups, channels), nn.SiLU(), zeroed(nn.Conv2d(channels, pixels, 3, padding=1))
        )

    def condition_tokens(self, identity: Tensor, m: Tensor) -> Tensor:
        """F2(concat(C_id, F1(m))) of unit rows identity [B, D]. [B, K, conditionSize]"""
        similarity = self.condition["sim"](m[:, None])
        joined = torch.cat([identity * self.config["identityScale"], similarity], dim=1)
        return self.condition["att"](joined).unflatten(1, (self.config["conditionTokens"], -1))

    def time_embedding(self, time: Tensor) -> Tensor:
        half = self.config["base"] // 2
        exponents = torch.arange(half, dtype=time.dtype, device=time.device) / half
        angles = time[:, None] * torch.exp(-math.log(10_000) * exponents)
        return self.time_embed(torch.cat([torch.cos(angles), torch.sin(angles)], dim=1))

    def forward(self, x: Tensor, time: Tensor, tokens: Tensor) -> Tensor:
        embedding = self.time_embedding(time)
        condition = self.cross_attn_adapter(tokens) if self.config["conditionProjection"] == "shared" else tokens
        h, kept = to_blocks(x, self.config["patch"]), []
        for entry in self.input_blocks:
            for block in entry:
                h = block(h, embedding, condition)
            kept.append(h)
        for block in self.middle_block:
            h = block(h, embedding, condition)
        for entry in self.output_blocks:
            h = torch.cat([h, kept.pop()], dim=1)
            for block in entry:
                h = block(h, embedding, condition)
        return to_pixels(self.out(h), self.config["patch"])


def to_blocks(x: Tensor, p: int) -> Tensor:
    """Moves p x p blocks of pixels into channels, in the order (row, column, colour) of TensorFlow's SpaceToDepth."""
    if p == 1:
        return x
    b, c, h, w = x.shape
    return x.reshape(b, c, h // p, p, w // p, p).permute(0, 3, 5, 1, 2, 4).reshape(b, p * p * c, h // p, w // p)


def to_pixels(x: Tensor, p: int) -> Tensor:
    """The inverse of `to_blocks`."""
    if p == 1:
        return x
    b, c, h, w = x.shape
    return x.reshape(b, p, p, c // p**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(b, c // p**2, h * p, w * p)
