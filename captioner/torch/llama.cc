// Llama decoder: RMSNorm, rotary positions, grouped-query attention over a preallocated cache, SwiGLU.
// The residual stream, norms, rotations, attention and its cache are float32 whatever the weights' type is: with bf16 keys and values the
// logits of the reference cases are off by up to 0.83, with float32 ones by up to 0.4.

#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "captioner/torch/cpu/parallel.h"
#include "captioner/torch/layers.h"
#include "captioner/torch/models.h"
#include "captioner/torch/tensors.h"

namespace reelgraph::torch_plugin {
namespace {

constexpr std::int64_t kPrefillBlock = 512;  ///< tokens at once, so that the attention scores stay bounded

struct Layer {
  at::Tensor input_norm, post_norm;  ///< float32 [hidden]
  Linear query, key, value, output, gate, up, down;
};

struct Cache final : Sequence {
  at::Tensor keys, values;  ///< float32 [layers, kv heads, capacity, head_dim]
  std::int64_t length = 0;
  [[nodiscard]] std::int64_t capacity() const { return keys.size(2); }
};

class Llama final : public TextModel {
 public:
  Llama(const nlohmann::json& spec, const TensorTable& tensors) : device_(tensors.device()) {
    const nlohmann::json& text = spec.at("text");
    heads_ = text.at("heads");
    kv_heads_ = text.at("kv_heads");
    head_dim_ = text.at("head_dim");
    eps_ = text.at("rms_norm_eps");
    const std::string model = spec.at("kind") == "smolvlm" ? "model.text_model." : "model.";
    embeddings_ = tensors.weight(model + "embed_tokens.weight");
    for (std::int64_t i = 0; i < text.at("layers").get<std::int64_t>(); ++i) {
      const std::string layer = model + "layers." + std::to_string(i) + ".";
      layers_.push_back({tensors.float_weight(layer + "input_layernorm.weight"),
                         tensors.float_weight(layer + "post_attention_layernorm.weight"), linear_of(tensors, layer + "self_attn.q_proj"),
                         linear_of(tensors, layer + "self_attn.k_proj"), linear_of(tensors, layer + "self_attn.v_proj"),
                         linear_of(tensors, layer + "self_attn.o_proj"), linear_of(tensors, layer + "mlp.gate_proj"),
                         linear_of(tensors, layer + "mlp.up_proj"), linear_of(tensors, layer + "mlp.down_proj")});
    }
    norm_ = tensors.float_weight(model + "norm.weight");
    head_ = tensors.has("lm_head.weight") ? linear_of(tensors, "lm_head") : Linear{embeddings_, {}};
    const auto frequencies = text.at("rope_frequencies").get<std::vector<float>>();
    frequencies_ = borrow(frequencies.data(), {static_cast<std::int64_t>(frequencies.size())}, device_).clone();
  }

  std::unique_ptr<Sequence> open(std::int64_t capacity) override {
    auto cache = std::make_unique<Cache>();
    const auto layers = static_cast<std::int64_t>(layers_.size());
    cache->keys = at::empty({layers, kv_heads_, capacity, head_dim_}, frequencies_.options());
    cache->values = at::empty({layers, kv_heads_, capacity, head_dim_}, frequencies_.options());
    return cache;
  }

  std::unique_ptr<Sequence> fork(const Sequence& from, std::int64_t length, std::int64_t capacity) override {
    const auto& source = static_cast<const Cache&>(from);
    if (length > source.length || length > capacity) throw std::runtime_error("a shared prompt is longer than what was computed");
    std::unique_ptr<Sequence> fork = open(capacity);
    auto& target = static_cast<Cache&>(*fork);
    target.keys.narrow(2, 0, length).copy_(source.keys.narrow(2, 0, length));
    target.values.narrow(2, 0, length).copy_(source.values.narrow(2, 0, length));
    target.length = length;
    return fork;
  }

  void prefill(Sequence& sequence, std::span<const std::int64_t> ids, const Features& features, bool all, float* logits) override {
    auto& cache = static_cast<Cache&>(sequence);
    const auto n = static_cast<std::int64_t>(ids.size());
    check_room(cache, n);
    at::Tensor x = at::embedding(embeddings_, borrow(ids.data(), {n}, device_)).to(at::kFloat);
    if (!features.positions.empty()) {
      const auto count = static_cast<std::int64_t>(features.positions.size());
      x.index_copy_(0, borrow(features.positions.data(), {count}, device_), borrow(features.rows, {count, x.size(1)}, device_));
    }
    const std::int64_t vocabulary = head_.weight.size(0);
    for (std::int64_t begin = 0; begin < n; begin += kPrefillBlock) {
      const std::int64_t count = std::min(kPrefillBlock, n - begin);
      at::Tensor block = x.narrow(0, begin, count).clone();
      const Rotation rotation = rotation_of(at::arange(cache.length, cache.length + count, frequencies_.options()));
      for (std::size_t i = 0; i < layers_.size(); ++i) {
        const auto index = static_cast<std::int64_t>(i);
        const Heads heads = project(block, layers_[i], rotation);
        store(cache, index, cache.length, heads);
        add_linear(block, attend(cache, index, cache.length, heads.query), layers_[i].output);
        feed_forward(block, layers_[i]);
      }
      cache.length += count;
      if (logits == nullptr) continue;
      if (all) {
        copy_out(logits_of(block), logits + begin * vocabulary);
      } else if (begin + count == n) {
        copy_out(logits_of(block.narrow(0, count - 1, 1)), logits);
      }
    }
  }

