"""SmolVLM's architecture at a size that trains on two processor cores. Parameters bear the names of a Hugging Face snapshot."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn
from torch.nn import functional as F

from dataset import CELLS, SIDE, WORDS

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<global-img>", "<fake_token_around_image>", "<image>", "<end_of_utterance>"]


@dataclass
class Shape:
    vision_width: int = 128
    vision_layers: int = 3
    vision_heads: int = 4
    vision_inner: int = 384
    patch: int = 8
    scale: int = 2
    width: int = 128
    layers: int = 4
    heads: int = 4
    inner: int = 320
    vocabulary: int = 0
    most_positions: int = 512
    rope_theta: float = 10_000.0

    @property
    def patches(self) -> int:
        return (SIDE // self.patch) ** 2

    @property
    def image_tokens(self) -> int:
        return self.patches // self.scale**2


class VisionLayer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        d = shape.vision_width
        self.heads = shape.vision_heads
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(d, eps=1e-6), nn.LayerNorm(d, eps=1e-6)
        self.self_attn = nn.ModuleDict({name: nn.Linear(d, d) for name in ("q_proj", "k_proj", "v_proj", "out_proj")})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(d, shape.vision_inner), "fc2": nn.Linear(shape.vision_inner, d)})

    def forward(self, x: Tensor) -> Tensor:
        batch, count, d = x.shape
        y = self.layer_norm1(x)
        q, k, v = together(y, [self.self_attn[name] for name in ("q_proj", "k_proj", "v_proj")], self.heads)
        weights = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(2, 3)).softmax(-1)
        x = x + self.self_attn["out_proj"](torch.matmul(weights, v).transpose(1, 2).reshape(batch, count, d))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.layer_norm2(x)), approximate="tanh"))


class Norm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, 1e-5)


class TextLayer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        d = shape.width
        self.heads = shape.heads
        self.input_layernorm, self.post_attention_layernorm = Norm(d), Norm(d)
        self.self_attn = nn.ModuleDict({name: nn.Linear(d, d, bias=False) for name in ("q_proj", "k_proj", "v_proj", "o_proj")})
        self.mlp = nn.ModuleDict({"gate_proj": nn.Linear(d, shape.inner, bias=False), "up_proj": nn.Linear(d, shape.inner, bias=False),
                                  "down_proj": nn.Linear(shape.inner, d, bias=False)})

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        batch, count, d = x.shape
        y = self.input_layernorm(x)
        q, k, v = together(y, [self.self_attn[name] for name in ("q_proj", "k_proj", "v_proj")], self.heads)
        q, k = q * cos + half_turned(q) * sin, k * cos + half_turned(k) * sin
        weights = (torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(2, 3)) + mask).softmax(-1)
        x = x + self.self_attn["o_proj"](torch.matmul(weights, v).transpose(1, 2).reshape(batch, count, d))
        y = self.post_attention_layernorm(x)
        gate, up = F.linear(y, torch.cat((self.mlp["gate_proj"].weight, self.mlp["up_proj"].weight))).chunk(2, -1)
        return x + self.mlp["down_proj"](F.silu(gate) * up)


def together(x: Tensor, layers: list[nn.Linear], heads: int) -> tuple[Tensor, ...]:
    """Several projections of [B, T, D] as one product, each cut into heads: [B, heads, T, D / heads]."""
    bias = None if layers[0].bias is None else torch.cat([layer.bias for layer in layers])
    y = F.linear(x, torch.cat([layer.weight for layer in layers]), bias)
    return tuple(part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in y.chunk(len(layers), -1))


def half_turned(x: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


class SmallVlm(nn.Module):
    """float32. `ids` hold <image> where the picture's tokens stand."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        d = shape.vision_width
        self.patch_embedding = nn.Conv2d(3, d, shape.patch, shape.patch)
        self.position_embedding = nn.Embedding(shape.patches, d)
        self.vision = nn.ModuleList(VisionLayer(shape) for _ in range(shape.vision_layers))
        self.post_layernorm = nn.LayerNorm(d, eps=1e-6)
        self.connector = nn.Linear(d * shape.scale**2, shape.width, bias=False)
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.text = nn.ModuleList(TextLayer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width)
        for name, parameter in self.named_parameters():
            if parameter.dim() >= 2:
                nn.init.normal_(parameter, std=0.02 if "embed" in name else parameter[0].numel() ** -0.5)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def look(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """float32 [B, 3, SIDE, SIDE] in -1..1 -> patches [B, patches, vision width], image tokens [B, image tokens, width]."""
        x = self.patch_embedding(pictures).flatten(2).transpose(1, 2) + self.position_embedding.weight
        for layer in self.vision:
            x = layer(x)
        x = patches = self.post_layernorm(x)
        batch, _, d = x.shape
        n, s = SIDE // self.shape.patch, self.shape.scale
        x = x.view(batch, n, n // s, d * s).permute(0, 2, 1, 3).reshape(batch, n // s, n // s, d * s * s).permute(0, 2, 1, 3)
        return patches, self.connector(x.reshape(batch, self.shape.image_tokens, d * s * s))

    def read(self, ids: Tensor, first_image: int, seen: Tensor) -> Tensor:
        """int64 [B, T] and what `look` gave -> float32 [B, T, width], normalised, before the tied head."""
        x = self.embed_tokens(ids)
        x = torch.cat((x[:, :first_image], seen, x[:, first_image + seen.shape[1]:]), 1)
        count, head = ids.shape[1], self.shape.width // self.shape.heads
        turns = torch.outer(torch.arange(count), self.shape.rope_theta ** (-torch.arange(0, head, 2) / head))
        turns = torch.cat((turns, turns), -1)
        mask = torch.full((count, count), float("-inf")).triu(1)
        for layer in self.text:
            x = layer(x, turns.cos(), turns.sin(), mask)
        return self.norm(x)

    def words(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embed_tokens.weight)


def build_tokenizer() -> Tokenizer:
    """Byte-level BPE in which each word and number of the replies is one token."""
    texts = [" red orange yellow green blue purple white black"] * 9
    for kind in WORDS["kind"] + WORDS["load"] + ["nothing"] + [str(i) for i in range(CELLS)]:
        texts += [f" {kind}; {kind}"] * 9
    texts += ["User:", "\nAssistant:", "Assistant:"] * 9
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(word, normalized=False, special=True) for word in SPECIAL])
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def prompt_ids(tokenizer: Tokenizer, image_tokens: int) -> tuple[list[int], int]:
    """Ids of everything before the reply, and the index of the first <image>."""
    text = "<|im_start|>User:<fake_token_around_image><global-img>" + "<image>" * image_tokens + "<fake_token_around_image><end_of_utterance>\nAssistant:"
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    return ids, ids.index(tokenizer.token_to_id("<image>"))


