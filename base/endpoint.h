#pragma once
// What a user says about a model server. Filled by the command line, used by `captioner/endpoint`.

#include <filesystem>
#include <string>

namespace reelgraph::base {

struct EndpointSettings {
  std::string url;                ///< "http://localhost:8000" or ".../v1"; what follows "endpoint:" on the command line
  std::string model;              ///< empty: the only one that the server offers
  std::string api_key;            ///< secret: sent to `url`'s host only, never logged or stored; may be empty
  std::filesystem::path ca_file;  ///< PEM file of certificates trusted besides the system's; empty: the system's
  std::filesystem::path cache;    ///< folder for what probing found out; empty: nothing is kept

  int jobs = 4;                     ///< requests in flight, >= 1
  int image_side = 512;             ///< longer side of pictures sent, pixels, 16..4096
  int max_tokens = 1500;            ///< of one reply, > 0
  double request_timeout_s = 300;   ///< of one try, > 0
  double overall_timeout_s = 1800;  ///< of one chunk with its retries and waits, > 0
  int tries = 5;                    ///< of one request, >= 1
  double backoff_s = 1;             ///< first wait before a retry; doubles each time, to a minute, with jitter
  int breaker = 5;                  ///< failures in a row after which nothing more is sent; 0: never stops
  bool stream = false;              ///< ask for replies in pieces (some proxies cut quiet connections)
  bool continuity = false;          ///< show the model the end of the previous description; one chunk at a time then

  double price_prompt = 0;      ///< USD for a million prompt tokens
  double price_completion = 0;  ///< USD for a million completion tokens
};

}  // namespace reelgraph::base