  void decode(std::span<Sequence*> sequences, const std::int64_t* ids, float* logits) override {
    const auto rows = static_cast<std::int64_t>(sequences.size());
    std::vector<float> positions;
    for (Sequence* sequence : sequences) {
      check_room(static_cast<Cache&>(*sequence), 1);
      positions.push_back(static_cast<float>(static_cast<Cache&>(*sequence).length));
    }
    at::Tensor x = at::embedding(embeddings_, borrow(ids, {rows}, device_)).to(at::kFloat);
    const Rotation rotation = rotation_of(borrow(positions.data(), {rows}, device_));
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const auto index = static_cast<std::int64_t>(i);
      const Heads heads = project(x, layers_[i], rotation);
      for (std::int64_t row = 0; row < rows; ++row) {
        auto& cache = static_cast<Cache&>(*sequences[static_cast<std::size_t>(row)]);
        store(cache, index, cache.length, {{}, heads.key.narrow(0, row, 1), heads.value.narrow(0, row, 1)});
      }
      add_linear(x, attend_rows(sequences, index, heads.query), layers_[i].output);
      feed_forward(x, layers_[i]);
    }
    for (Sequence* sequence : sequences) ++static_cast<Cache&>(*sequence).length;
    copy_out(logits_of(x), logits);
  }

 private:
  struct Rotation {
    at::Tensor cos, sin;  ///< float32 [n, 1, head_dim / 2]
  };
  struct Heads {
    at::Tensor query;       ///< float32 [n, heads, head_dim], rotated
    at::Tensor key, value;  ///< [n, kv heads, head_dim], keys rotated
  };

  static void check_room(const Cache& cache, std::int64_t more) {
    if (cache.length + more > cache.capacity()) throw std::runtime_error("the conversation is longer than the room made for it");
  }

  [[nodiscard]] Rotation rotation_of(const at::Tensor& positions) const {
    const at::Tensor angles = at::outer(positions, frequencies_).unsqueeze(1);
    return {angles.cos(), angles.sin()};
  }

  /// The two halves of each head are the two coordinates of the rotated pairs. @param x float32 [n, heads, head_dim]
  void rotate(at::Tensor& x, const Rotation& rotation) const {
    if (x.is_cpu()) {
      cpu::rotate(x.data_ptr<float>(), x.size(0), x.size(1), head_dim_, rotation.cos.data_ptr<float>(), rotation.sin.data_ptr<float>());
      return;
    }
    const std::int64_t half = head_dim_ / 2;
    const at::Tensor a = x.narrow(2, 0, half), b = x.narrow(2, half, half);
    x = at::cat({a.mul(rotation.cos).sub_(b.mul(rotation.sin)), b.mul(rotation.cos).add_(a.mul(rotation.sin))}, 2);
  }

  [[nodiscard]] Heads project(const at::Tensor& x, const Layer& layer, const Rotation& rotation) const {
    const std::int64_t n = x.size(0);
    const std::vector<at::Tensor> qkv = linears(rms_norm(x, layer.input_norm, eps_), std::array{&layer.query, &layer.key, &layer.value});
    Heads heads{qkv[0].view({n, heads_, head_dim_}), qkv[1].view({n, kv_heads_, head_dim_}), qkv[2].view({n, kv_heads_, head_dim_})};
    rotate(heads.query, rotation);
    rotate(heads.key, rotation);
    return heads;
  }

  static void store(Cache& cache, std::int64_t layer, std::int64_t at, const Heads& heads) {
    const std::int64_t n = heads.key.size(0);
    cache.keys.select(0, layer).narrow(1, at, n).copy_(heads.key.transpose(0, 1));
    cache.values.select(0, layer).narrow(1, at, n).copy_(heads.value.transpose(0, 1));
  }

