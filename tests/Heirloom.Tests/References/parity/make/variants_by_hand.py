"""Families that are newer than the sources, written on top of its Llama and Qwen 2 as their papers and model cards describe them."""
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, PhiForCausalLM
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.models.llama import modeling_llama as _llama


def plain_attention(self, q, k, v, mask):
    k, v = _llama.repeat_kv(k, self.num_key_value_groups), _llama.repeat_kv(v, self.num_key_value_groups)
    scores = q @ k.transpose(2, 3) / self.head_dim ** 0.5
    if mask is not None:
        scores = scores + mask[..., : k.shape[-2]]
    out = torch.softmax(scores, -1) @ v
    return self.o_proj(out.transpose(1, 2).reshape(q.shape[0], q.shape[2], -1))


def windowed(mask, window):
    """The causal mask in which a query sees the last `window` keys, itself among them."""
    length = mask.shape[-1]
    at = torch.arange(length)
    return mask.masked_fill(at[None, :] <= at[:, None] - window, torch.finfo(mask.dtype).min)


class Attention(nn.Module):
    def __init__(self, old, config, index, norms):
        super().__init__()
        self.num_key_value_groups, self.norms = config.num_attention_heads // config.num_key_value_heads, norms
        self.head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        q, k = config.num_attention_heads * self.head_dim, config.num_key_value_heads * self.head_dim
        qkv, out = (True, False) if config.model_type == "qwen2" else (bool(getattr(config, "attention_bias", False)),) * 2
        d = config.hidden_size
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = nn.Linear(d, q, qkv), nn.Linear(d, k, qkv), nn.Linear(d, k, qkv), nn.Linear(q, d, out)
        if norms == "head":
            self.q_norm, self.k_norm = (_llama.LlamaRMSNorm(self.head_dim, config.rms_norm_eps) for _ in "qk")
        elif norms == "all":
            self.q_norm, self.k_norm = _llama.LlamaRMSNorm(q, config.rms_norm_eps), _llama.LlamaRMSNorm(k, config.rms_norm_eps)
        self.window = config.sliding_window if getattr(config, "use_sliding_window", False) and index >= config.max_window_layers else None

    def forward(self, hidden_states, attention_mask=None, position_embeddings=None, past_key_value=None, **_):
        batch, length, _ = hidden_states.shape
        q, k, v = self.q_proj(hidden_states), self.k_proj(hidden_states), self.v_proj(hidden_states)
        if self.norms == "all":
            q, k = self.q_norm(q), self.k_norm(k)
        q, k, v = (x.view(batch, length, -1, self.head_dim) for x in (q, k, v))
        if self.norms == "head":
            q, k = self.q_norm(q), self.k_norm(k)
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        q, k = _llama.apply_rotary_pos_emb(q, k, *position_embeddings)
        if self.window:
            attention_mask = windowed(attention_mask, self.window)
        return plain_attention(self, q, k, v, attention_mask), None, past_key_value


class AfterBranch(nn.Module):
    """x + norm(branch(x)), as OLMo 2 has it."""

    def __init__(self, old, config):
        super().__init__()
        self.self_attn, self.mlp = old.self_attn, old.mlp
        self.post_attention_layernorm = _llama.LlamaRMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_feedforward_layernorm = _llama.LlamaRMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, hidden_states, **kw):
        x = hidden_states + self.post_attention_layernorm(self.self_attn(hidden_states, **kw)[0])
        return (x + self.post_feedforward_layernorm(self.mlp(x)), kw.get("past_key_value"))


def all_masked(model):
    # a mask is always made: the windows need it
    inner = model.model
    def forward(input_ids, attention_mask=None, **_):
        x = inner.embed_tokens(input_ids)
        b, t = input_ids.shape
        low = torch.finfo(x.dtype).min
        mask = torch.full((t, t), low).triu(1)[None, None].repeat(b, 1, 1, 1)
        if attention_mask is not None:
            mask = mask.masked_fill(attention_mask[:, None, None, :] == 0, low)
        rope = inner.rotary_emb(x, torch.arange(t)[None])
        for layer in inner.layers:
            x = layer(x, attention_mask=mask, position_embeddings=rope)[0]
        return inner.norm(x)
    return forward


class ByHand(LlamaForCausalLM):
    norms, after = None, False

    def __init__(self, config):
        super().__init__(config)
        for i, layer in enumerate(self.model.layers):
            layer.self_attn = Attention(layer.self_attn, config, i, self.norms)
            if self.after:
                self.model.layers[i] = AfterBranch(layer, config)

    def forward(self, input_ids, attention_mask=None, labels=None, return_dict=True):
        logits = self.lm_head(all_masked(self)(input_ids, attention_mask))
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1))
        return CausalLMOutputWithPast(loss=loss, logits=logits)


class Qwen3Config(LlamaConfig):
    model_type = "qwen3"


class Olmo2Config(LlamaConfig):
    model_type = "olmo2"


class WindowedConfig(LlamaConfig):
    model_type = "qwen2"


class Qwen3ForCausalLM(ByHand):
    config_class, norms = Qwen3Config, "head"


class Olmo2ForCausalLM(ByHand):
    config_class, norms, after = Olmo2Config, "all", True


class WindowedQwen2ForCausalLM(ByHand):
    config_class, hub_name = WindowedConfig, "Qwen2ForCausalLM"


class HeadNorm(nn.LayerNorm):
    """Applied to each head of a flat last axis."""

    def forward(self, x):
        return super().forward(x.view(*x.shape[:-1], -1, self.normalized_shape[0])).view(x.shape)


class PhiQkNormForCausalLM(PhiForCausalLM):
    hub_name = "PhiForCausalLM"

    def __init__(self, config):
        super().__init__(config)
        for layer in self.model.layers:
            for name in ("q_layernorm", "k_layernorm"):
                old = getattr(layer.self_attn, name)
                setattr(layer.self_attn, name, HeadNorm(old.normalized_shape, old.eps))
