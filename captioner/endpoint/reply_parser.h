#pragma once
// From the bytes of a reply to the text that the model wrote, and from that text to the JSON object in it. Expects anything.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/captioner.h"

namespace reelgraph::captioner::endpoint {

/// One reply of `/v1/chat/completions`, streamed or not.
struct ChatReply {
  std::string text;                  ///< what the model wrote, without its reasoning; sound UTF-8
  std::string refusal;               ///< why it would not; empty if it did
  bool cut_off = false;              ///< ended by the token limit
  std::optional<base::Usage> usage;  ///< tokens as the server counts them; cost is 0
  std::string problem;               ///< why this is no reply at all; empty if it is one
};

/// @param body JSON, or server-sent events ("data: {...}" lines), told apart by what it is and not by what it says it is
[[nodiscard]] ChatReply parse_chat(std::string_view body);

/// What a model says before its answer: "<think>...</think>" and the like, also without the opening tag.
[[nodiscard]] std::string_view without_reasoning(std::string_view text);

/// The JSON object in a text: bare, fenced, or with prose around it; of several the last one that has any of `keys`, else the last.
/// Nesting is at most 32 brackets. Empty if there is none.
[[nodiscard]] std::optional<nlohmann::json> find_object(std::string_view text, const std::vector<std::string>& keys);

}  // namespace reelgraph::captioner::endpoint
