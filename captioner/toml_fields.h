#pragma once
// Internal to captioner: checked reading of the tables of a profile. Every refusal names the line.

#include <toml++/toml.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace reelgraph::captioner {

/// In double quotes, for messages.
[[nodiscard]] std::string quoted(std::string_view text);

/// Of one file; has no state but its name.
class TomlFields {
 public:
  /// @param where the file, for errors
  explicit TomlFields(std::string where) : where_(std::move(where)) {}

  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] std::string place(const toml::node& node) const;
  /// @throws base::Error kBadInput, always
  [[noreturn]] void refuse(const toml::node& node, const std::string& message, const std::string& cure) const;
  void only_keys(const toml::table& table, std::initializer_list<std::string_view> known, const std::string& what) const;
  [[nodiscard]] std::string string_of(const toml::node& node, const std::string& what) const;
  /// Empty if it is not there.
  [[nodiscard]] std::string text(const toml::table& table, std::string_view key) const;
  /// A name of lower-case letters, digits and _.
  [[nodiscard]] std::string name_of(const toml::table& table, const toml::node& at, const std::string& what) const;
  /// Null if it is not there.
  [[nodiscard]] const toml::array* list(const toml::table& table, std::string_view key) const;
  [[nodiscard]] const toml::table& table_of(const toml::node& node, const std::string& key) const;
  /// Words and phrases, lower case, each once.
  [[nodiscard]] std::vector<std::string> words(const toml::table& table, std::string_view key) const;
  /// Texts as they are written, each once.
  [[nodiscard]] std::vector<std::string> texts(const toml::table& table, std::string_view key) const;
  [[nodiscard]] std::vector<const toml::table*> tables(const toml::table& root, const std::string& key) const;
  [[nodiscard]] const toml::table* table_at(const toml::table& root, std::string_view key) const;
  [[nodiscard]] nlohmann::json scalar(const toml::node& node, const std::string& what) const;
  /// Conditions on attributes: { card = "red card", body_part = ["head"], own_goal = true }
  [[nodiscard]] nlohmann::json conditions(const toml::table& table, std::string_view key) const;
  /// `otherwise` if it is not there. @throws base::Error unless it lies within the bounds
  [[nodiscard]] double number(const toml::table& table, std::string_view key, double otherwise, double least, double most) const;
  [[nodiscard]] bool flag(const toml::table& table, std::string_view key) const;

 private:
  std::string where_;
};

}  // namespace reelgraph::captioner