def read_folder(folder: Path, model: SmallVlm) -> None:
    """Takes over the weights of a snapshot of this shape that `write_folder` wrote."""
    stored = load_file(folder / "model.safetensors")
    model.load_state_dict({name: stored[hugging_face_name(name)].float() for name in model.state_dict()})


def hugging_face_names(model: SmallVlm) -> dict[str, Tensor]:
    return {hugging_face_name(name): value for name, value in model.state_dict().items()}


def hugging_face_name(name: str) -> str:
    head, _, rest = name.partition(".")
    return {
        "patch_embedding": "model.vision_model.embeddings.patch_embedding.",
        "position_embedding": "model.vision_model.embeddings.position_embedding.",
        "vision": "model.vision_model.encoder.layers.",
        "post_layernorm": "model.vision_model.post_layernorm.",
        "connector": "model.connector.modality_projection.proj.",
        "embed_tokens": "model.text_model.embed_tokens.",
        "text": "model.text_model.layers.",
        "norm": "model.text_model.norm.",
    }[head] + rest


def write_folder(folder: Path, model: SmallVlm, tokenizer: Tokenizer) -> None:
    """An ordinary snapshot of Hugging Face, weights in bfloat16."""
    shape = model.shape
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.to(torch.bfloat16).contiguous() for name, value in hugging_face_names(model).items()}, folder / "model.safetensors",
              metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = {word: tokenizer.token_to_id(word) for word in SPECIAL}
    end, pad = ids["<end_of_utterance>"], ids["<|im_end|>"]

    def write(name: str, content: dict) -> None:
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")

    write("config.json", {
        "architectures": ["SmolVLMForConditionalGeneration"], "model_type": "smolvlm", "image_token_id": ids["<image>"], "scale_factor": shape.scale,
        "pad_token_id": pad, "tie_word_embeddings": True, "torch_dtype": "bfloat16", "use_cache": True, "vocab_size": shape.vocabulary,
        "text_config": {
            "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": shape.vocabulary, "hidden_size": shape.width,
            "intermediate_size": shape.inner, "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.heads, "head_dim": shape.width // shape.heads, "rope_theta": shape.rope_theta, "rms_norm_eps": 1e-5,
            "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "max_position_embeddings": shape.most_positions,
            "bos_token_id": ids["<|im_start|>"], "eos_token_id": end, "pad_token_id": pad, "tie_word_embeddings": True, "torch_dtype": "bfloat16"},
        "vision_config": {
            "model_type": "smolvlm_vision", "num_channels": 3, "hidden_size": shape.vision_width, "intermediate_size": shape.vision_inner,
            "num_hidden_layers": shape.vision_layers, "num_attention_heads": shape.vision_heads, "image_size": SIDE, "patch_size": shape.patch,
            "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6, "attention_dropout": 0.0}})
    write("preprocessor_config.json", {
        "image_processor_type": "SmolVLMImageProcessor", "processor_class": "SmolVLMProcessor", "do_convert_rgb": True, "do_resize": True,
        "do_image_splitting": False, "do_rescale": True, "do_normalize": True, "do_pad": True, "rescale_factor": 1 / 255, "resample": 3,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": {"longest_edge": 640}, "max_image_size": {"longest_edge": SIDE},
        "video_sampling": {"fps": 1, "max_frames": 1, "video_size": {"longest_edge": SIDE}}})
    write("processor_config.json", {"processor_class": "SmolVLMProcessor", "image_seq_len": shape.image_tokens})
    write("generation_config.json", {"bos_token_id": ids["<|im_start|>"], "eos_token_id": end, "pad_token_id": pad})
    write("special_tokens_map.json", {"bos_token": "<|im_start|>", "eos_token": "<end_of_utterance>", "pad_token": "<|im_end|>",
                                      "unk_token": "<|endoftext|>", "additional_special_tokens": ["<fake_token_around_image>", "<image>", "<end_of_utterance>"]})
    write("tokenizer_config.json", {
        "tokenizer_class": "GPT2Tokenizer", "processor_class": "SmolVLMProcessor", "add_prefix_space": False, "clean_up_tokenization_spaces": False,
        "model_max_length": shape.most_positions, "bos_token": "<|im_start|>", "eos_token": "<end_of_utterance>", "pad_token": "<|im_end|>",
        "unk_token": "<|endoftext|>", "added_tokens_decoder": {str(ids[word]): {"content": word, "lstrip": False, "rstrip": False, "normalized": False,
                                                                                   "single_word": False, "special": True} for word in SPECIAL}})
    write("chat_template.json", {"chat_template": "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}{% if message['content'][0]['type'] == 'image' %}"
                                 "{{':'}}{% else %}{{': '}}{% endif %}{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
                                 "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
                                 "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"})
    write("reelgraph.json", {"says": "places", "columns": CELLS, "rows": CELLS, "frames_per_second": 1, "max_tokens": 128, "types": WORDS["kind"],
                             "limits": "the weights of this model know the films of reelgraph-sim only: of real footage it says nothing that is true"})
