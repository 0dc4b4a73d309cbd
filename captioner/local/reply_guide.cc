#include "captioner/local/reply_guide.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "captioner/local/json_file.h"

namespace reelgraph::captioner::local {
namespace {

constexpr int kAnyDistance = std::numeric_limits<int>::max();
constexpr std::size_t kWord = 64;  ///< tokens of one word of a mask

/// Whole numbers in the order of the floats: the compiler makes vectors of comparing these.
std::int32_t order_of(float value) {
  const auto bits = std::bit_cast<std::int32_t>(value);
  return bits ^ ((bits >> 31) & 0x7FFFFFFF);
}
/// Finite numbers lie strictly between these.
constexpr std::int32_t kInfinity = 0x7F800000, kMinusInfinity = ~kInfinity;

/// Ids whose bit is set; all `count` if there is no mask.
std::vector<std::int64_t> ids_of(std::span<const std::uint64_t> mask, std::size_t count) {
  std::vector<std::int64_t> ids;
  if (mask.empty()) {
    ids.resize(count);
    std::iota(ids.begin(), ids.end(), std::int64_t{0});
  }
  for (std::size_t word = 0; word < mask.size(); ++word) {
    for (std::uint64_t rest = mask[word]; rest != 0; rest &= rest - 1) {
      const auto id = static_cast<std::int64_t>(word * kWord) + std::countr_zero(rest);
      if (id < static_cast<std::int64_t>(count)) ids.push_back(id);
    }
  }
  return ids;
}

}  // namespace

void validate(const Sampling& sampling) {
  if (!(sampling.temperature >= 0 && sampling.temperature <= 100))
    throw base::Error(base::ErrorCode::kInvalidArgument, "the temperature must be 0 to 100", {}, "0 takes the likeliest token");
  if (!(sampling.top_p > 0 && sampling.top_p <= 1))
    throw base::Error(base::ErrorCode::kInvalidArgument, "top_p must be above 0 and at most 1", {}, "1 takes all tokens into account");
}

std::int64_t Sampler::choose(std::span<const float> logits, std::span<const std::int64_t> ids) {
  const auto logit = [&](std::int64_t id) { return logits[static_cast<std::size_t>(id)]; };
  std::int64_t best = ids.front();
  for (const std::int64_t id : ids) {
    if (!std::isfinite(logit(id))) refuse("model", "the logits are not finite");
    if (logit(id) > logit(best)) best = id;
  }
  if (sampling_.temperature == 0 || ids.size() == 1) return best;
  std::vector<std::pair<double, std::int64_t>> weights;  // not normalised
  weights.reserve(ids.size());
  double sum = 0;
  for (const std::int64_t id : ids) {
    weights.emplace_back(std::exp((static_cast<double>(logit(id)) - static_cast<double>(logit(best))) / sampling_.temperature), id);
    sum += weights.back().first;
  }
  if (sampling_.top_p < 1) {
    std::sort(weights.begin(), weights.end(),
              [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    double reached = 0;
    std::size_t kept = 0;
    while (kept < weights.size() && reached < sampling_.top_p * sum) reached += weights[kept++].first;
    weights.resize(std::max<std::size_t>(kept, 1));
    sum = reached;
  }
  double point = std::uniform_real_distribution<double>(0, sum)(random_);
  for (const auto& [weight, id] : weights) {
    if (point < weight) return id;
    point -= weight;
  }
  return weights.back().second;
}

std::int64_t Sampler::choose(std::span<const float> logits, std::span<const std::uint64_t> mask) {
  if (!greedy()) return choose(logits, ids_of(mask, logits.size()));
  const auto bits_of = [&](std::size_t word) {
    const std::size_t left = logits.size() - word * kWord;
    return (mask.empty() ? ~std::uint64_t{0} : mask[word]) & (left >= kWord ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1);
  };
  std::int32_t best = std::numeric_limits<std::int32_t>::min();
  std::int32_t most = best, least = std::numeric_limits<std::int32_t>::max();
  std::size_t at = 0;  // the first word that has the best
  for (std::size_t word = 0; word * kWord < logits.size(); ++word) {
    const std::uint64_t bits = bits_of(word);
    const float* const values = logits.data() + word * kWord;
    if (bits == ~std::uint64_t{0}) {
      for (std::size_t i = 0; i < kWord; ++i) {
        const std::int32_t order = order_of(values[i]);
        most = order > most ? order : most;
        least = order < least ? order : least;
      }
    } else {
      for (std::uint64_t rest = bits; rest != 0; rest &= rest - 1) {
        const std::int32_t order = order_of(values[std::countr_zero(rest)]);
        most = std::max(most, order);
        least = std::min(least, order);
      }
    }
    if (most > best) {
      best = most;
      at = word;
    }
  }
  if (most >= kInfinity || least <= kMinusInfinity) refuse("model", "the logits are not finite");
  for (std::uint64_t rest = bits_of(at); rest != 0; rest &= rest - 1) {
    const std::size_t id = at * kWord + static_cast<std::size_t>(std::countr_zero(rest));
    if (order_of(logits[id]) == best) return static_cast<std::int64_t>(id);
  }
  throw base::Error(base::ErrorCode::kInternal, "there is no token to choose from");
}

std::bitset<256> ReplyGuide::single_bytes(const Tokenizer& tokenizer, std::int64_t vocabulary) {
  std::bitset<256> bytes;
  for (std::int64_t id = 0; id < std::min(vocabulary, tokenizer.id_limit()); ++id) {
    const std::string& token = tokenizer.bytes_of(id);
    if (token.size() == 1 && !tokenizer.is_special(id)) bytes.set(static_cast<std::uint8_t>(token[0]));
  }
  return bytes;
}

ReplyGuide::ReplyGuide(std::string_view schema, const Tokenizer& tokenizer, std::int64_t vocabulary, std::vector<std::int64_t> ends)
    : tokenizer_(tokenizer),
      vocabulary_(vocabulary),
      ends_(std::move(ends)),
      automaton_(compile_schema(schema), single_bytes(tokenizer, vocabulary)) {
  for (std::int64_t id = 0; id < std::min(vocabulary_, tokenizer_.id_limit()); ++id) {
    if (!tokenizer_.bytes_of(id).empty() && !tokenizer_.is_special(id)) entries_.push_back({id, 0});
  }
  const auto bytes = [&](const Entry& entry) -> const std::string& { return tokenizer_.bytes_of(entry.id); };
  std::stable_sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) { return bytes(a) < bytes(b); });
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const std::string &before = bytes(entries_[i - 1]), &here = bytes(entries_[i]);
    const std::size_t most = std::min(before.size(), here.size());
    while (entries_[i].shared < most && before[entries_[i].shared] == here[entries_[i].shared]) ++entries_[i].shared;
  }
}

