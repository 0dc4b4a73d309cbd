#!/usr/bin/env python3
"""Writes a SmolVLM2 folder with random weights at a real shape, for benchmarks. Needs nothing but Python.

    tests/bench/make_random_model.py FOLDER [--shape 256M|500M|2.2B] [--store BF16|F32] [--tokenizer ../shared/fixtures/tokenizer/tokenizer.json]

Weights are bf16 numbers (stored so, or as float32) of about the size of trained ones, the same in every run. The tokenizer is SmolLM2's with SmolVLM's special tokens added.
"""
import argparse
import json
import pathlib
import random
import struct

SHAPES = {  # text: hidden, intermediate, layers, heads, kv heads, theta; vision: hidden, intermediate, layers, heads, image, patch, scale
    "256M": ((576, 1536, 30, 9, 3, 1e5), (768, 3072, 12, 12, 512, 16, 4)),
    "500M": ((960, 2560, 32, 15, 5, 1e5), (768, 3072, 12, 12, 512, 16, 4)),
    "2.2B": ((2048, 8192, 24, 32, 32, 1.3e5), (1152, 4304, 27, 16, 384, 14, 3)),
}
VOCABULARY, IMAGE, END = 49280, 49190, 49279
TABLE = bytes(0xBC if byte & 1 else 0x3C for byte in range(256))  # high bytes: +-0.008 .. 0.03


def tensors(text, vision):
    hidden, inner, layers, heads, kv_heads, _ = text
    width, v_inner, v_layers, _, image, patch, scale = vision
    head = hidden // heads if hidden % heads == 0 else 64
    v = "model.vision_model."
    yield v + "embeddings.patch_embedding.weight", (width, 3, patch, patch), False
    yield v + "embeddings.patch_embedding.bias", (width,), False
    yield v + "embeddings.position_embedding.weight", ((image // patch) ** 2, width), False
    for i in range(v_layers):
        layer = f"{v}encoder.layers.{i}."
        for norm in ("layer_norm1", "layer_norm2"):
            yield f"{layer}{norm}.weight", (width,), True
            yield f"{layer}{norm}.bias", (width,), False
        for name, shape in (("self_attn.q_proj", (width, width)), ("self_attn.k_proj", (width, width)), ("self_attn.v_proj", (width, width)),
                            ("self_attn.out_proj", (width, width)), ("mlp.fc1", (v_inner, width)), ("mlp.fc2", (width, v_inner))):
            yield f"{layer}{name}.weight", shape, False
            yield f"{layer}{name}.bias", shape[:1], False
    yield v + "post_layernorm.weight", (width,), True
    yield v + "post_layernorm.bias", (width,), False
    yield "model.connector.modality_projection.proj.weight", (hidden, width * scale * scale), False
    t = "model.text_model."
    yield t + "embed_tokens.weight", (VOCABULARY, hidden), False
    for i in range(layers):
        layer = f"{t}layers.{i}."
        yield layer + "input_layernorm.weight", (hidden,), True
        yield layer + "post_attention_layernorm.weight", (hidden,), True
        for name, shape in (("self_attn.q_proj", (heads * head, hidden)), ("self_attn.k_proj", (kv_heads * head, hidden)),
                            ("self_attn.v_proj", (kv_heads * head, hidden)), ("self_attn.o_proj", (hidden, heads * head)),
                            ("mlp.gate_proj", (inner, hidden)), ("mlp.up_proj", (inner, hidden)), ("mlp.down_proj", (hidden, inner))):
            yield f"{layer}{name}.weight", shape, False
    yield t + "norm.weight", (hidden,), True
    yield "lm_head.weight", (VOCABULARY, hidden), False


def count(shape):
    n = 1
    for side in shape:
        n *= side
    return n


def write_weights(path, text, vision, store):
    header, at, size = {}, 0, 2 if store == "BF16" else 4
    for name, shape, _ in tensors(text, vision):
        header[name] = {"dtype": store, "shape": list(shape), "data_offsets": [at, at + size * count(shape)]}
        at += size * count(shape)
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 64)
    draw = random.Random(1)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for _, shape, ones in tensors(text, vision):
            n = count(shape)
            if ones:
                block = bytearray(struct.pack("<H", 0x3F80) * n)
            else:
                block = bytearray(draw.randbytes(2 * n))
                block[1::2] = bytes(block[1::2]).translate(TABLE)
            if store == "F32":  # the upper half of a float32
                whole = bytearray(4 * n)
                whole[2::4], whole[3::4] = block[0::2], block[1::2]
                block = whole
            file.write(block)


def write_tokenizer(path, source):
    tokenizer = json.loads(pathlib.Path(source).read_text())
    known = {token["content"] for token in tokenizer["added_tokens"]}
    special = {49152: "<global-img>", 49189: "<fake_token_around_image>", IMAGE: "<image>", END: "<end_of_utterance>"}
    special.update({49153 + 6 * r + c: f"<row_{r + 1}_col_{c + 1}>" for r in range(6) for c in range(6)})
    for token, content in sorted(special.items()):
        if content not in known:
            tokenizer["added_tokens"].append({"id": token, "content": content, "special": True, "single_word": False, "lstrip": False,
                                              "rstrip": False, "normalized": False})
    path.write_text(json.dumps(tokenizer, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--shape", choices=SHAPES, default="256M")
    parser.add_argument("--store", choices=["BF16", "F32"], default="BF16")
    parser.add_argument("--tokenizer", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2] / ".." / "shared/fixtures/tokenizer/tokenizer.json")
    options = parser.parse_args()
    text, vision = SHAPES[options.shape]
    options.folder.mkdir(parents=True, exist_ok=True)
    hidden, inner, layers, heads, kv_heads, theta = text
    width, v_inner, v_layers, v_heads, image, patch, scale = vision
    config = {
        "architectures": ["SmolVLMForConditionalGeneration"], "model_type": "smolvlm", "image_token_id": IMAGE, "scale_factor": scale,
        "vocab_size": VOCABULARY, "tie_word_embeddings": False,
        "text_config": {"model_type": "llama", "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
                        "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": 64, "rope_theta": theta,
                        "rms_norm_eps": 1e-5, "max_position_embeddings": 8192, "vocab_size": VOCABULARY},
        "vision_config": {"hidden_size": width, "intermediate_size": v_inner, "num_hidden_layers": v_layers, "num_attention_heads": v_heads,
                          "image_size": image, "patch_size": patch},
    }
    (options.folder / "config.json").write_text(json.dumps(config, indent=1))
    preprocessor = {"do_image_splitting": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "max_image_size": {"longest_edge": image},
                    "resample": 1, "rescale_factor": 1 / 255, "size": {"longest_edge": 4 * image}}
    (options.folder / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=1))
    (options.folder / "generation_config.json").write_text(json.dumps({"eos_token_id": END, "pad_token_id": 2}))
    write_tokenizer(options.folder / "tokenizer.json", options.tokenizer)
    write_weights(options.folder / "model.safetensors", text, vision, options.store)


if __name__ == "__main__":
    main()
