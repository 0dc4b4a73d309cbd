#pragma once
// A user's own defaults: ~/.config/reelgraph/config.toml (XDG_CONFIG_HOME is honoured). Flat keys, each checked.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace reelgraph::cli {

struct ConfigKey {
  std::string name;
  std::string type;  ///< "text", "number", "integer", "switch"
  std::string description;
  double least = 0, most = 0;  ///< of numbers and integers
};

/// Every key there is, in the order of the manual.
[[nodiscard]] const std::vector<ConfigKey>& config_keys();

/// Values of one config file. A file that is absent is an empty one.
class Config {
 public:
  /// @throws base::Error kBadInput naming file, line and cure: TOML error, unknown key, wrong type, out of range
  static Config load(const std::filesystem::path& file);
  /// The same from text; `where` names it in errors.
  static Config parse(const std::string& toml, const std::string& where);

  [[nodiscard]] const nlohmann::json& values() const { return values_; }
  [[nodiscard]] std::optional<std::string> text(const std::string& key) const;
  [[nodiscard]] std::optional<double> number(const std::string& key) const;
  [[nodiscard]] bool flag(const std::string& key) const;

 private:
  nlohmann::json values_ = nlohmann::json::object();
};

/// Where the user's file is, from XDG_CONFIG_HOME or HOME. @throws base::Error kInvalidArgument if neither is set
[[nodiscard]] std::filesystem::path config_file();

/// Sets one key in a file (made if absent); every other line, comments too, stays as it is. The new file replaces the old one whole.
/// @param value as typed; checked against the key's type
/// @throws base::Error kInvalidArgument (key, value), kBadInput (the file is broken already), kArchive (cannot be written)
void set_config(const std::filesystem::path& file, const std::string& key, const std::string& value);

}  // namespace reelgraph::cli
