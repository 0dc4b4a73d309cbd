#include "query/compound.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace reelgraph::query {
namespace {

/// The attribute that a word asks for: its own name, or the word that people use for it.
std::string key_of(const Word& w) {
  if (w.folded == "way") return "direction";
  if (w.folded == "color") return "colour";
  if (is_any(w.folded, {"part", "side"})) return "region";
  return is_any(w.folded, {"direction", "colour", "region"}) ? w.folded : std::string();
}

/// Words of such a question that name nothing.
bool is_filler(const Word& w) {
  return is_stop_word(w.folded) ||
         is_any(w.folded, {"one",  "ones",  "go",      "goes",   "going",  "went",    "move",  "moves",  "moving",  "moved",
                           "head", "heads", "heading", "headed", "travel", "travels", "drive", "drives", "driving", "drove",
                           "walk", "walks", "walking", "thing",  "things", "take",    "takes", "picture"});
}

nlohmann::json as_list(nlohmann::json value) { return value.is_array() ? value : nlohmann::json::array({std::move(value)}); }

}  // namespace

std::vector<std::string> split_questions(const std::string& text) {
  static constexpr std::string_view kWh[] = {"what", "when", "where", "who", "which", "how"};
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c < 0x80 ? static_cast<char>(std::tolower(c)) : c; });
  const auto asks = [&](std::size_t at) {
    return std::any_of(std::begin(kWh), std::end(kWh), [&](std::string_view w) {
      const std::size_t end = at + w.size();
      return lower.compare(at, w.size(), w) == 0 && end < lower.size() && lower[end] == ' ';
    });
  };
  const std::size_t first = lower.find_first_not_of(" \t\n");
  if (first == std::string::npos || !asks(first)) return {};
  for (std::size_t at = lower.find(" and ", first); at != std::string::npos; at = lower.find(" and ", at + 1)) {
    if (!asks(at + 5)) continue;
    std::string left = text.substr(first, at - first);
    while (!left.empty() && is_any(std::string_view(&left.back(), 1), {",", ";", " "})) left.pop_back();
    return {left + "?", text.substr(at + 5)};
  }
  return {};
}

Answer join_answers(Answer first, Answer second) {
  const int offset = static_cast<int>(first.citations.size());
  nlohmann::json values = as_list(std::move(first.value));
  for (nlohmann::json& v : second.value = as_list(std::move(second.value))) values.push_back(std::move(v));
  first.kind = "list";
  first.value = std::move(values);
  first.text += " " + second.text;
  for (Claim& claim : second.claims) {
    for (int& n : claim.citations) n += offset;
    first.claims.push_back(std::move(claim));
  }
  std::move(second.citations.begin(), second.citations.end(), std::back_inserter(first.citations));
  first.plan = {{"first", std::move(first.plan)}, {"second", std::move(second.plan)}};
  first.plan_ms += second.plan_ms;
  first.retrieve_ms += second.retrieve_ms;
  first.answer_ms += second.answer_ms;
  return first;
}

std::optional<PropertyQuestion> read_property_question(const std::vector<Word>& words, const Lexicon& lexicon,
                                                       const std::vector<std::string>& videos) {
  PropertyQuestion question;
  std::set<std::size_t> read;
  for (std::size_t i = 0; i < words.size() && question.key.empty(); ++i) {
    if (is_any(words[i].folded, {"which", "what"}) && i + 1 < words.size()) {
      question.key = key_of(words[i + 1]);
      read = {i, i + 1};
    } else if (words[i].folded == "where" && std::any_of(words.begin(), words.end(), [](const Word& w) {
                 return is_any(w.folded, {"go", "goes", "going", "went", "heading", "headed", "heads"});
               })) {
      question.key = "direction";
      read = {i};
    }
  }
  if (question.key.empty()) return std::nullopt;
  for (const Token& token : lexicon.read(words, videos)) {
    const bool known =
        std::all_of(token.used.begin(), token.used.end(), [&](std::size_t i) { return read.contains(i) || is_filler(words[i]); });
    if (token.kind == Token::Kind::kEntity) {
      question.entities.insert(question.entities.end(), token.entities.begin(), token.entities.end());
      question.names.insert(question.names.end(), token.names.begin(), token.names.end());
    } else if (!known && token.kind != Token::Kind::kEntityType) {
      return std::nullopt;
    }
  }
  if (question.entities.empty()) return std::nullopt;
  return question;
}

}  // namespace reelgraph::query
