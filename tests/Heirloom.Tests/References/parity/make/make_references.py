"""Builds tiny reference models with random weights, and what transformers 4.46 makes of them.

Usage: make_references.py TARGET [NAME-PREFIX ...]   (default: all). Needs torch, transformers 4.46 and safetensors.
Seeds come from the folders' names, so that a folder is the same each time it is made with the same versions.
"""
import json
import os
import re
import shutil
import sys
import warnings
import zlib

import torch
import transformers as T
import variants_by_hand as H
from safetensors.torch import load_file, save_file
from torch import nn

warnings.filterwarnings("ignore")

torch.set_num_threads(1)
TARGET = sys.argv[1] if len(sys.argv) > 1 else "references"
MAKERS, NOTES = {}, {}


def maker(name, note=""):
    def add(f):
        MAKERS[name], NOTES[name] = f, note
        return f
    return add


def seeded(name):
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def noise(model, name):
    """Weights of order 1/sqrt(fan-in), norms around 1, biases around 0: nothing keeps its default."""
    g = seeded(name)
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    transposed = {id(m.weight) for m in model.modules() if type(m).__name__ == "Conv1D"}
    done = set()
    with torch.no_grad():
        for key, p in list(model.named_parameters()):
            if id(p) in done:
                continue
            done.add(id(p))
            r = torch.randn(p.shape, generator=g)
            last = key.split(".")[-1]
            if key.endswith("logit_scale"):
                p.fill_(1.3)
            elif p.dim() <= 1:
                p.copy_(1 + 0.25 * r if last in ("weight", "layer_weights") and p.dim() == 1 else 0.3 * r)
            elif last in ("weight_g", "original0"):
                p.copy_(1.5 + 0.3 * r.abs())
            elif id(p) in embeddings:
                p.copy_(0.5 * r)
            else:
                fan = p.shape[0] if id(p) in transposed else p[0].numel()
                p.copy_(1.2 * r / fan ** 0.5)
        for key, b in model.named_buffers():
            if key.endswith("final_logits_bias"):
                b.copy_(0.3 * torch.randn(b.shape, generator=g))
    return model.eval()


def weights_of(model, ties=True):
    """What the library saves: no tied duplicates, no buffers that are not kept."""
    state, seen, out = model.state_dict(), {}, {}
    tied = [re.compile(k) for k in (model._tied_weights_keys or [])]
    for key in sorted(state, key=lambda k: any(t.search(k) for t in tied)):
        tensor = state[key]
        where = (tensor.data_ptr(), tuple(tensor.shape))
        if ties and where in seen and any(t.search(key) for t in tied):
            continue
        seen[where] = key
        out[key] = tensor.clone()
    return out


def config_of(model):
    config = json.loads(model.config.to_json_string(use_diff=True))
    config["architectures"] = [getattr(model, "hub_name", type(model).__name__)]
    config["torch_dtype"] = "float32"
    for key in list(config):
        if key in ("_attn_implementation_autoset", "_name_or_path"):
            del config[key]
    return config


def write(name, config, weights, io):
    folder = os.path.join(TARGET, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=1)
    if weights is not None:
        save_file({k: v.contiguous() for k, v in weights.items()}, os.path.join(folder, "model.safetensors"), {"format": "pt"})
    save_file({k: v.contiguous() for k, v in io.items()}, os.path.join(folder, "io.safetensors"))
    return folder


def record(inputs, outputs):
    io = {f"in.{k}": v for k, v in inputs.items()}
    for k, v in outputs.items():
        if isinstance(v, torch.Tensor):
            v = v.detach()
            io[f"out.{k}"] = (v.float() if v.is_floating_point() else v).reshape([1] if v.dim() == 0 else v.shape)
    return io


KEEP = ("logits", "loss", "prediction_logits", "sop_logits", "seq_relationship_logits", "start_logits", "end_logits", "last_hidden_state", "pooler_output",
        "logits_per_image", "logits_per_text", "text_embeds", "image_embeds", "extract_features")


def run(model, inputs, keep=KEEP):
    with torch.no_grad():
        out = model(**inputs, return_dict=True)
    found = {k: out[k] for k in keep if k in out and out[k] is not None}
    if "encoder_last_hidden_state" in out and out["encoder_last_hidden_state"] is not None:
        found["encoder"] = out["encoder_last_hidden_state"]
    return found


