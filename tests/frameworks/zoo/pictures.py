"""Convolutional networks, in a size that a test can wait for."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from zoo.patient import CLASSES


def head(channels):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES)]


class Block(nn.Module):
    """The basic block of He et al. (2016a): the rectifier stands behind the sum."""

    def __init__(self, channels, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.down = nn.Identity()
        if stride > 1:
            conv = nn.Conv2d(channels, outputs, 1, stride, bias=False)
            self.down = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x):
        f = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(f + self.down(x))


def resnet(zero_gamma=False):
    stem = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
    blocks = [Block(8, 8, 1), Block(8, 8, 1), Block(8, 16, 2), Block(16, 16, 1)]
    blocks += [Block(16, 32, 2), Block(32, 32, 1)]
    model = nn.Sequential(stem, nn.BatchNorm2d(8), nn.ReLU(inplace=True), *blocks, *head(32))
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if zero_gamma and isinstance(module, Block):
            nn.init.zeros_(module.bn2.weight)
    return model


class Bottleneck(nn.Module):
    """The block of ResNet-50: He et al. (2016a)."""

    def __init__(self, channels, width, stride):
        super().__init__()
        outputs = 4 * width
        self.branch = nn.Sequential(
            *(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)),
            nn.Conv2d(width, width, 3, stride, 1, bias=False),
            *(nn.BatchNorm2d(width), nn.ReLU(True)),
            *(nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs)),
        )
        self.down = nn.Identity()
        if channels != outputs:
            conv = nn.Conv2d(channels, outputs, 1, stride, bias=False)
            self.down = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x):
        return torch.relu(self.branch(x) + self.down(x))


def resnet50():
    """Make the blocks of ResNet-50 in an eighth of their width."""
    model, channels = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.BatchNorm2d(16), nn.ReLU()), 16
    for width, blocks in ((8, 3), (16, 4), (24, 6), (32, 3)):
        for number in range(blocks):
            model.append(Bottleneck(channels, width, 2 if number == 0 and width > 8 else 1))
            channels = 4 * width
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return model.extend(head(channels))


def vgg(norm=True):
    """Make convolutions of 3 x 3 and poolings; without BN the weights are He's."""
    model, channels = nn.Sequential(), 3
    for outputs in (16, 16, "pool", 32, 32, "pool", 64, 64):
        if outputs == "pool":
            model.append(nn.MaxPool2d(2))
            continue
        conv = nn.Conv2d(channels, outputs, 3, padding=1)
        model.append(conv)
        if norm:
            model.append(nn.BatchNorm2d(outputs))
        else:
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        model.append(nn.ReLU(inplace=True))
        channels = outputs
    return model.extend(head(64))


def plain_convolutions(depth, init=None, width=8):
    """Make a stack of convolutions named 1, 2, … without normalisation."""
    model, channels = nn.Sequential(), 3
    for number in range(1, depth + 1):
        conv = nn.Conv2d(channels, width, 3, padding=1)
        if init is not None:
            init(conv.weight)
            nn.init.zeros_(conv.bias)
        model.add_module(f"layer{number}", conv)
        model.add_module(f"act{number}", nn.ReLU())
        channels = width
    for number, each in enumerate(head(width)):
        model.add_module(f"head{number}", each)
    return model


