#pragma once
// Reading checked numbers out of a configuration object; errors name file and field ("text_config.hidden_size must be positive").

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace reelgraph::captioner::local {

/// An object of a configuration file. Borrows it; `at` is the dotted place of the object ("text_config."; "" for the root).
class JsonFields {
 public:
  JsonFields(const nlohmann::json& object, std::string context, std::string at = {});

  [[nodiscard]] bool has(const char* name) const;  ///< there and not null
  [[nodiscard]] std::string where(const char* name) const { return at_ + name; }
  [[nodiscard]] const std::string& context() const { return context_; }
  [[noreturn]] void refuse_field(const char* name, const std::string& why) const;

  /// A whole number of 1 .. limit; `fallback` where absent. @throws base::Error kModel (absent without a fallback, too)
  [[nodiscard]] std::int64_t size(const char* name, std::int64_t limit, std::optional<std::int64_t> fallback = std::nullopt) const;
  /// A whole number of low .. high.
  [[nodiscard]] std::int64_t whole(const char* name, std::int64_t low, std::int64_t high,
                                   std::optional<std::int64_t> fallback = std::nullopt) const;
  /// A finite number above 0.
  [[nodiscard]] double positive(const char* name, std::optional<double> fallback = std::nullopt) const;
  [[nodiscard]] bool flag(const char* name, bool fallback) const;
  [[nodiscard]] std::string text(const char* name, const std::string& fallback) const;
  /// The object of that name. @throws base::Error kModel if absent or no object
  [[nodiscard]] JsonFields object(const char* name) const;
  [[nodiscard]] const nlohmann::json& raw(const char* name) const;

 private:
  const nlohmann::json& object_;
  std::string context_, at_;
};

}  // namespace reelgraph::captioner::local