def greedy(model, ids, length=24, prompt=5, **kw):
    text = ids[:, :prompt]
    with torch.no_grad():
        while text.shape[1] < length:
            text = torch.cat([text, model(input_ids=text, **kw).logits[:, -1].argmax(-1, keepdim=True)], 1)
    return text


def ids(name, vocabulary, batch=2, length=11, low=3):
    return torch.randint(low, vocabulary, (batch, length), generator=seeded(name + "/ids"))


def mask(batch=2, length=11, pad=3):
    m = torch.ones(batch, length, dtype=torch.long)
    m[-1, length - pad:] = 0
    return m


def padded(name, vocabulary, pad_id, length=11, pad=3, low=3, batch=2):
    i, m = ids(name, vocabulary, batch, length, low), mask(batch, length, pad)
    return {"input_ids": i.masked_fill(m == 0, pad_id), "attention_mask": m}


def types(batch=2, length=11, first=6):
    t = torch.zeros(batch, length, dtype=torch.long)
    t[:, first:] = 1
    return t


def mlm_labels(name, inputs, vocabulary):
    g = seeded(name + "/labels")
    labels = torch.randint(0, vocabulary, inputs["input_ids"].shape, generator=g)
    return labels.masked_fill((torch.rand(labels.shape, generator=g) > 0.4) | (inputs["attention_mask"] == 0), -100)


V = 43
PAIR = {"start_positions": torch.tensor([2, 5]), "end_positions": torch.tensor([7, 8])}
LABELS = {"id2label": {i: f"LABEL_{i}" for i in range(3)}, "label2id": {f"LABEL_{i}": i for i in range(3)}}


def token_labels(name, inputs, classes=3):
    labels = torch.randint(0, classes, inputs["input_ids"].shape, generator=seeded(name + "/labels"))
    return labels.masked_fill(inputs["attention_mask"] == 0, -100)


def save(name, model, inputs, more=None, config=None, weights=None, keep=KEEP):
    noise(model, name)
    out = run(model, inputs, keep)
    out.update(more(model, inputs) if more else {})
    c = config_of(model)
    c.update(config or {})
    write(name, c, weights(model) if weights else weights_of(model), record(inputs, out))
    return model


# ---- BERT and its relatives

BERT = dict(vocab_size=V, hidden_size=18, num_hidden_layers=2, num_attention_heads=3, intermediate_size=30, max_position_embeddings=16)


def encoder_tasks(prefix, cfg, base, tasks, with_types, pad, more_cfg=None, low=3):
    for task in tasks:
        name = f"{prefix}-{task}"

        def build(task=task, name=name):
            inputs = padded(name, V, pad, low=low)
            if with_types:
                inputs["token_type_ids"] = types()
            kw = dict(cfg)
            if task in ("seq-cls", "token-cls"):
                kw.update(LABELS)
            elif task == "multiple-choice":
                many = padded(name, V, pad, batch=6, low=low)
                inputs = {k: v.view(2, 3, -1) for k, v in many.items()}
                if with_types:
                    inputs["token_type_ids"] = types(6).view(2, 3, -1)
            cls = getattr(T, base + {"mlm": "ForMaskedLM", "pretraining": "ForPreTraining", "seq-cls": "ForSequenceClassification", "token-cls": "ForTokenClassification",
                                     "qa": "ForQuestionAnswering", "multiple-choice": "ForMultipleChoice", "bare": "Model", "nsp": "ForNextSentencePrediction",
                                     "discriminator": "ForPreTraining", "causal": "LMHeadModel"}[task])
            if task == "mlm":
                inputs["labels"] = mlm_labels(name, inputs, V)
            elif task == "pretraining":
                inputs["labels"] = mlm_labels(name, inputs, V)
                inputs["sentence_order_label" if base == "Albert" else "next_sentence_label"] = torch.tensor([1, 0])
            elif task in ("seq-cls", "multiple-choice", "nsp"):
                inputs["labels"] = torch.tensor([1, 0] if task == "nsp" else [2, 0])
            elif task == "token-cls":
                inputs["labels"] = token_labels(name, inputs)
            elif task == "discriminator":
                inputs["labels"] = token_labels(name, inputs, 2).clamp(min=0)
            elif task == "qa":
                inputs.update(PAIR)
            config = cls.config_class(**kw, **(more_cfg or {}))
            save(name, cls(config), inputs)
        MAKERS[name], NOTES[name] = build, ""


