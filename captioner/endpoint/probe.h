#pragma once
// What a server can do, found out by asking it: a few small requests, kept for a day.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/log.h"
#include "captioner/endpoint/dispatcher.h"

namespace reelgraph::captioner::endpoint {

struct Capabilities {
  std::string model;                          ///< the one that will be asked
  std::vector<std::string> models;            ///< offered; empty if the server does not say
  bool vision = false;                        ///< takes pictures (whether it sees anything in them is another matter)
  std::string vision_words;                   ///< why not
  bool schema = false;                        ///< keeps to a JSON schema
  std::int64_t context = 0;                   ///< tokens; 0: not told
  bool usage = false;                         ///< reports tokens
  std::string max_tokens_key = "max_tokens";  ///< or "max_completion_tokens"
  bool temperature = true;                    ///< takes "temperature": 0
  double seconds = 0;                         ///< of the smallest request
};

[[nodiscard]] nlohmann::json to_json(const Capabilities& c);
/// Empty if it is none.
[[nodiscard]] std::optional<Capabilities> capabilities_from(const nlohmann::json& json);

/// Asks. @throws base::Error kModel naming what is wrong and what to do: nothing answers, wrong key, no such model, several to choose from
[[nodiscard]] Capabilities probe(Dispatcher& dispatcher, const base::EndpointSettings& settings);

/// Which model: the one named, else the only one. @throws base::Error kModel, kInvalidArgument (several)
[[nodiscard]] std::string choose_model(const Dispatcher& dispatcher, const base::EndpointSettings& settings,
                                       const std::vector<std::string>& models);

/// What was found out about a server and a model, as a file. Holds no key. Never throws: a cache that cannot be used is none.
class ProbeCache {
 public:
  ProbeCache(std::filesystem::path folder, const std::string& base_url);
  /// @param model as the user named it; may be empty
  [[nodiscard]] std::optional<Capabilities> load(const std::string& model) const;
  void save(const std::string& model, const Capabilities& c) const;
  [[nodiscard]] nlohmann::json load_numbers(const std::string& key) const;
  void save_numbers(const std::string& key, const nlohmann::json& numbers) const;

 private:
  [[nodiscard]] std::filesystem::path file(const std::string& what) const;
  void write(const std::string& what, const nlohmann::json& json) const;
  [[nodiscard]] nlohmann::json read(const std::string& what) const;
  std::filesystem::path folder_;
  std::string base_url_;
};

}  // namespace reelgraph::captioner::endpoint
