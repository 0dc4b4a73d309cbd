#pragma once
// What is sent: the profile's task, words and examples once, and for each chunk its pictures, their times and what was said. Whatever comes
// from a film stands in it as quoted data, never as words of ours.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/chunk.h"
#include "base/endpoint.h"
#include "base/profile.h"
#include "base/text_model.h"
#include "captioner/endpoint/probe.h"
#include "captioner/endpoint/usage.h"

namespace reelgraph::captioner::endpoint {

/// JPEG of a picture, its longer side at most `side` pixels.
struct EncodedPicture {
  std::string jpeg;
  int width = 0, height = 0;
};
[[nodiscard]] EncodedPicture encode_picture(const base::Image& image, int side);

/// The profile's task, the shape of a reply, and the words of the domain: what every model is told first.
[[nodiscard]] std::string task_words(const base::Profile& profile);

/// The parts of a request that do not change from chunk to chunk.
class PromptBuilder {
 public:
  /// Reads the pictures of the profile's examples. @throws base::Error kBadInput naming one that cannot be used
  PromptBuilder(const base::EndpointSettings& settings, const base::Profile& profile);

  /// Hash of all that decides what is said.
  [[nodiscard]] const std::string& version() const { return version_; }

  struct Body {
    std::string json;
    RequestSize size;
  };
  [[nodiscard]] Body chunk_body(const base::Chunk& chunk, const Capabilities& server) const;
  /// The size that `chunk_body` would give, without encoding anything.
  [[nodiscard]] RequestSize chunk_size(const base::Chunk& chunk) const;
  /// Asks to mend a reply: the same request, the reply quoted after it, and what is wrong with it.
  [[nodiscard]] static std::string repair_body(const std::string& body, std::string_view reply, std::string_view problem);

 private:
  [[nodiscard]] std::string chunk_text(const base::Chunk& chunk) const;
  [[nodiscard]] std::string tail(const Capabilities& server) const;

  int image_side_, max_tokens_;
  bool stream_, continuity_;
  std::string head_;    ///< JSON of the messages before the chunk's, comma at the end
  std::string schema_;  ///< JSON
  RequestSize head_size_;
  std::string version_;
};

/// Request of a text model. `server.vision` decides whether the pictures go along.
[[nodiscard]] PromptBuilder::Body text_body(const base::TextRequest& request, const base::EndpointSettings& settings,
                                            const Capabilities& server);

/// A JSON string literal of any text (bad UTF-8 replaced).
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace reelgraph::captioner::endpoint
