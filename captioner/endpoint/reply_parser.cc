#include "captioner/endpoint/reply_parser.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/observation_json.h"
#include "base/utf8.h"
#include "captioner/endpoint/json_member.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr std::size_t kMostReply = std::size_t{1} << 20;  // bytes of what a model writes
constexpr int kMostCandidates = 64;
constexpr int kDeepest = 32;
constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;

/// Walks the brackets of JSON text, strings skipped.
struct BracketWalk {
  std::size_t end = std::string_view::npos;  ///< past the bracket that closes the first one; npos: there is none
  bool too_deep = false;
};
/// @param whole false: stops at the end of the first object
BracketWalk walk_brackets(std::string_view text, std::size_t at, bool whole) {
  BracketWalk walk;
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest) {
        walk.too_deep = true;
        return walk;
      }
    } else if (c == '}' || c == ']') {
      if (--depth == 0 && !whole) {
        walk.end = i + 1;
        return walk;
      }
    }
  }
  return walk;
}

/// The end (past the bracket) of the object that starts at `text[at]`; npos if it has none or nests too deep.
std::size_t end_of_object(std::string_view text, std::size_t at) { return walk_brackets(text, at, false).end; }

nlohmann::json parse(std::string_view text) {
  if (walk_brackets(text, 0, true).too_deep) return nlohmann::json::value_t::discarded;
  return nlohmann::json::parse(text, nullptr, false);
}

/// A string, or the text parts of a list of parts.
std::string text_of(const nlohmann::json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (content.is_array()) {
    for (const nlohmann::json& part : content) {
      if (const nlohmann::json& piece = at(part, "text"); piece.is_string()) text += piece.get<std::string>();
    }
  }
  return text;
}

std::int64_t tokens_of(const nlohmann::json& value) {
  if (!value.is_number()) return -1;
  const double number = value.get<double>();
  return std::isfinite(number) && number >= 0 && number < static_cast<double>(kMostTokens) ? static_cast<std::int64_t>(number) : -1;
}

void read_usage(const nlohmann::json& usage, ChatReply& reply) {
  const std::int64_t prompt = tokens_of(at(usage, "prompt_tokens")), completion = tokens_of(at(usage, "completion_tokens"));
  if (prompt < 0 && completion < 0) return;
  reply.usage = base::Usage{std::max<std::int64_t>(prompt, 0), std::max<std::int64_t>(completion, 0), 0};
}

/// Takes what one choice of a whole reply ("message") or of a piece ("delta") says.
void read_choice(const nlohmann::json& json, const char* key, ChatReply& reply) {
  const nlohmann::json& choices = at(json, "choices");
  if (choices.is_array() && !choices.empty()) {
    const nlohmann::json& choice = choices.front();
    const nlohmann::json& message = at(choice, key);
    reply.text += text_of(at(message, "content"));
    if (const nlohmann::json& refusal = at(message, "refusal"); refusal.is_string()) reply.refusal += refusal.get<std::string>();
    if (const nlohmann::json& reason = at(choice, "finish_reason"); reason.is_string()) {
      reply.cut_off = reason == "length";
      if (reason == "content_filter" && reply.refusal.empty()) reply.refusal = "the server's filter stopped it";
    }
  }
  read_usage(at(json, "usage"), reply);
}

void read_stream(std::string_view body, ChatReply& reply) {
  bool any = false, finished = false;
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    std::string_view line = body.substr(0, end);
    body = end == std::string_view::npos ? std::string_view() : body.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.rfind("data:", 0) != 0) continue;
    line.remove_prefix(5);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (line == "[DONE]") {
      finished = true;
      break;
    }
    const nlohmann::json json = parse(line);
    if (!json.is_object()) {
      reply.problem = "a piece of the streamed reply is no JSON";
      return;
    }
    if (const nlohmann::json& error = at(json, "error"); !error.is_null()) {
      const nlohmann::json& message = at(error, "message");
      reply.problem = "the server broke off: " + base::clean_line(message.is_string() ? message.get<std::string>() : error.dump(), 300);
      return;
    }
    any = true;
    read_choice(json, "delta", reply);
    const nlohmann::json& choices = at(json, "choices");
    if (choices.is_array() && !choices.empty() && at(choices.front(), "finish_reason").is_string()) finished = true;
    if (reply.text.size() > kMostReply) return;
  }
  if (!any) reply.problem = "the streamed reply holds nothing";
  if (any && !finished) reply.problem = "the streamed reply broke off";
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

}  // namespace

ChatReply parse_chat(std::string_view body) {
  ChatReply reply;
  body = trimmed(body);
  if (body.empty()) {
    reply.problem = "the reply is empty";
    return reply;
  }
  if (body.front() == '{') {
    const nlohmann::json json = parse(body);
    if (!json.is_object()) {
      reply.problem = "the server's reply is no whole JSON";
    } else if (!at(json, "choices").is_array()) {
      const nlohmann::json& message = at(at(json, "error"), "message");
      reply.problem = "the server's reply holds no choices" +
                      (message.is_string() ? ": " + base::clean_line(base::sanitize_utf8(message.get<std::string>()), 300) : std::string());
    } else {
      read_choice(json, "message", reply);
    }
  } else if (body.rfind("data:", 0) == 0 || body.rfind("event:", 0) == 0 || body.front() == ':') {
    read_stream(body, reply);
  } else {
    reply.problem = "the server's reply is no chat completion";
  }
  reply.text = base::sanitize_utf8(reply.text, kMostReply);
  reply.refusal = base::clean_line(base::sanitize_utf8(reply.refusal), 300);
  return reply;
}

std::string_view without_reasoning(std::string_view text) {
  for (const std::string_view close : {"</think>", "</thinking>", "</reasoning>", "<|end_of_thought|>", "[/THINK]"}) {
    if (const std::size_t at = text.rfind(close); at != std::string_view::npos) text = text.substr(at + close.size());
  }
  for (const std::string_view open : {"<think>", "<thinking>", "<reasoning>", "[THINK]"}) {
    // Never closed: the limit came while it was still thinking.
    if (const std::size_t at = text.find(open); at != std::string_view::npos) text = text.substr(0, at);
  }
  return trimmed(text);
}

std::optional<nlohmann::json> find_object(std::string_view text, const std::vector<std::string>& keys) {
  text = without_reasoning(text.substr(0, kMostReply));
  const auto wanted = [&keys](const nlohmann::json& json) {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return json.contains(key); });
  };
  std::optional<nlohmann::json> best;
  bool best_wanted = false, inside_broken = false;
  int candidates = 0;
  for (std::size_t at = text.find('{'); at != std::string_view::npos && candidates < kMostCandidates; ++candidates) {
    const std::size_t end = end_of_object(text, at);
    if (end == std::string_view::npos) {
      // Never closed: what lies within it is a part of an answer, not one, unless it looks like what was asked for.
      inside_broken = true;
      at = text.find('{', at + 1);
      continue;
    }
    nlohmann::json json = nlohmann::json::parse(text.substr(at, end - at), nullptr, false);
    if (!json.is_object()) {
      at = text.find('{', at + 1);
      continue;
    }
    const bool good = wanted(json);
    if (good || (!best_wanted && !inside_broken)) {
      best = std::move(json);
      best_wanted = good;
    }
    at = text.find('{', end);
  }
  return best;
}

}  // namespace reelgraph::captioner::endpoint