ALBERT = dict(BERT, embedding_size=12, hidden_act="gelu_new")
ELECTRA = dict(BERT, embedding_size=12)
DISTIL = dict(vocab_size=V, dim=18, hidden_dim=30, n_layers=2, n_heads=3, max_position_embeddings=16)
encoder_tasks("albert", ALBERT, "Albert", ["mlm", "seq-cls", "token-cls", "qa", "multiple-choice", "bare", "pretraining"], True, 0)
encoder_tasks("albert-groups2", dict(ALBERT, num_hidden_layers=4, num_hidden_groups=2), "Albert", ["mlm"], True, 0)
encoder_tasks("albert-inner2", dict(ALBERT, num_hidden_layers=2, inner_group_num=2, classifier_dropout_prob=0.1), "Albert", ["mlm"], True, 0)
encoder_tasks("electra", ELECTRA, "Electra", ["discriminator", "seq-cls", "token-cls", "qa", "multiple-choice", "bare"], True, 0)
encoder_tasks("electra-generator", dict(ELECTRA, num_attention_heads=2, intermediate_size=26), "Electra", ["mlm"], True, 0)
encoder_tasks("electra-same-width", dict(ELECTRA, embedding_size=18), "Electra", ["discriminator"], True, 0)
encoder_tasks("distilbert", DISTIL, "DistilBert", ["mlm", "seq-cls", "token-cls", "qa", "multiple-choice", "bare"], False, 0)
encoder_tasks("distilbert-sinusoidal", dict(DISTIL, sinusoidal_pos_embds=True), "DistilBert", ["mlm"], False, 0)
encoder_tasks("bert", BERT, "Bert", ["mlm", "pretraining", "nsp", "seq-cls", "token-cls", "qa", "multiple-choice", "bare"], True, 0)
encoder_tasks("bert-relu-untied", dict(BERT, hidden_act="relu", tie_word_embeddings=False, layer_norm_eps=1e-6), "Bert", ["mlm"], True, 0)
ROBERTA = dict(BERT, type_vocab_size=1)
# ids from 0: the padding id within the text moves positions
encoder_tasks("roberta", ROBERTA, "Roberta", ["mlm", "seq-cls", "token-cls", "qa", "multiple-choice", "bare"], False, 1, low=0)
encoder_tasks("roberta-pad3", dict(ROBERTA, pad_token_id=3), "Roberta", ["mlm"], False, 3)
encoder_tasks("xlm-roberta", ROBERTA, "XLMRoberta", ["mlm", "seq-cls", "token-cls", "qa", "bare"], False, 1)

# ---- decoders


def causal(name, cls, cfg, note="", length=11, greedily=False, pad=True, config=None, weights=None, vocabulary=V, more=None):
    @maker(name, note)
    def build():
        inputs = padded(name, vocabulary, 0, length=length) if pad else {"input_ids": ids(name, vocabulary, length=length)}
        model = cls(cls.config_class(**cfg))
        inputs.update(more or {})
        inputs["labels"] = inputs["input_ids"].clone() if not pad else inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
        save(name, model, inputs, (lambda m, i: {"greedy": greedy(m, i["input_ids"])}) if greedily else None, config, weights)


def decoder_classifier(name, cls, cfg, pad):
    @maker(name)
    def build():
        inputs = padded(name, V, pad, low=5)
        inputs["labels"] = torch.tensor([2, 0])
        save(name, cls(cls.config_class(**cfg, **LABELS, pad_token_id=pad)), inputs)


