// tokenizer.json is a file from anywhere, and text comes from films: a tokenizer or a base::Error, and any text through a sound one. What
// was encoded decodes to the text, but for bytes without a token.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "captioner/local/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reelgraph::captioner::local;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Tokenizer sound = Tokenizer::parse(
      R"({"added_tokens":[{"id":7,"content":"<x>","special":true,"lstrip":true}],"pre_tokenizer":{"type":"Sequence","pretokenizers":[
          {"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false}]},
          "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"1":3,"é":4,"Ġ":5,"Ġa":6},"merges":["a b","Ġ a"]}})",
      "sound.json");
  try {
    const Tokenizer tokenizer = Tokenizer::parse(text, "fuzz.json");
    static_cast<void>(tokenizer.decode(tokenizer.encode(text.substr(0, 4096), SpecialMatching::kAllowed), true));
  } catch (const reelgraph::base::Error&) {
  }
  for (const SpecialMatching special : {SpecialMatching::kAllowed, SpecialMatching::kNever}) {
    StreamDecoder decoder(sound);
    for (const std::int64_t id : sound.encode(text, special)) static_cast<void>(decoder.push(id));
    static_cast<void>(decoder.finish());
  }
  return 0;
}