def mobile():
    """Depthwise and pointwise convolutions in turn: Howard et al. (2017)."""
    model, channels = nn.Sequential(), 8
    model.extend([nn.Conv2d(3, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(True)])
    for outputs, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1)):
        model.extend(
            [
                nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU6(inplace=True),
                nn.Conv2d(channels, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU6(inplace=True),
            ]
        )
        channels = outputs
    return model.extend(head(64))


class ConvNeXtBlock(nn.Module):
    def __init__(self, width, scale=1e-6):
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale = nn.Parameter(scale * torch.ones(width))

    def forward(self, x):
        h = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        h = self.scale * self.down(F.gelu(self.up(h)))
        return x + h.permute(0, 3, 1, 2)


def convnext(depth=6, width=8):
    stem = nn.Conv2d(3, width, 2, 2)
    blocks = [ConvNeXtBlock(width) for _ in range(depth)]
    model = nn.Sequential(stem, *blocks, *head(width))
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    return model


def twice(channels, outputs):
    layers = []
    for fan_in in (channels, outputs):
        layers += [nn.Conv2d(fan_in, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Down and up again, with what was seen on the way down: Ronneberger et al. (2015)."""

    def __init__(self, width=8):
        super().__init__()
        self.down1, self.down2 = twice(3, width), twice(width, 2 * width)
        self.bottom = twice(2 * width, 4 * width)
        self.up2 = nn.ConvTranspose2d(4 * width, 2 * width, 2, 2)
        self.merge2 = twice(4 * width, 2 * width)
        self.up1 = nn.ConvTranspose2d(2 * width, width, 2, 2)
        self.merge1 = twice(2 * width, width)
        self.out = nn.Conv2d(width, CLASSES, 1)

    def forward(self, x):
        first = self.down1(x)
        second = self.down2(F.max_pool2d(first, 2))
        h = self.up2(self.bottom(F.max_pool2d(second, 2)))
        h = self.merge2(torch.cat([h, second], dim=1))
        return self.out(self.merge1(torch.cat([self.up1(h), first], dim=1)))


class DenseLayer(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(channels), nn.Conv2d(channels, growth, 3, 1, 1)

    def forward(self, x):
        return torch.cat([x, self.conv(F.relu(self.norm(x)))], dim=1)


def densenet(depth=6, growth=8):
    model, channels = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1)), 16
    for number in range(depth):
        model.append(DenseLayer(channels, growth))
        channels += growth
        if number == depth // 2:
            model.extend([nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 32, 1)])
            model.append(nn.AvgPool2d(2))
            channels = 32
    return model.extend([nn.BatchNorm2d(channels), nn.ReLU(), *head(channels)])


class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduced=8):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.squeeze, self.excite = nn.Linear(channels, reduced), nn.Linear(reduced, channels)

    def forward(self, x):
        h = self.norm(self.conv(x))
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(h.mean(dim=(2, 3))))))
        return F.relu(x + h * gate[:, :, None, None])


def squeeze_excite(depth=4, width=32):
    stem = [nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*stem, *[SqueezeExcite(width) for _ in range(depth)], *head(width))


def discriminator():
    """The discriminator and the weights of PyTorch's DCGAN example: Radford et al. (2016)."""
    model, channels = nn.Sequential(), 3
    for outputs in (16, 32, 64):
        model.append(nn.Conv2d(channels, outputs, 4, 2, 1, bias=False))
        if channels > 3:
            model.append(nn.BatchNorm2d(outputs))
        model.append(nn.LeakyReLU(0.2, inplace=True))
        channels = outputs
    model.extend([nn.Conv2d(channels, CLASSES, 2, bias=False), nn.Flatten()])
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return model


class Patches(nn.Module):
    """Cut a picture into patches, and read them as a sentence: Dosovitskiy et al. (2021)."""

    def __init__(self, depth=4, width=32):
        super().__init__()
        self.cut = nn.Conv2d(3, width, 4, 4)
        self.first = nn.Parameter(torch.zeros(1, 1, width))
        self.place = nn.Parameter(0.02 * torch.randn(1, 17, width))
        layer = nn.TransformerEncoderLayer(
            width, 4, 4 * width, 0.1, F.gelu, batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(
            layer, depth, nn.LayerNorm(width), enable_nested_tensor=False
        )
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        h = self.cut(x).flatten(2).transpose(1, 2)
        h = torch.cat([self.first.expand(len(x), -1, -1), h], dim=1) + self.place
        return self.head(self.body(h)[:, 0])


def finetuned():
    """A body that is frozen, in evaluation mode, and a head that learns."""
    model = nn.Sequential(resnet()[:-1].requires_grad_(False).eval())
    return model.extend([nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, CLASSES)])