NEOX = dict(vocab_size=V, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32, max_position_embeddings=40, hidden_act="gelu")
causal("gpt-neox-lm", T.GPTNeoXForCausalLM, NEOX, greedily=True)
causal("gpt-neox-sequential", T.GPTNeoXForCausalLM, dict(NEOX, use_parallel_residual=False, rotary_pct=1.0))
causal("gpt-neox-nobias", T.GPTNeoXForCausalLM, dict(NEOX, attention_bias=False, rotary_pct=0.5, rotary_emb_base=5000, tie_word_embeddings=True))
causal("gpt-neox-linear", T.GPTNeoXForCausalLM, dict(NEOX, rotary_pct=1.0, rope_scaling={"type": "linear", "factor": 2.0}))
decoder_classifier("gpt-neox-seq-cls", T.GPTNeoXForSequenceClassification, NEOX, 1)

FALCON = dict(vocab_size=V, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=40)
causal("falcon-7b", T.FalconForCausalLM, FALCON, greedily=True)
causal("falcon-40b", T.FalconForCausalLM, dict(FALCON, new_decoder_architecture=True, num_kv_heads=2), greedily=True)
causal("falcon-40b-one-norm", T.FalconForCausalLM, dict(FALCON, new_decoder_architecture=True, num_kv_heads=2, num_ln_in_parallel_attn=1))
causal("falcon-40b-mha-bias", T.FalconForCausalLM, dict(FALCON, new_decoder_architecture=True, bias=True, ffn_hidden_size=30))
# see the README on head_mask
causal("falcon-rw-alibi", T.FalconForCausalLM, dict(FALCON, alibi=True, multi_query=False, parallel_attn=False, bias=True), more={"head_mask": torch.ones(2, 4)})
causal("falcon-alibi-mq", T.FalconForCausalLM, dict(FALCON, alibi=True, num_attention_heads=2), more={"head_mask": torch.ones(2, 2)})
causal("falcon-alibi-6heads", T.FalconForCausalLM, dict(FALCON, alibi=True, hidden_size=24, num_attention_heads=6, multi_query=False), more={"head_mask": torch.ones(2, 6)})
causal("falcon-sequential-bias", T.FalconForCausalLM, dict(FALCON, parallel_attn=False, bias=True))
causal("falcon-mha-parallel", T.FalconForCausalLM, dict(FALCON, multi_query=False))
causal("falcon-untied", T.FalconForCausalLM, dict(FALCON, tie_word_embeddings=False))
decoder_classifier("falcon-seq-cls", T.FalconForSequenceClassification, FALCON, 2)

PHI = dict(vocab_size=V, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48, max_position_embeddings=40)
causal("phi-lm", T.PhiForCausalLM, PHI, greedily=True)
causal("phi-qknorm-gqa", H.PhiQkNormForCausalLM, dict(PHI, num_attention_heads=4, num_key_value_heads=2, qk_layernorm=True, partial_rotary_factor=0.25),
       "by hand: queries and keys are normalized head by head, as newer versions do (4.46 fails)")
decoder_classifier("phi-seq-cls", T.PhiForSequenceClassification, PHI, 1)

LLAMA = dict(vocab_size=V, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32, max_position_embeddings=40)
GQA = dict(LLAMA, num_key_value_heads=2)
L = T.LlamaForCausalLM
causal("llama-mha", L, LLAMA, greedily=True)
causal("llama-gqa", L, dict(GQA, rope_theta=500000.0), greedily=True)
causal("llama-mqa-biases", L, dict(LLAMA, num_key_value_heads=1, attention_bias=True, mlp_bias=True))
causal("llama-tied", L, dict(GQA, tie_word_embeddings=True, hidden_act="gelu"))
causal("llama-head-dim", L, dict(GQA, head_dim=10))
causal("llama-rope-linear", L, dict(GQA, rope_scaling={"rope_type": "linear", "factor": 4.0}))
causal("llama-rope-linear-old", L, dict(GQA, rope_scaling={"type": "linear", "factor": 2.5}))
causal("llama-rope-dynamic", L, dict(GQA, head_dim=8, max_position_embeddings=8, rope_scaling={"rope_type": "dynamic", "factor": 2.0}))
causal("llama-rope-dynamic-short", L, dict(GQA, head_dim=8, max_position_embeddings=16, rope_scaling={"type": "dynamic", "factor": 2.0}))
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
causal("llama-rope-llama3", L, dict(GQA, head_dim=16, max_position_embeddings=128, rope_theta=100.0, rope_scaling=LLAMA3), greedily=True)
causal("llama-rope-yarn", L, dict(GQA, head_dim=16, max_position_embeddings=32, rope_theta=1000.0, rope_scaling={"rope_type": "yarn", "factor": 4.0}))
causal("llama-rope-yarn-betas", L, dict(GQA, head_dim=16, max_position_embeddings=64, rope_theta=1000.0,
                                        rope_scaling={"rope_type": "yarn", "factor": 4.0, "attention_factor": 1.3, "beta_fast": 4.0, "beta_slow": 0.5}))
