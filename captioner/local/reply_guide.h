#pragma once
// Holds a model to a schema while it writes: which tokens may come next, what must come next, and when it is time to come to an end.

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "captioner/local/schema_automaton.h"
#include "captioner/local/tokenizer.h"

namespace reelgraph::captioner::local {

/// How the next token is chosen among those that may come.
struct Sampling {
  double temperature = 0;  ///< 0: the likeliest one
  double top_p = 1;        ///< only the likeliest whose probabilities reach this sum
  std::uint64_t seed = 0;
};
/// @throws base::Error kInvalidArgument: temperature not in 0 .. 100, top_p not in (0, 1]
void validate(const Sampling& sampling);

/// Choices of one reply.
class Sampler {
 public:
  explicit Sampler(const Sampling& sampling) : sampling_(sampling), random_(sampling.seed) {}
  /// One of `ids` (not empty). @param logits float32 [vocabulary]
  /// @throws base::Error kModel if a logit of them is not finite
  [[nodiscard]] std::int64_t choose(std::span<const float> logits, std::span<const std::int64_t> ids);
  /// One of those whose bit is set in `mask` (a bit a token, at least one set); of all if it is empty.
  [[nodiscard]] std::int64_t choose(std::span<const float> logits, std::span<const std::uint64_t> mask);
  /// The likeliest is taken: nothing is drawn.
  [[nodiscard]] bool greedy() const { return sampling_.temperature == 0; }

 private:
  Sampling sampling_;
  std::mt19937_64 random_;
};

/// A schema over the vocabulary of one model. Masks are made once a state and kept. Not thread-safe. Borrows the tokenizer.
class ReplyGuide {
 public:
  /// @param vocabulary number of logits; @param ends tokens that end a reply, not empty
  /// @throws base::Error kInvalidArgument: as `compile_schema`, or the model lacks a byte that every reply needs
  ReplyGuide(std::string_view schema, const Tokenizer& tokenizer, std::int64_t vocabulary, std::vector<std::int64_t> ends);

  /// Where a reply is.
  struct Place {
    int state = 0;
    std::int64_t text_tokens = 0;  ///< of the string that it is in
  };

  /// Tokens that the shortest reply may take at most, its end included: no limit may be lower.
  [[nodiscard]] std::int64_t shortest() { return automaton_.distance(automaton_.start()) + 1; }
  /// Longest string, in tokens, before it is brought to an end; 0: as long as there is room.
  void set_text_limit(std::int64_t tokens) { text_limit_ = tokens; }

  /// Moves `place` over the bytes that must come and gives their tokens; empty where there is a choice.
  /// REQUIRES: `left` as for `choose`; @returns never more than that
  [[nodiscard]] std::vector<std::int64_t> forced(Place& place);
  /// The next token, after which the reply can still end within what is left. @param left tokens that may still come, the end included
  [[nodiscard]] std::int64_t choose(const Place& place, std::span<const float> logits, std::int64_t left, Sampler& sampler);
  /// @param id of `choose`; an end token leaves `place` as it is
  void advance(Place& place, std::int64_t id);
  /// The reply is whole and nothing can follow.
  [[nodiscard]] bool complete(const Place& place) const { return automaton_.complete(place.state); }
  [[nodiscard]] bool is_end(std::int64_t id) const;
  [[nodiscard]] std::size_t masks_made() const { return masks_.size(); }

 private:
  /// Ids that may come in `state`, after which the end is at most `most` bytes away; ends included where the reply may end.
  [[nodiscard]] std::vector<std::int64_t> walk(int state, int most);
  [[nodiscard]] const std::vector<std::uint64_t>& mask(int state);

  struct Entry {
    std::int64_t id = 0;
    std::size_t shared = 0;  ///< leading bytes in common with the entry before
  };
  /// The end is at most `most` bytes away after `id`.
  [[nodiscard]] bool ends_in_time(int state, std::int64_t id, std::int64_t most);
  static std::bitset<256> single_bytes(const Tokenizer& tokenizer, std::int64_t vocabulary);

  const Tokenizer& tokenizer_;
  std::int64_t vocabulary_;
  std::vector<std::int64_t> ends_;
  ByteAutomaton automaton_;
  std::vector<Entry> entries_;                                 ///< tokens with bytes, in the order of their bytes
  std::unordered_map<int, std::vector<std::uint64_t>> masks_;  ///< a bit a token
  std::int64_t text_limit_ = 0;
};

}  // namespace reelgraph::captioner::local
