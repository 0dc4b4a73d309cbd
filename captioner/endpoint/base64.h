#pragma once

#include <string>
#include <string_view>

namespace reelgraph::captioner::endpoint {

/// Appends the base64 form (RFC 4648, padded) of `bytes` to `text`.
void append_base64(std::string& text, std::string_view bytes);

}  // namespace reelgraph::captioner::endpoint