decoder_classifier("llama-seq-cls", T.LlamaForSequenceClassification, GQA, 2)
@maker("llama-token-cls")
def _():
    inputs = padded("llama-token-cls", V, 0)
    inputs["labels"] = token_labels("llama-token-cls", inputs)
    save("llama-token-cls", T.LlamaForTokenClassification(T.LlamaConfig(**GQA, **LABELS)), inputs)
@maker("llama-bare")
def _():
    save("llama-bare", T.LlamaModel(T.LlamaConfig(**GQA)), padded("llama-bare", V, 0))

causal("mistral-window", T.MistralForCausalLM, dict(GQA, sliding_window=4), greedily=True)
causal("mistral-full-head-dim", T.MistralForCausalLM, dict(GQA, sliding_window=None, head_dim=8, rope_theta=1e6))
decoder_classifier("mistral-seq-cls", T.MistralForSequenceClassification, dict(GQA, sliding_window=5), 2)
causal("qwen2-lm", T.Qwen2ForCausalLM, GQA, greedily=True)
causal("qwen2-tied", T.Qwen2ForCausalLM, dict(GQA, tie_word_embeddings=True, rope_theta=1e6))
decoder_classifier("qwen2-seq-cls", T.Qwen2ForSequenceClassification, GQA, 2)
causal("qwen2-window-layers", H.WindowedQwen2ForCausalLM, dict(GQA, num_hidden_layers=3, use_sliding_window=True, sliding_window=4, max_window_layers=1),
       "by hand: layers from max_window_layers on see the window, as newer versions and fused kernels compute it", greedily=True)
causal("qwen3-lm", H.Qwen3ForCausalLM, dict(GQA, head_dim=8, rope_theta=1e6), "by hand: RMS norm over each head's query and key before rotation, no biases", greedily=True)
causal("qwen3-tied-bias", H.Qwen3ForCausalLM, dict(GQA, head_dim=10, attention_bias=True, tie_word_embeddings=True), "by hand")
causal("qwen3-window-layers", H.Qwen3ForCausalLM, dict(GQA, head_dim=8, num_hidden_layers=3, use_sliding_window=True, sliding_window=5, max_window_layers=2), "by hand")
causal("olmo2-lm", H.Olmo2ForCausalLM, dict(LLAMA, rms_norm_eps=1e-5, rope_theta=500000.0), "by hand: norms after the branches, RMS norm over all queries and all keys", greedily=True)
causal("olmo2-gqa", H.Olmo2ForCausalLM, dict(GQA, rms_norm_eps=1e-6), "by hand")

GPT2 = dict(vocab_size=V, n_embd=24, n_layer=2, n_head=3, n_positions=40, bos_token_id=0, eos_token_id=0)
causal("gpt2-lm", T.GPT2LMHeadModel, GPT2, greedily=True)
causal("gpt2-scales", T.GPT2LMHeadModel, dict(GPT2, n_inner=50, activation_function="relu", scale_attn_by_inverse_layer_idx=True, layer_norm_epsilon=1e-6))
causal("gpt2-untied", T.GPT2LMHeadModel, dict(GPT2, tie_word_embeddings=False, scale_attn_weights=False))
decoder_classifier("gpt2-seq-cls", T.GPT2ForSequenceClassification, GPT2, 1)
@maker("gpt2-token-cls")
def _():
    inputs = padded("gpt2-token-cls", V, 0)
    inputs["labels"] = token_labels("gpt2-token-cls", inputs)
    save("gpt2-token-cls", T.GPT2ForTokenClassification(T.GPT2Config(**GPT2, **LABELS)), inputs)

