"""Small files of PyTorch in both of its formats, with the values of each tensor beside them as safetensors would hold them (raw bytes).

Run with any PyTorch: python3 make_pickles.py FOLDER. The committed files come from PyTorch 1.13.1.
"""
import collections, json, os, sys, torch

folder = sys.argv[1]
torch.manual_seed(0)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
shared = torch.randn(3, 4)
types = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
layer = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
content = collections.OrderedDict()
content["epoch"] = 3
content["loss"] = 0.25
content["name"] = "größer"
content["views"] = {"transposed": base.t(), "slice": base[1:3, ::2], "row": base[2], "expanded": base[:1].expand(3, 6), "scalar": torch.tensor(7.5), "empty": torch.zeros(0, 3)}
content["shared"] = [shared, shared, shared[1]]
content["types"] = {str(t).split(".")[1]: (torch.arange(5) % 2).to(t) for t in types}
content["parameter"] = torch.nn.Parameter(torch.ones(2, 2))
content["module"] = layer.state_dict()
content["numbers"] = [True, None, -1, 2**40, (1, 2), "x" * 300]

def names(value, prefix=""):
    if isinstance(value, torch.Tensor):
        yield prefix, value
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from names(v, f"{prefix}.{k}" if prefix else str(k))
    elif isinstance(value, (list, tuple)):
        for i, v in enumerate(value):
            yield from names(v, f"{prefix}.{i}")

def raw(t):
    t = t.detach().contiguous()
    return (t.view(torch.int16) if t.dtype == torch.bfloat16 else t).numpy().tobytes().hex()

torch.save(content, os.path.join(folder, "archive.pt"))
torch.save(content, os.path.join(folder, "stream.pt"), _use_new_zipfile_serialization=False)
torch.save(content, os.path.join(folder, "protocol4.pt"), pickle_protocol=4)
with open(os.path.join(folder, "values.json"), "w") as f:
    json.dump({n: {"dtype": str(t.dtype).split(".")[1], "shape": list(t.shape), "bytes": raw(t)} for n, t in names(content)}, f, indent=1)
    f.write("\n")
