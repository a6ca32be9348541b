"""Numbers that both sides make for themselves (the other half is `values.ts`), TensorFlow's random normals, and a file format."""

import json
import math
import struct

import torch
from torch import Tensor

MASK = 0xFFFFFFFF


def fill(name: str, shape: list[int], scale: float = 1, offset: float = 0) -> Tensor:
    """float64 values, exact in float32, in [offset - scale, offset + scale): a function of the name alone."""
    state = 0x811C9DC5
    for byte in name.encode():
        state = ((state ^ byte) * 0x01000193) & MASK
    x = (state + torch.arange(math.prod(shape), dtype=torch.int64) * 0x9E3779B9) & MASK
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & MASK
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & MASK
    x = x ^ (x >> 16)
    return ((x.double() / 2**31 - 1) * scale + offset).float().double().reshape(shape)


def fill_parameter(name: str, shape: list[int]) -> Tensor:
    """A network's parameter: weights of deviation 1 / sqrt(fan in), positive scales, slopes and variances, small biases."""
    if len(shape) > 1:
        return fill(name, shape, math.sqrt(3 / math.prod(shape[1:])))
    if name.endswith("running_var"):
        return fill(name, shape, 0.5, 1)
    return fill(name, shape, 0.4, 0.6) if name.endswith("weight") else fill(name, shape, 0.2)


@torch.no_grad()
def fill_module(module: torch.nn.Module, prefix: str = "") -> torch.nn.Module:
    for name, tensor in module.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(fill_parameter(prefix + name, list(tensor.shape)))
    return module


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4x32-10 (Salmon et al. 2011)."""
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k0, b & MASK, (a >> 32) ^ c[3] ^ k1, a & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


def stateless_normal(shape: list[int], seed: list[int]) -> Tensor:
    """TensorFlow's StatelessRandomNormal of a seed int32 [2]: scrambled into key and counter, then Box and Muller."""
    words = [word for s in seed for word in (s & MASK, (s >> 32) & MASK)]
    mix = philox(words, [0x3EC8F720, 0x02461E29])
    count = math.prod(shape)
    values = []
    for group in range((count + 3) // 4):
        bits = philox([group, 0, mix[2], mix[3]], mix[:2])
        unit = [(x & 0x7FFFFF) / 2**23 for x in bits]
        for a, b in (unit[:2], unit[2:]):
            radius = math.sqrt(-2 * math.log(max(a, 1e-7)))
            values += [radius * math.sin(2 * math.pi * b), radius * math.cos(2 * math.pi * b)]
    return torch.tensor(values[:count], dtype=torch.float64).reshape(shape)


def write_safetensors(path: str, tensors: dict[str, Tensor]) -> None:
    header, offset, parts = {}, 0, []
    for name in sorted(tensors):
        values = tensors[name].detach().float().contiguous()
        data = struct.pack(f"<{values.numel()}f", *values.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        parts.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