# ---- encoder-decoders

T5 = dict(vocab_size=V, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_heads=4, relative_attention_num_buckets=8, relative_attention_max_distance=12, decoder_start_token_id=0)


def seq2seq(name, cls, cfg, pad, start, length=11, config=None):
    @maker(name)
    def build():
        inputs = padded(name, V, pad, length=length)
        labels = torch.randint(3, V, (2, 7), generator=seeded(name + "/labels"))
        labels[1, 5:] = -100
        inputs["labels"] = labels

        def more(model, i):
            text = torch.full((2, 1), start)
            with torch.no_grad():
                while text.shape[1] < 12:
                    out = model(input_ids=i["input_ids"], attention_mask=i["attention_mask"], decoder_input_ids=text)
                    text = torch.cat([text, out.logits[:, -1].argmax(-1, keepdim=True)], 1)
            return {"greedy": text}
        save(name, cls(cls.config_class(**cfg)), inputs, more, config)


seq2seq("t5-v1.0", T.T5ForConditionalGeneration, T5, 0, 0)
seq2seq("t5-v1.1", T.T5ForConditionalGeneration, dict(T5, feed_forward_proj="gated-gelu", tie_word_embeddings=False, num_decoder_layers=3), 0, 0, length=21)
seq2seq("t5-gated-silu", T.T5ForConditionalGeneration, dict(T5, feed_forward_proj="gated-silu"), 0, 0)
seq2seq("mt5", T.MT5ForConditionalGeneration, dict(T5, tie_word_embeddings=False), 0, 0)
@maker("t5-encoder")
def _():
    save("t5-encoder", T.T5EncoderModel(T.T5Config(**T5, feed_forward_proj="gated-gelu")), padded("t5-encoder", V, 0))
@maker("t5-bare")
def _():
    inputs = padded("t5-bare", V, 0)
    inputs["decoder_input_ids"] = ids("t5-bare/decoder", V, length=7)
    save("t5-bare", T.T5Model(T.T5Config(**T5)), inputs)

BART = dict(vocab_size=V, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=4, encoder_ffn_dim=24, decoder_ffn_dim=20,
            max_position_embeddings=16)
seq2seq("bart-lm", T.BartForConditionalGeneration, BART, 1, 2)
seq2seq("bart-scaled", T.BartForConditionalGeneration, dict(BART, scale_embedding=True, activation_function="relu", decoder_layers=1, decoder_start_token_id=0), 1, 0)
seq2seq("mbart-lm", T.MBartForConditionalGeneration, BART, 1, 2)
@maker("bart-seq-cls")
def _():
    inputs = padded("bart-seq-cls", V, 1, low=4)
    inputs["input_ids"][0, -1] = 2
    inputs["input_ids"][1, 7] = 2
    inputs["labels"] = torch.tensor([2, 0])
    save("bart-seq-cls", T.BartForSequenceClassification(T.BartConfig(**BART, **LABELS)), inputs)
@maker("bart-qa")
def _():
    save("bart-qa", T.BartForQuestionAnswering(T.BartConfig(**BART)), {**padded("bart-qa", V, 1), **PAIR})
@maker("bart-bare")
def _():
    inputs = padded("bart-bare", V, 1)
    inputs["decoder_input_ids"] = ids("bart-bare/decoder", V, length=7)
    save("bart-bare", T.BartModel(T.BartConfig(**BART)), inputs)

# ---- vision

VIT = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32, image_size=16, patch_size=4)


def pixels(name, size=16, channels=3, batch=2):
    return torch.randn(batch, channels, size, size, generator=seeded(name + "/pixels"))


@maker("vit-cls")
def _():
    save("vit-cls", T.ViTForImageClassification(T.ViTConfig(**VIT, **LABELS)), {"pixel_values": pixels("vit-cls"), "labels": torch.tensor([1, 2])})
@maker("vit-bare")
def _():
    save("vit-bare", T.ViTModel(T.ViTConfig(**VIT, qkv_bias=False)), {"pixel_values": pixels("vit-bare")})
