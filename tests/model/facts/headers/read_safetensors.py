"""Reads the files that standard input names with the library of the format, a line of JSON each.

What it says of a tensor: name, type, sizes, and the SHA-256 of its bytes. For a file that it refuses:
why.
"""

import hashlib
import json
import sys

from safetensors import deserialize


def tensors(path):
    with open(path, "rb") as file:
        content = deserialize(file.read())
    return [
        [name, tensor["dtype"], list(tensor["shape"]), hashlib.sha256(tensor["data"]).hexdigest()]
        for name, tensor in content
    ]


for line in sys.stdin:
    try:
        print(json.dumps({"tensors": tensors(line.rstrip("\n"))}))
    except Exception as error:  # the library has an error type of its own
        print(json.dumps({"refused": str(error)}))
