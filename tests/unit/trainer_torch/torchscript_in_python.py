"""Loads every exported TorchScript file in Python and compares it with what C++ computed, to the bit.

usage: torchscript_in_python.py FOLDER   (files NAME.pt, NAME.input0.., NAME.output as export_test.cpp leaves them)
"""
import pathlib
import sys

import torch

torch.set_num_threads(1)


def read(path, dtype, shape):
    return torch.frombuffer(bytearray(path.read_bytes()), dtype=dtype).reshape(shape)


def main(folder):
    failures, files = [], sorted(folder.glob("*.pt"))
    for file in files:
        name = file.stem
        module = torch.jit.load(str(file))
        module.eval()
        inputs = []
        for k in range(2):
            path = folder / f"{name}.input{k}"
            if path.exists():
                shape = {"embedding": (3, 5), "two_inputs": ((3, 4), (3, 3))[k]}.get(name)
                dtype = torch.int64 if name == "embedding" else torch.float32
                inputs.append(read(path, dtype, shape or (3, -1)))
        expected = read(folder / f"{name}.output", torch.float32, (3, 3))
        with torch.no_grad():
            if not torch.equal(module(*inputs), expected):
                failures.append(name)
    print(f"{len(files)} modules, {len(failures)} differ {' '.join(failures)}")
    return 1 if failures or len(files) < 30 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