@maker("vit-gray")
def _():
    save("vit-gray", T.ViTForImageClassification(T.ViTConfig(**dict(VIT, num_channels=1, hidden_act="relu", layer_norm_eps=1e-6), **LABELS)), {"pixel_values": pixels("vit-gray", channels=1)})
@maker("vit-mim")
def _():
    hidden = torch.rand(2, 16, generator=seeded("vit-mim/mask")) > 0.5
    model = T.ViTForMaskedImageModeling(T.ViTConfig(**VIT, encoder_stride=4))
    save("vit-mim", model, {"pixel_values": pixels("vit-mim"), "bool_masked_pos": hidden}, keep=("loss", "reconstruction"))


def clip_config(**text):
    return T.CLIPConfig(text_config=dict(dict(vocab_size=V, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=16,
                                              projection_dim=20), **text),
                        vision_config=dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=16, patch_size=4, projection_dim=20),
                        projection_dim=20)


def clip_inputs(name, eos, pad):
    inputs = padded(name, V - 2, pad, low=4, batch=3, length=11)
    inputs["input_ids"][:2, -1] = eos
    inputs["input_ids"][2, 6] = eos
    return inputs


@maker("clip-legacy-eos", "eos_token_id 2: the text is read at its highest id")
def _():
    save("clip-legacy-eos", T.CLIPModel(clip_config(eos_token_id=2)), {**clip_inputs("clip-legacy-eos", V - 1, 0), "pixel_values": pixels("clip-legacy-eos")})
@maker("clip-eos", "the text is read at the first eos")
def _():
    save("clip-eos", T.CLIPModel(clip_config(eos_token_id=5, bos_token_id=4, pad_token_id=1, hidden_act="gelu")),
         {**clip_inputs("clip-eos", 5, 1), "pixel_values": pixels("clip-eos", batch=3)}, lambda m, i: {"loss": m(**i, return_loss=True).loss})
@maker("clip-text")
def _():
    c = clip_config(eos_token_id=5, bos_token_id=4, pad_token_id=1).text_config
    save("clip-text", T.CLIPTextModelWithProjection(c), clip_inputs("clip-text", 5, 1))
@maker("clip-vision")
def _():
    save("clip-vision", T.CLIPVisionModelWithProjection(clip_config().vision_config), {"pixel_values": pixels("clip-vision")})
@maker("clip-text-bare")
def _():
    save("clip-text-bare", T.CLIPTextModel(clip_config(eos_token_id=2).text_config), clip_inputs("clip-text-bare", V - 1, 0))
@maker("clip-vision-bare")
def _():
    save("clip-vision-bare", T.CLIPVisionModel(clip_config().vision_config), {"pixel_values": pixels("clip-vision-bare")})

# ---- speech

SPEECH = dict(vocab_size=20, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32, conv_dim=[16, 16, 12], conv_stride=[5, 2, 2], conv_kernel=[10, 3, 2],
              num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4)
STABLE = dict(SPEECH, feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True)


def sound(name, length=700, masked=False, pad=200):
    inputs = {"input_values": torch.randn(2, length, generator=seeded(name + "/sound"))}
    if masked:
        m = mask(2, length, pad)
        inputs["input_values"] = inputs["input_values"] * m
        inputs["attention_mask"] = m
    return inputs


def speech(name, cls, cfg, masked, labels=None, note="", keep=KEEP):
    @maker(name, note)
    def build():
        inputs = sound(name, masked=masked)
        if labels is not None:
            inputs["labels"] = labels
        save(name, cls(cls.config_class(**cfg)), inputs, keep=keep)


TRANSCRIPT = torch.tensor([[3, 5, 5, 9, 4], [7, 2, 11, -100, -100]])
for family, base in (("wav2vec2", "Wav2Vec2"), ("hubert", "Hubert")):
    ctc, cls, bare = (getattr(T, base + s) for s in ("ForCTC", "ForSequenceClassification", "Model"))
    speech(f"{family}-ctc-base", ctc, SPEECH, False, TRANSCRIPT)
    speech(f"{family}-ctc-base-mask", ctc, dict(SPEECH, ctc_loss_reduction="mean", ctc_zero_infinity=True), True, TRANSCRIPT)
    speech(f"{family}-ctc-large", ctc, STABLE, True, TRANSCRIPT)
    speech(f"{family}-layer-norm-post", ctc, dict(STABLE, do_stable_layer_norm=False, conv_bias=False), True)
    speech(f"{family}-seq-cls", cls, dict(SPEECH, classifier_proj_size=12, **LABELS), False, torch.tensor([1, 2]))
    speech(f"{family}-seq-cls-weighted", cls, dict(STABLE, classifier_proj_size=12, use_weighted_layer_sum=True, **LABELS), True)
    speech(f"{family}-bare", bare, SPEECH, False)
