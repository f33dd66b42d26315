"""The plain PyTorch loop that trainer torch is measured against: the same network, data, batch size and optimiser.

usage: train_loop.py WIDTHS STEPS PRECISION DEVICE
WIDTHS as in train_fashion_mnist: "16,/32,32,32"; PRECISION: fp32 or bf16; DEVICE: cpu or cuda
Prints one JSON line: images per second over the steps after the first tenth, by the process's own clock and CPU time.
"""
import gzip
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

FOLDER = "/usr/share/datasets/fashion-mnist/"


def network(widths):
    layers, channels = [], 1
    for width in widths.split(","):
        if width.startswith("/"):
            layers.append(nn.MaxPool2d(2))
            width = width[1:]
        layers += [nn.Conv2d(channels, int(width), 3, padding=1, bias=False), nn.BatchNorm2d(int(width)), nn.ReLU()]
        channels = int(width)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def main(widths, steps, precision, device):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    with gzip.open(FOLDER + "train-images-idx3-ubyte.gz") as f:
        images = torch.frombuffer(bytearray(f.read()[16:]), dtype=torch.uint8).reshape(-1, 1, 28, 28)
    with gzip.open(FOLDER + "train-labels-idx1-ubyte.gz") as f:
        labels = torch.frombuffer(bytearray(f.read()[8:]), dtype=torch.uint8).long()
    mean, deviation = images.float().mean(), images.float().std()
    model = network(widths).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    order = torch.randperm(len(images))
    begin = cpu_begin = measured = 0
    for step in range(steps):
        if step == steps // 10:
            begin, cpu_begin = time.perf_counter(), time.process_time()
        index = order[(step * 128) % 59904:][:128]
        x = ((images[index].float() - mean) / deviation).to(device)
        y = labels[index].to(device)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        measured += 128 if step >= steps // 10 else 0
    last_loss = loss.item()  # waits for the device
    print(json.dumps({"images_per_second": measured / (time.perf_counter() - begin),
                      "images_per_cpu_second": measured / (time.process_time() - cpu_begin), "loss": last_loss}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
