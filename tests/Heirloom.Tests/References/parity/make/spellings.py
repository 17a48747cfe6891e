"""The same outputs from other spellings of the same weights and configurations."""
import json
import os
import shutil

import torch
from safetensors.torch import load_file, save_file


def add(m):
    def read(base):
        folder = os.path.join(m.TARGET, base)
        if not os.path.exists(os.path.join(folder, "model.safetensors")):
            m.MAKERS[base]()
        return json.load(open(os.path.join(folder, "config.json"))), load_file(os.path.join(folder, "model.safetensors")), load_file(os.path.join(folder, "io.safetensors"))

    def spelled(base, suffix, change, note):
        """`change(config, weights)` returns weights to write, or None when it wrote them itself (then it takes the folder)."""
        name = f"{base}--{suffix}"

        def build():
            config, weights, io = read(base)
            out = change(config, weights)
            if callable(out):
                out(m.write(name, config, None, io))
            else:
                m.write(name, config, out, io)
        m.MAKERS[name], m.NOTES[name] = build, f"{base}, {note}"

    def renamed(*pairs):
        def change(config, weights):
            out = {}
            for key, value in weights.items():
                for old, new in pairs:
                    key = (new + key[len(old):] if key.startswith(old) else key) if old.endswith(".") else key.replace(old, new)
                out[key] = value
            return out
        return change

    gamma = renamed(("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta"))
    spelled("bert-mlm", "gamma-beta", gamma, "norms called gamma and beta")
    for base, prefix in (("bert-mlm", "bert."), ("roberta-mlm", "roberta."), ("electra-discriminator", "electra."), ("distilbert-mlm", "distilbert."), ("albert-mlm", "albert."),
                         ("gpt2-lm", "transformer."), ("vit-cls", "vit."), ("falcon-7b", "transformer."), ("phi-lm", "model."), ("bart-lm", "model."), ("gpt-neox-lm", "gpt_neox.")):
        spelled(base, "no-prefix", renamed((prefix, "")), f"names lack '{prefix}'")
    for base, prefix in (("bert-bare", "bert."), ("roberta-bare", "roberta."), ("llama-bare", "model."), ("vit-bare", "vit."), ("wav2vec2-bare", "wav2vec2.")):
        spelled(base, "prefix", lambda c, w, prefix=prefix: {prefix + k: v for k, v in w.items()}, f"a bare model's names start with '{prefix}'")
    spelled("bert-mlm", "module", lambda c, w: {"module." + k: v for k, v in w.items()}, "names start with 'module.'")

    def copies(config, weights):
        out = dict(weights)
        out["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"]
        out["cls.predictions.decoder.bias"] = weights["cls.predictions.bias"]
        out["bert.embeddings.position_ids"] = torch.arange(16)[None]
        return out
    spelled("bert-mlm", "copies", copies, "tied tensors twice and a position_ids buffer")
    spelled("t5-v1.0", "copies", lambda c, w: dict(w, **{k: w["shared.weight"] for k in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight")}), "tied tensors four times")
    spelled("bart-lm", "copies", lambda c, w: dict(w, **{k: w["model.shared.weight"] for k in ("model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight")}), "tied tensors four times")
    spelled("gpt2-lm", "masks", lambda c, w: dict({k.replace("transformer.", "", 1): v for k, v in w.items()}, **{f"h.{i}.attn.{k}": v for i in (0, 1) for k, v in (
        ("bias", torch.ones(40, 40).tril().bool().view(1, 1, 40, 40)), ("masked_bias", torch.tensor(-1e4)))}), "no prefix, masks kept as buffers")
    spelled("llama-gqa", "buffers", lambda c, w: dict(w, **{f"model.layers.{i}.self_attn.rotary_emb.inv_freq": torch.rand(3) for i in (0, 1)}), "old frequency buffers")
    spelled("gpt-neox-lm", "buffers", lambda c, w: dict(w, **{f"gpt_neox.layers.{i}.attention.{k}": v for i in (0, 1) for k, v in (
        ("bias", torch.ones(1, 1, 40, 40).bool().tril()), ("masked_bias", torch.tensor(-1e9)), ("rotary_emb.inv_freq", torch.rand(1)))}), "old buffers")
    spelled("clip-eos", "buffers", lambda c, w: dict(w, **{"text_model.embeddings.position_ids": torch.arange(16)[None], "vision_model.embeddings.position_ids": torch.arange(17)[None]}), "old position_ids buffers")

    def sharded(config, weights):
        def to(folder):
            parts = [dict(list(weights.items())[i::3]) for i in range(3)]
            names = {}
            for i, part in enumerate(parts):
                file = f"model-{i + 1:05d}-of-00003.safetensors"
                save_file(part, os.path.join(folder, file), {"format": "pt"})
                names.update({k: file for k in part})
            json.dump({"metadata": {"total_size": sum(v.numel() * 4 for v in weights.values())}, "weight_map": names}, open(os.path.join(folder, "model.safetensors.index.json"), "w"), indent=1)
        return to
    for base in ("bert-mlm", "llama-gqa", "t5-v1.1", "falcon-40b"):
        spelled(base, "sharded", sharded, "three shards with an index")

    def pickled(**how):
        def change(config, weights):
            return lambda folder: torch.save(weights, os.path.join(folder, "pytorch_model.bin"), **how)
        return change

    def ordered(config, weights):
        from collections import OrderedDict
        state = OrderedDict((k, torch.nn.Parameter(v)) if i % 2 else (k, v) for i, (k, v) in enumerate(weights.items()))
        state._metadata = OrderedDict({"": {"version": 1}, "bert": {"version": 1}})
        state["cls.predictions.decoder.weight"] = state["bert.embeddings.word_embeddings.weight"]
        # a view: transposed storage, so strides matter
        key = "bert.encoder.layer.0.output.dense.weight"
        state[key] = weights[key].t().contiguous().t()
        return lambda folder: torch.save(state, os.path.join(folder, "pytorch_model.bin"))

    def shards_of_pickles(config, weights):
        def to(folder):
            names = {}
            for i in range(2):
                file = f"pytorch_model-{i + 1:05d}-of-00002.bin"
                part = dict(list(weights.items())[i::2])
                torch.save(part, os.path.join(folder, file))
                names.update({k: file for k in part})
            json.dump({"metadata": {"total_size": 1}, "weight_map": names}, open(os.path.join(folder, "pytorch_model.bin.index.json"), "w"))
        return to
    spelled("bert-mlm", "bin", ordered, "pytorch_model.bin: zip format, OrderedDict with metadata, parameters, a shared and a strided tensor")
    spelled("bert-mlm", "bin-legacy", pickled(_use_new_zipfile_serialization=False), "pytorch_model.bin: the format before torch 1.6")
    spelled("bert-mlm", "bin-protocol4", pickled(pickle_protocol=4), "pytorch_model.bin: pickle protocol 4")
    spelled("bert-mlm", "bin-sharded", shards_of_pickles, "two pickles with an index")
    spelled("wav2vec2-ctc-base", "bin-legacy", pickled(_use_new_zipfile_serialization=False), "pytorch_model.bin: the format before torch 1.6")

    new_norm = renamed(("conv.weight_g", "conv.parametrizations.weight.original0"), ("conv.weight_v", "conv.parametrizations.weight.original1"))
    for base in ("wav2vec2-ctc-base", "hubert-ctc-large"):
        spelled(base, "parametrizations", new_norm, "the newer spelling of weight norm")

    def stored(base, kind, word, key):
        name = f"{base}--{word}"

        def build():
            config, weights, io = read(base)
            weights = {k: v.to(kind) for k, v in weights.items()}
            model = getattr(m.T, config["architectures"][0])
            config[key] = str(kind).replace("torch.", "")
            if key == "dtype":
                config.pop("torch_dtype")
            model = model(model.config_class(**{k: v for k, v in config.items() if k not in ("torch_dtype", "dtype")}))
            missing = model.load_state_dict({k: v.float() for k, v in weights.items()}, strict=False)
            assert not missing.unexpected_keys
            model.tie_weights()
            model.eval()
            inputs = {k[3:]: v for k, v in io.items() if k.startswith("in.")}
            m.write(name, config, weights, m.record(inputs, m.run(model, inputs)))
        m.MAKERS[name], m.NOTES[name] = build, f"{base}, weights stored in {word}; outputs computed in float32 from the stored values"
    for base in ("bert-mlm", "llama-gqa"):
        stored(base, torch.float16, "f16", "torch_dtype")
        stored(base, torch.bfloat16, "bf16", "dtype")
        stored(base, torch.float64, "f64", "torch_dtype")

    def torchvision(config, weights):
        out = {}
        for k, v in weights.items():
            if ".attention.attention." in k:
                continue
            for old, new in (("vit.embeddings.cls_token", "class_token"), ("vit.embeddings.position_embeddings", "encoder.pos_embedding"), ("vit.embeddings.patch_embeddings.projection", "conv_proj"),
                             ("vit.encoder.layer.", "encoder.layers.encoder_layer_"), ("layernorm_before", "ln_1"), ("layernorm_after", "ln_2"), ("attention.output.dense", "self_attention.out_proj"),
                             ("intermediate.dense", "mlp.0"), ("output.dense", "mlp.3"), ("vit.layernorm", "encoder.ln"), ("classifier", "heads.head")):
                k = k.replace(old, new)
            out[k] = v
        for i in range(config["num_hidden_layers"]):
            for kind in ("weight", "bias"):
                out[f"encoder.layers.encoder_layer_{i}.self_attention.in_proj_{kind}"] = torch.cat([weights[f"vit.encoder.layer.{i}.attention.attention.{p}.{kind}"] for p in ("query", "key", "value")])
        return out

    def timm(config, weights):
        out = {}
        for k, v in weights.items():
            if ".attention.attention." in k:
                continue
            for old, new in (("vit.embeddings.cls_token", "cls_token"), ("vit.embeddings.position_embeddings", "pos_embed"), ("vit.embeddings.patch_embeddings.projection", "patch_embed.proj"),
                             ("vit.encoder.layer.", "blocks."), ("layernorm_before", "norm1"), ("layernorm_after", "norm2"), ("attention.output.dense", "attn.proj"),
                             ("intermediate.dense", "mlp.fc1"), ("output.dense", "mlp.fc2"), ("vit.layernorm", "norm"), ("classifier", "head")):
                k = k.replace(old, new)
            out[k] = v
        for i in range(config["num_hidden_layers"]):
            for kind in ("weight", "bias"):
                out[f"blocks.{i}.attn.qkv.{kind}"] = torch.cat([weights[f"vit.encoder.layer.{i}.attention.attention.{p}.{kind}"] for p in ("query", "key", "value")])
        return out
    spelled("vit-cls", "torchvision", torchvision, "torchvision's names")
    spelled("vit-cls", "timm", timm, "timm's names")

    def rope_parameters(config, weights):
        scaling = config.pop("rope_scaling", None) or {"rope_type": "default"}
        scaling = {("rope_type" if k == "type" else k): v for k, v in scaling.items()}
        scaling["rope_theta"] = float(config.pop("rope_theta", config.pop("rotary_emb_base", 10000)))
        part = config.pop("partial_rotary_factor", config.pop("rotary_pct", None))
        if part is not None:
            scaling["partial_rotary_factor"] = part
        config["rope_parameters"] = scaling
        return weights
    for base in ("llama-gqa", "llama-rope-linear", "llama-rope-dynamic", "llama-rope-llama3", "mistral-window", "qwen2-lm", "qwen3-lm", "olmo2-lm", "gpt-neox-lm", "phi-lm", "falcon-7b"):
        spelled(base, "rope-parameters", rope_parameters, "newer keys: rope_parameters")

    def yarn_new(config, weights):
        # newer files say both the length of pretraining and the longer one
        config["rope_scaling"]["original_max_position_embeddings"] = config["max_position_embeddings"]
        config["max_position_embeddings"] *= int(config["rope_scaling"]["factor"])
        return weights
    spelled("llama-rope-yarn", "original-length", yarn_new, "original_max_position_embeddings beside a longer max_position_embeddings")

    def layer_types(config, weights):
        config["layer_types"] = ["sliding_attention" if i >= config["max_window_layers"] else "full_attention" for i in range(config["num_hidden_layers"])]
        return weights
    for base in ("qwen2-window-layers", "qwen3-window-layers"):
        spelled(base, "layer-types", layer_types, "newer key layer_types beside the older")

    def minimal(config, weights):
        fresh = json.loads(m.T.CONFIG_MAPPING[config["model_type"]]().to_json_string(use_diff=True))
        for key in list(config):
            if key in fresh and fresh[key] == config[key] and key not in ("model_type", "architectures"):
                del config[key]
        for part in ("transformers_version", "torch_dtype", "problem_type"):
            config.pop(part, None)
        return weights
    for base in ("bert-mlm", "roberta-mlm", "albert-mlm", "electra-discriminator", "distilbert-mlm", "gpt2-lm", "gpt-neox-lm", "llama-gqa", "mistral-full-head-dim", "qwen2-lm", "falcon-7b",
                 "phi-lm", "t5-v1.0", "t5-v1.1", "mt5", "bart-lm", "vit-cls", "wav2vec2-ctc-base", "hubert-ctc-large", "clip-eos"):
        spelled(base, "minimal", minimal, "configuration without the keys that have the family's default")
