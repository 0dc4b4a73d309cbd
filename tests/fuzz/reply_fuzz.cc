// Replies of model servers: whatever comes back, there is an observation within its chunk or a reason.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "captioner/endpoint/reading.h"
#include "captioner/endpoint/reply_parser.h"
#include "captioner/endpoint/retry.h"
#include "captioner/endpoint/schema.h"
#include "captioner/profiles.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reelgraph;
  using namespace reelgraph::captioner::endpoint;
  static const ReplySchema schema;
  static const Vocabulary words(captioner::load_profile("general"));
  static const base::Chunk chunk = [] {
    base::Chunk c;
    c.span = {10 * base::kSecond, 40 * base::kSecond};
    c.own = {10 * base::kSecond, 38 * base::kSecond};
    return c;
  }();
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static_cast<void>(error_words(std::string(body)));
  static_cast<void>(parse_retry_after(std::string(body.substr(0, 64)), std::chrono::system_clock::now()));
  const ChatReply reply = parse_chat(body);
  // The text of a reply, and the same bytes as if they were one.
  for (const std::string_view text : {std::string_view(reply.text), body}) {
    const auto json = find_object(text, {"caption"});
    if (!json || !schema.problem(*json).empty()) continue;
    try {
      const base::Observation o = read_reply(*json, ChunkFacts(chunk), words);
      for (const base::Event& e : o.events) {
        if (e.span.start < chunk.span.start || e.span.end > chunk.span.end || e.span.start > e.span.end) std::abort();
      }
    } catch (const base::Error&) {
    }
  }
  return 0;
}
