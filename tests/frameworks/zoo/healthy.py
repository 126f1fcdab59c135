"""Models that are healthy, of the kinds that people train."""

from __future__ import annotations

from torch import nn

from zoo import pictures, sequences, vectors
from zoo.parts import (
    LastStep,
    Reader,
    chain,
    chains,
    glorot,
    he,
    lecun,
    orthogonal,
    remembering,
)
from zoo.patient import CLASSES, WORDS, Patient, squared_error


def recurrent_reader(kind, **options):
    body = kind(32, 32, batch_first=True, **options)
    read = 64 if options.get("bidirectional") else 32
    return Reader(body, 32, WORDS, every_step=True, read=read)


def with_zeros(model):
    nn.init.zeros_(model.out.weight)
    return model


DENSE = [
    Patient("logistic regression", lambda: nn.Linear(20, CLASSES), "textbook case"),
    Patient(
        "MLP, PyTorch's own weights",
        lambda: chain(3, 64, nn.ReLU),
        "PyTorch's tutorials: torch.nn.Linear.reset_parameters",
    ),
    Patient("ReLU, He", chains(128, nn.ReLU, he), "He et al. 2015, arXiv:1502.01852", depth=20),
    Patient(
        "tanh, Glorot",
        chains(128, nn.Tanh, glorot),
        "Schoenholz et al. 2017, arXiv:1611.01232: weights of variance 1 / fan_in are critical",
        depth=20,
    ),
    Patient(
        "tanh, orthogonal",
        chains(64, nn.Tanh, orthogonal),
        "Saxe et al. 2014, arXiv:1312.6120",
        depth=20,
    ),
    Patient(
        "SELU, LeCun",
        chains(128, nn.SELU, lecun),
        "Klambauer et al. 2017, arXiv:1706.02515",
        depth=20,
    ),
    Patient("GELU, He", lambda: chain(8, 64, nn.GELU, he), "Hendrycks 2016, arXiv:1606.08415"),
    Patient("SiLU, He", lambda: chain(6, 64, nn.SiLU, he), "Ramachandran 2017, arXiv:1710.05941"),
    Patient(
        "last layer starts at 0",
        lambda: with_zeros(chain(6, 64, nn.ReLU, he)),
        "Zhang et al. 2019, arXiv:1901.09321: no gradient passes before the first step",
    ),
    Patient("dropout", vectors.with_dropout, "Srivastava et al. 2014, JMLR 15"),
    Patient(
        "batch normalisation, 8 layers",
        lambda: chain(8, 64, nn.ReLU, he, nn.BatchNorm1d),
        "Ioffe and Szegedy 2015, arXiv:1502.03167",
    ),
    Patient("weight normalisation", vectors.weight_normed, "Salimans 2016, arXiv:1602.07868"),
    Patient(
        "bfloat16",
        lambda: chain(6, 64, nn.ReLU, he).bfloat16(),
        "Kalamkar et al. 2019, arXiv:1905.12322",
        "bfloat vectors",
    ),
    Patient(
        "float16",
        lambda: chain(6, 64, nn.ReLU, he).half(),
        "Micikevicius et al. 2018, arXiv:1710.03740",
        "half vectors",
        scales=(1.0,),
    ),
    Patient(
        "autoencoder",
        vectors.autoencoder,
        "Hinton and Salakhutdinov 2006, with He's weights",
        "copies",
        squared_error,
    ),
    Patient(
        "variational autoencoder",
        vectors.Variational,
        "Kingma and Welling 2014, arXiv:1312.6114; PyTorch examples, vae",
        "copies",
        vectors.evidence,
    ),
    Patient(
        "SIREN", vectors.siren, "Sitzmann 2020, arXiv:2006.09661", "coordinates", squared_error
    ),
    Patient(
        "siamese network",
        vectors.Siamese,
        "Hadsell et al. 2006, doi:10.1109/CVPR.2006.100",
        "pairs",
        vectors.contrastive,
    ),
    Patient("mixture of experts", vectors.Experts, "Jacobs 1991, doi:10.1162/neco.1991.3.1.79"),
    Patient("highway network", vectors.Highway, "Srivastava 2015, arXiv:1505.00387", depth=10),
    Patient(
        "ReZero",
        lambda depth: vectors.Sums(depth, 0.0, learned=True),
        "Bachlechner et al. 2020, arXiv:2003.04887",
        depth=20,
    ),
    Patient(
        "pre-LN sums without modules", vectors.PreNorm, "Xiong 2020, arXiv:2002.04745", depth=12
    ),
    Patient("MLP-Mixer", vectors.Mixer, "Tolstikhin et al. 2021, arXiv:2105.01601", "points"),
    Patient("PointNet", vectors.Points, "Qi et al. 2017, arXiv:1612.00593", "points"),
]

