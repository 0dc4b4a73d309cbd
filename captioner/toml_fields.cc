#include "captioner/toml_fields.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/utf8.h"

namespace reelgraph::captioner {
namespace {

constexpr std::size_t kMostEntries = 2000;  // of one list
constexpr std::size_t kMostText = 64 * 1024;

}  // namespace

std::string quoted(std::string_view text) {
  std::string result = "\"";
  result.append(text).append("\"");
  return result;
}

std::string TomlFields::place(const toml::node& node) const {
  const auto line = node.source().begin.line;
  return line > 0 ? where_ + ":" + std::to_string(line) : where_;
}
void TomlFields::refuse(const toml::node& node, const std::string& message, const std::string& cure) const {
  throw base::Error(base::ErrorCode::kBadInput, message, place(node), cure);
}

void TomlFields::only_keys(const toml::table& table, std::initializer_list<std::string_view> known, const std::string& what) const {
  for (auto&& [key, node] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    std::string list;
    for (const std::string_view k : known) list.append(list.empty() ? "" : ", ").append(k);
    refuse(node, "unknown key \"" + base::ellipsize(key.str(), 60) + "\" in " + what, "known keys: " + list);
  }
}

std::string TomlFields::string_of(const toml::node& node, const std::string& what) const {
  const auto* value = node.as_string();
  if (value == nullptr) refuse(node, what + " is not a string", "put it in quotes");
  if (value->get().size() > kMostText) refuse(node, what + " is longer than 64 KiB", "shorten it");
  return base::sanitize_utf8(value->get());
}

std::string TomlFields::text(const toml::table& table, std::string_view key) const {
  const toml::node* node = table.get(key);
  return node == nullptr ? std::string() : string_of(*node, quoted(key));
}

std::string TomlFields::name_of(const toml::table& table, const toml::node& at, const std::string& what) const {
  const toml::node* node = table.get("name");
  if (node == nullptr) refuse(at, what + " has no name", "add name = \"...\"");
  const std::string name = string_of(*node, "the name");
  const bool good = !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!good)
    refuse(*node, "the name \"" + base::ellipsize(name, 60) + "\" is not of lower-case letters, digits and _", "write it as in pick_up");
  return name;
}

const toml::array* TomlFields::list(const toml::table& table, std::string_view key) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) return nullptr;
  const toml::array* array = node->as_array();
  if (array == nullptr) refuse(*node, quoted(key) + " is not a list", "write [...], or [[" + std::string(key) + "]] for tables");
  if (array->size() > kMostEntries) refuse(*node, quoted(key) + " has more than 2000 entries", "shorten it");
  return array;
}

const toml::table& TomlFields::table_of(const toml::node& node, const std::string& key) const {
  const toml::table* table = node.as_table();
  if (table == nullptr) refuse(node, "an entry of \"" + key + "\" is not a table", "write it as [[" + key + "]] with its keys below");
  return *table;
}

std::vector<std::string> TomlFields::words(const toml::table& table, std::string_view key) const {
  std::vector<std::string> result;
  const toml::array* array = list(table, key);
  if (array == nullptr) return result;
  for (const toml::node& node : *array) {
    std::string word = string_of(node, "an entry of " + quoted(key));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (word.find_first_not_of(" \t\n") == std::string::npos) refuse(node, "an empty entry in " + quoted(key), "remove it");
    if (std::find(result.begin(), result.end(), word) == result.end()) result.push_back(std::move(word));
  }
  return result;
}

std::vector<const toml::table*> TomlFields::tables(const toml::table& root, const std::string& key) const {
  std::vector<const toml::table*> result;
  const toml::array* array = list(root, key);
  if (array == nullptr) return result;
  for (const toml::node& node : *array) result.push_back(&table_of(node, key));
  return result;
}

const toml::table* TomlFields::table_at(const toml::table& root, std::string_view key) const {
  const toml::node* node = root.get(key);
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr) refuse(*node, quoted(key) + " is not a table", "write it as { key = value }");
  return node->as_table();
}

nlohmann::json TomlFields::scalar(const toml::node& node, const std::string& what) const {
  if (const auto* s = node.as_string()) return base::sanitize_utf8(s->get());
  if (const auto* b = node.as_boolean()) return b->get();
  if (const auto* i = node.as_integer()) return i->get();
  if (const auto* f = node.as_floating_point(); f != nullptr && std::isfinite(f->get())) return f->get();
  refuse(node, what + " is not a string, number, true or false", "correct it");
}

nlohmann::json TomlFields::conditions(const toml::table& table, std::string_view key) const {
  nlohmann::json result = nlohmann::json::object();
  const toml::table* where = table_at(table, key);
  if (where == nullptr) return result;
  for (auto&& [name, value] : *where) {
    const std::string what = "the condition on \"" + base::ellipsize(std::string(name.str()), 60) + "\"";
    nlohmann::json& wanted = result[std::string(name.str())];
    if (const toml::array* any = value.as_array()) {
      if (any->empty() || any->size() > kMostEntries)
        refuse(value, what + " is an empty or very long list", "give the values that are meant");
      wanted = nlohmann::json::array();
      for (const toml::node& item : *any) wanted.push_back(scalar(item, what));
    } else {
      wanted = scalar(value, what);
    }
  }
  return result;
}

std::vector<std::string> TomlFields::texts(const toml::table& table, std::string_view key) const {
  std::vector<std::string> result;
  const toml::array* array = list(table, key);
  if (array == nullptr) return result;
  for (const toml::node& node : *array) {
    std::string one = string_of(node, "an entry of " + quoted(key));
    if (one.find_first_not_of(" \t\n") == std::string::npos) refuse(node, "an empty entry in " + quoted(key), "remove it");
    if (std::find(result.begin(), result.end(), one) == result.end()) result.push_back(std::move(one));
  }
  return result;
}

double TomlFields::number(const toml::table& table, std::string_view key, double otherwise, double least, double most) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) return otherwise;
  const double value = node->is_number() ? node->value<double>().value_or(least - 1) : least - 1;
  if (!(value >= least && value <= most))
    refuse(*node, quoted(key) + " is no number from " + std::to_string(static_cast<long long>(least)) + " to " +
           std::to_string(static_cast<long long>(most)), "correct it");
  return value;
}

bool TomlFields::flag(const toml::table& table, std::string_view key) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) return false;
  if (!node->is_boolean()) refuse(*node, quoted(key) + " is neither true nor false", "write true or false");
  return node->value<bool>().value_or(false);
}

}  // namespace reelgraph::captioner