  /// The last query of each conversation attends to all its past. @param query float32 [rows, heads, head_dim]
  [[nodiscard]] at::Tensor attend_rows(std::span<Sequence*> sequences, std::int64_t layer, const at::Tensor& query) const {
    const std::int64_t group = heads_ / kv_heads_;
    if (!query.is_cpu()) {
      std::vector<at::Tensor> mixed;
      for (std::size_t row = 0; row < sequences.size(); ++row) {
        const auto& cache = static_cast<const Cache&>(*sequences[row]);
        mixed.push_back(attend(cache, layer, cache.length, query.narrow(0, static_cast<std::int64_t>(row), 1)));
      }
      return at::cat(mixed);
    }
    at::Tensor out = at::empty({query.size(0), heads_ * head_dim_}, query.options());
    std::vector<cpu::Lookup> jobs;
    const float* from = query.data_ptr<float>();
    float* to = out.data_ptr<float>();
    for (Sequence* sequence : sequences) {
      const auto& cache = static_cast<const Cache&>(*sequence);
      for (std::int64_t head = 0; head < kv_heads_; ++head, from += group * head_dim_, to += group * head_dim_) {
        const std::int64_t at = (layer * kv_heads_ + head) * cache.capacity() * head_dim_;
        jobs.push_back({.query = from,
                        .key = cache.keys.data_ptr<float>() + at,
                        .value = cache.values.data_ptr<float>() + at,
                        .out = to,
                        .group = group,
                        .keys = cache.length + 1,
                        .head_dim = head_dim_,
                        .scale = scale()});
      }
    }
    cpu::look_up(jobs);
    return out;
  }

  /// Queries at positions `start`.. attend to all before them and themselves. float32 [n, heads * head_dim].
  [[nodiscard]] at::Tensor attend(const Cache& cache, std::int64_t layer, std::int64_t start, const at::Tensor& query) const {
    const std::int64_t n = query.size(0), length = start + n, group = heads_ / kv_heads_, width = heads_ * head_dim_;
    if (query.is_cpu()) {
      at::Tensor out = at::empty({n, width}, query.options());
      std::vector<cpu::Attention> jobs;
      for (std::int64_t head = 0; head < heads_; ++head) {
        const std::int64_t at = (layer * kv_heads_ + head / group) * cache.capacity() * head_dim_;
        add_attention({.query = query.data_ptr<float>() + head * head_dim_,
                       .key = cache.keys.data_ptr<float>() + at,
                       .value = cache.values.data_ptr<float>() + at,
                       .out = out.data_ptr<float>() + head * head_dim_,
                       .query_stride = width,
                       .key_stride = head_dim_,
                       .value_stride = head_dim_,
                       .out_stride = width,
                       .queries = n,
                       .keys = length,
                       .head_dim = head_dim_,
                       .scale = scale(),
                       .causal_from = start},
                      jobs);
      }
      cpu::attend(jobs);
      return out;
    }
    const at::Tensor keys = cache.keys.select(0, layer).narrow(1, 0, length), values = cache.values.select(0, layer).narrow(1, 0, length);
    // The queries of one key head side by side: [kv heads, group * n, head_dim].
    const at::Tensor q = query.view({n, kv_heads_, group, head_dim_}).permute({1, 2, 0, 3}).reshape({kv_heads_, group * n, head_dim_});
    at::Tensor scores = at::bmm(q.mul(scale()), keys.transpose(1, 2));
    if (n > 1) {
      const at::Tensor later = at::full({n, length}, -std::numeric_limits<float>::infinity(), frequencies_.options()).triu_(start + 1);
      scores.view({kv_heads_, group, n, length}).add_(later);
    }
    return at::bmm(at::softmax(scores, -1), values).view({kv_heads_, group, n, head_dim_}).permute({2, 0, 1, 3}).reshape({n, width});
  }

  void feed_forward(at::Tensor& x, const Layer& layer) const {
    std::vector<at::Tensor> inner = linears(rms_norm(x, layer.post_norm, eps_), std::array{&layer.gate, &layer.up});
    silu_times(inner[0], inner[1]);
    add_linear(x, inner[0], layer.down);
  }

  [[nodiscard]] float scale() const { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_dim_))); }
  [[nodiscard]] at::Tensor logits_of(const at::Tensor& x) const { return linear(rms_norm(x, norm_, eps_), head_); }

  std::string device_;
  std::int64_t heads_ = 0, kv_heads_ = 0, head_dim_ = 0;
  double eps_ = 0;
  at::Tensor embeddings_;   ///< [vocab, hidden] in the computing type
  Linear head_;             ///< the same tensor when tied
  at::Tensor norm_;         ///< float32 [hidden]
  at::Tensor frequencies_;  ///< float32 [head_dim / 2]
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<TextModel> make_llama(const nlohmann::json& spec, const TensorTable& tensors) {
  return std::make_unique<Llama>(spec, tensors);
}

}  // namespace reelgraph::torch_plugin