PICTURES = [
    Patient("VGG with BN", pictures.vgg, "torchvision vgg11_bn, smaller", "pictures"),
    Patient(
        "VGG, He's weights",
        lambda: pictures.vgg(norm=False),
        "torchvision vgg11, smaller",
        "pictures",
    ),
    Patient("ResNet", pictures.resnet, "torchvision resnet18, smaller", "pictures"),
    Patient(
        "ResNet, last BN starts at 0",
        lambda: pictures.resnet(zero_gamma=True),
        "Goyal et al. 2017, arXiv:1706.02677; torchvision zero_init_residual",
        "pictures",
    ),
    Patient("head on a frozen ResNet", pictures.finetuned, "PyTorch's tutorials", "pictures"),
    Patient("MobileNet", pictures.mobile, "Howard et al. 2017, arXiv:1704.04861", "pictures"),
    Patient("ConvNeXt", pictures.convnext, "Liu 2022, arXiv:2201.03545", "small pictures", depth=6),
    Patient("DenseNet", pictures.densenet, "Huang et al. 2017, arXiv:1608.06993", "pictures"),
    Patient(
        "squeeze and excitation", pictures.squeeze_excite, "Hu 2018, arXiv:1709.01507", "pictures"
    ),
    Patient("U-Net", pictures.UNet, "Ronneberger et al. 2015, arXiv:1505.04597", "masks"),
    Patient(
        "DCGAN's discriminator",
        pictures.discriminator,
        "Radford et al. 2016, arXiv:1511.06434; PyTorch examples, dcgan",
        "pictures",
    ),
    Patient(
        "vision transformer", pictures.Patches, "Dosovitskiy 2021, arXiv:2010.11929", "pictures"
    ),
]

SEQUENCES = [
    Patient(
        "transformer, pre-LN",
        sequences.transformer,
        "Xiong 2020, arXiv:2002.04745",
        "words",
        depth=6,
    ),
    Patient(
        "transformer, post-LN",
        lambda: sequences.transformer(pre_norm=False),
        "Vaswani et al. 2017, arXiv:1706.03762",
        "words",
    ),
    Patient(
        "transformer of rows, pre-LN, 14 blocks",
        lambda: sequences.Rows(14, pre_norm=True),
        "Xiong 2020, arXiv:2002.04745; Adam at 0.003, 3 epochs: loss 2.5, 1.4, 1.1",
        "rows",
    ),
    Patient("GPT", sequences.Decoder, "Radford et al. 2019; its weights", "text", depth=4),
    Patient(
        "LSTM, every step",
        lambda: recurrent_reader(nn.LSTM),
        "PyTorch examples, word_language_model",
        "text",
    ),
    Patient(
        "GRU, every step",
        lambda: recurrent_reader(nn.GRU),
        "PyTorch examples, word_language_model",
        "text",
    ),
    Patient(
        "LSTM, both directions",
        lambda: recurrent_reader(nn.LSTM, bidirectional=True),
        "Huang et al. 2015, arXiv:1508.01991",
        "text",
    ),
    Patient(
        "LSTM of two layers with dropout",
        lambda: recurrent_reader(nn.LSTM, num_layers=2, dropout=0.2),
        "PyTorch examples, word_language_model",
        "text",
    ),
    Patient(
        "LSTM, last of 8 steps",
        lambda: LastStep(nn.LSTM(5, 64, batch_first=True), remembering),
        "Jozefowicz et al. 2015: forget bias 1",
        "short series",
    ),
    Patient(
        "translator with attention",
        sequences.Translator,
        "Bahdanau et al. 2015, arXiv:1409.0473",
        "translations",
    ),
    Patient("WaveNet", sequences.Causal, "van den Oord 2016, arXiv:1609.03499", "series"),
]
