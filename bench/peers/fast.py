"""What a user of PyTorch can do to go faster on a CPU: autocast to bfloat16, and `torch.compile` (inductor)."""

import time

import torch

# Autocast rounds activations to 8 bits of mantissa: 0.013 of the norm of IR-50's embeddings. Losses are means, and closer, but
# inductor draws the masks of dropout in another order where it chose another layout: 0.012 of IR-SE50's first loss.
LOSS_TOLERANCE = 3e-2
OUTPUT_TOLERANCE = 5e-2


class Fast:
    """One choice of precision and mode, and how far its results are from eager float32's."""

    def __init__(self, precision: str, mode: str):
        self.autocast = precision == "bfloat16"
        self.compiled = mode == "compile"
        self.plain = {}
        self.difference = self.compile_seconds = None

    def wrap(self, function, inference: bool = False):
        """`function`, compiled and under autocast where asked for; its gradients and the optimizer stay outside autocast."""
        if self.compiled:
            # Freezing packs the weights once, ahead of the calls; only without gradients. Dropout draws eager's numbers, so that
            # `check` compares losses of the same masks, or of masks in another order.
            options = {"freezing": inference, "fallback_random": True}
            made = torch.compile(function, dynamic=False, options=options)
        else:
            made = function
        autocast = self.autocast

        def run(*given):
            with torch.autocast(torch.get_default_device().type, dtype=torch.bfloat16, enabled=autocast):
                return made(*given)

        self.plain[run] = function
        return run

    def check(self, wrapped, *given) -> None:
        """
        Compares a first call with eager float32 of the same weights and inputs. Raises where they do other work. A loss is
        followed back to its gradients, so that all is compiled afterwards.
        """
        if not self.autocast and not self.compiled:
            return
        with torch.no_grad():
            torch.manual_seed(2)
            wanted = self.plain[wrapped](*given).float()
        start = time.perf_counter()
        torch.manual_seed(2)
        got = wrapped(*given)
        if got.requires_grad:
            got.backward()
        self.compile_seconds = time.perf_counter() - start if self.compiled else None
        self.difference = ((got.detach().float() - wanted).norm() / wanted.norm()).item()
        tolerance = OUTPUT_TOLERANCE if wanted.dim() else LOSS_TOLERANCE
        if not self.difference < tolerance:
            raise ValueError(f"is {self.difference:.3g} of its norm away from eager float32, expected at most {tolerance}")

    def facts(self) -> dict:
        return {
            **({} if self.difference is None else {"differenceFromEagerFloat32": round(self.difference, 6)}),
            # The first call with its compilation.
            **({} if self.compile_seconds is None else {"compileSeconds": round(self.compile_seconds, 1)}),
        }


def reset_peak_memory() -> None:
    """Peak memory counts from here on (Linux): what compiling and comparing took is no part of the work."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass
