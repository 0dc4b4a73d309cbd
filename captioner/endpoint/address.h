#pragma once
// Where a model server is: what the user typed, made into the addresses of its interface.

#include <string>
#include <string_view>

namespace reelgraph::captioner::endpoint {

struct Address {
  std::string base;        ///< "http://localhost:8000/v1", without a slash at the end
  std::string host;        ///< "localhost"
  bool encrypted = false;  ///< https
  bool loopback = false;   ///< this machine: no proxy is asked

  [[nodiscard]] std::string chat() const { return base + "/chat/completions"; }
  [[nodiscard]] std::string models() const { return base + "/models"; }
  [[nodiscard]] std::string embeddings() const { return base + "/embeddings"; }
};

/// @param url with or without "/v1"; a pasted ".../chat/completions" is cut back to its base
/// @throws base::Error kInvalidArgument: no http or https address, or one that holds a user, a password or a query (a key does not belong
/// there)
[[nodiscard]] Address parse_address(std::string_view url);

/// Scheme and host of an address from outside, for messages: nothing that could hold a secret. "another place" if it is none.
[[nodiscard]] std::string host_of(std::string_view url);

}  // namespace reelgraph::captioner::endpoint