bool ReplyGuide::is_end(std::int64_t id) const { return std::find(ends_.begin(), ends_.end(), id) != ends_.end(); }

std::vector<std::int64_t> ReplyGuide::walk(int state, int most) {
  std::vector<std::int64_t> ids;
  std::vector<int> path{state};  // states after 0, 1, ... bytes of the entry before, as far as they live
  for (const Entry& entry : entries_) {
    const std::string& bytes = tokenizer_.bytes_of(entry.id);
    if (entry.shared + 1 < path.size()) path.resize(entry.shared + 1);
    // Shares more bytes with the one before than that one lived through: dead as well.
    if (entry.shared + 1 > path.size()) continue;
    while (path.size() <= bytes.size()) {
      const int next = automaton_.next(path.back(), static_cast<std::uint8_t>(bytes[path.size() - 1]));
      if (next == ByteAutomaton::kDead) break;
      path.push_back(next);
    }
    if (path.size() == bytes.size() + 1 && automaton_.distance(path.back()) <= most) ids.push_back(entry.id);
  }
  if (automaton_.accepting(state)) ids.insert(ids.end(), ends_.begin(), ends_.end());
  return ids;
}

const std::vector<std::uint64_t>& ReplyGuide::mask(int state) {
  const auto [it, fresh] = masks_.try_emplace(state);
  if (!fresh) return it->second;
  std::vector<std::uint64_t> bits(static_cast<std::size_t>(vocabulary_ + 63) / 64, 0);
  for (const std::int64_t id : walk(state, kAnyDistance)) bits[static_cast<std::size_t>(id) / 64] |= std::uint64_t{1} << (id % 64);
  return it->second = std::move(bits);
}

std::vector<std::int64_t> ReplyGuide::forced(Place& place) {
  std::string bytes;
  while (const std::optional<std::uint8_t> byte = automaton_.forced(place.state)) {
    bytes += static_cast<char>(*byte);
    place.state = automaton_.next(place.state, *byte);
    place.text_tokens = 0;
  }
  return bytes.empty() ? std::vector<std::int64_t>() : tokenizer_.encode(bytes, SpecialMatching::kNever);
}

std::int64_t ReplyGuide::choose(const Place& place, std::span<const float> logits, std::int64_t left, Sampler& sampler) {
  const int here = automaton_.distance(place.state);
  // After this token there must be room for the way to the end, at worst a token a byte, and for the end itself.
  std::int64_t most = left - 2;
  if (text_limit_ > 0 && place.text_tokens >= text_limit_) most = std::min<std::int64_t>(most, here - 1);
  const bool in_time = most >= automaton_.longest_distance();
  if (in_time || sampler.greedy()) {
    // The likeliest of all is the likeliest of those that end in time, if it is one of them: seldom must all be walked.
    const std::int64_t id = sampler.choose(logits, mask(place.state));
    if (in_time || ends_in_time(place.state, id, most)) return id;
  }
  const std::vector<std::int64_t> ids = walk(place.state, static_cast<int>(std::max<std::int64_t>(most, -1)));
  if (ids.empty()) throw base::Error(base::ErrorCode::kInternal, "a constrained reply has no way to its end", "schema");
  return sampler.choose(logits, ids);
}

bool ReplyGuide::ends_in_time(int state, std::int64_t id, std::int64_t most) {
  if (is_end(id)) return true;
  for (const char c : tokenizer_.bytes_of(id)) state = automaton_.next(state, static_cast<std::uint8_t>(c));
  return automaton_.distance(state) <= most;
}

void ReplyGuide::advance(Place& place, std::int64_t id) {
  if (is_end(id)) return;
  const bool was_text = automaton_.in_text(place.state);
  for (const char c : tokenizer_.bytes_of(id)) {
    place.state = automaton_.next(place.state, static_cast<std::uint8_t>(c));
    if (place.state == ByteAutomaton::kDead) throw base::Error(base::ErrorCode::kInternal, "a token that may not come came", "schema");
  }
  place.text_tokens = automaton_.in_text(place.state) ? (was_text ? place.text_tokens + 1 : 1) : 0;
}

}  // namespace reelgraph::captioner::local