speech("hubert-batch-norm", T.HubertForCTC, dict(SPEECH, conv_pos_batch_norm=True), False) if hasattr(T.HubertConfig(), "conv_pos_batch_norm") else None
speech("hubert-no-proj-norm", T.HubertForCTC, dict(SPEECH, feat_proj_layer_norm=False), False)
speech("wav2vec2-frame-cls", T.Wav2Vec2ForAudioFrameClassification, dict(SPEECH, **LABELS), False)
speech("wav2vec2-adapter-ctc", T.Wav2Vec2ForCTC, dict(STABLE, add_adapter=True, num_adapter_layers=2, output_hidden_size=16), True)
speech("wav2vec2-adapter", T.Wav2Vec2Model, dict(SPEECH, add_adapter=True, num_adapter_layers=2), True)
speech("wav2vec2-attn-adapter", T.Wav2Vec2ForCTC, dict(STABLE, adapter_attn_dim=8), True)
@maker("wav2vec2-pretraining", "the masked frames and the negatives are inputs; no Gumbel noise in evaluation")
def _():
    import numpy as np
    name = "wav2vec2-pretraining"
    from transformers.models.wav2vec2.modeling_wav2vec2 import _compute_mask_indices, _sample_negative_indices
    model = T.Wav2Vec2ForPreTraining(T.Wav2Vec2Config(**SPEECH, num_codevectors_per_group=6, codevector_dim=16, proj_codevector_dim=20, num_negatives=4))
    inputs = sound(name)
    frames = int(model._get_feat_extract_output_lengths(700))
    np.random.seed(5)
    masked = _compute_mask_indices((2, frames), 0.3, 3)
    inputs["mask_time_indices"] = torch.from_numpy(masked)
    inputs["sampled_negative_indices"] = torch.from_numpy(_sample_negative_indices((2, frames), 4, masked)).long()
    save(name, model, inputs, keep=("loss", "projected_states", "projected_quantized_states", "contrastive_loss", "diversity_loss", "codevector_perplexity"))

import spellings  # noqa: E402

spellings.add(sys.modules[__name__])

if __name__ == "__main__":
    chosen = [n for n in MAKERS if len(sys.argv) <= 2 or any(n.startswith(p) for p in sys.argv[2:])]
    failed = []
    for name in chosen:
        try:
            MAKERS[name]()
            print("made", name, flush=True)
        except Exception as error:
            failed.append(name)
            print("FAILED", name, type(error).__name__, str(error)[:300], flush=True)
    if failed:
        print("failed:", *failed)
    with open(os.path.join(TARGET, "INDEX.md"), "w") as file:
        file.write("# Reference models\n\nFrom transformers 4.46 (torch 1.13, eager attention, float32) with seeded noise on every parameter. `in.*` are the call's arguments, `out.*` its outputs;\n"
                   "`out.encoder` is the encoder's last hidden state, `out.greedy` greedy decoding (decoders: from the first five ids to length 24; encoder-decoders: from the start id to length 12).\n\n"
                   "| folder | architecture | inputs | outputs | note |\n|---|---|---|---|---|\n")
        for name in MAKERS:
            folder = os.path.join(TARGET, name)
            if os.path.exists(os.path.join(folder, "io.safetensors")):
                io = load_file(os.path.join(folder, "io.safetensors"))
                architecture = json.load(open(os.path.join(folder, "config.json"))).get("architectures", ["?"])[0]
                inputs, outputs = (", ".join(k.split(".", 1)[1] for k in io if k.startswith(p)) for p in ("in.", "out."))
                file.write(f"| {name} | {architecture} | {inputs} | {outputs} | {NOTES[name]} |\n")
