#pragma once
// The interface between the question engine and whatever writes prose: a model server, or a model folder run in-process.

#include <string>
#include <vector>

#include "base/captioner.h"

namespace reelgraph::base {

/// A picture shown to the model, with the words that introduce it.
struct ShownPicture {
  std::string label;  ///< one line of text that stands before the picture
  std::string jpeg;   ///< bytes of a JPEG file
};

struct TextRequest {
  std::string system;                  ///< what is to be done; trusted words only
  std::string text;                    ///< what it is done with; quoted data wherever it came from outside
  std::vector<ShownPicture> pictures;  ///< left out by a model that takes none
  int max_tokens = 512;                ///< of the reply, > 0
  std::string schema;                  ///< JSON Schema: a model that can be held to one replies so, any other in prose. Empty: prose
};

struct TextReply {
  std::string text;      ///< sound UTF-8; never to be trusted
  bool cut_off = false;  ///< ended by `max_tokens`
  Usage usage;
};

/// Thread-safe.
class TextModel {
 public:
  virtual ~TextModel() = default;
  /// For people and for the record: the model's name.
  [[nodiscard]] virtual std::string name() const = 0;
  /// @throws Error kModel: no reply could be had
  [[nodiscard]] virtual TextReply write(const TextRequest& request) = 0;
};

}  // namespace reelgraph::base
