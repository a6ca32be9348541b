"""A conditional variational autoencoder of small faces: one code for each person, one for everything else."""

import torch
from torch import nn

PERSON, LOOK, WIDTH = 24, 16, 32


class Generator(nn.Module):
    """Person code [N, 24] and look code [N, 16] to images [N, 3, 32, 32] in [-1, 1]."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(PERSON + LOOK, 4 * WIDTH * 16)
        self.layers = nn.Sequential(
            nn.SiLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(4 * WIDTH, 2 * WIDTH, 3, padding=1),
            nn.SiLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(2 * WIDTH, WIDTH, 3, padding=1),
            nn.SiLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(WIDTH, 3, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, person, look):
        first = self.first(torch.cat([person, look], 1))
        return self.layers(first.view(-1, 4 * WIDTH, 4, 4))


class Model(nn.Module):
    """The generator, the table of the training people's codes, and the encoder of looks."""

    def __init__(self, people):
        super().__init__()
        self.people = nn.Embedding(people, PERSON)
        self.generator = Generator()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, WIDTH, 4, 2, 1),
            nn.SiLU(),
            nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(2 * WIDTH * 64, 2 * LOOK),
        )

    def loss(self, images, labels, noise):
        mean, log_variance = self.encoder(images).chunk(2, 1)
        look = mean + noise * torch.exp(log_variance / 2)
        out = self.generator(self.people(labels), look)
        reconstruction = (out - images).abs().mean()
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
        # Codes of people stay near a standard normal, from which new people are drawn.
        spread = (self.people(labels) ** 2).mean()
        return reconstruction + 0.01 * divergence + 0.001 * spread
