#include "captioner/profiles.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "captioner/digest.h"
#include "captioner/commentary_profile.h"
#include "captioner/profile_reader.h"

namespace reelgraph::captioner {

/// The shipped files, compiled in (made by CMake from profiles/*.toml).
struct BuiltinProfile {
  const char* name;
  const char* toml;
};
extern const BuiltinProfile kBuiltinProfiles[];
extern const std::size_t kBuiltinProfileCount;

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr const char* kGeneral = "general";

[[noreturn]] void refuse(const std::string& message, const std::string& where, const std::string& cure) {
  throw base::Error(base::ErrorCode::kBadInput, message, where, cure);
}

const char* builtin(std::string_view name) {
  for (std::size_t i = 0; i < kBuiltinProfileCount; ++i) {
    if (name == kBuiltinProfiles[i].name) return kBuiltinProfiles[i].toml;
  }
  return nullptr;
}

/// Adds what `general` says to what the profile says: a term of both keeps the profile's description and has both's synonyms.
void merge(std::vector<base::Term>& terms, const std::vector<base::Term>& general) {
  for (const base::Term& g : general) {
    const auto same = std::find_if(terms.begin(), terms.end(), [&](const base::Term& t) { return t.name == g.name; });
    if (same == terms.end()) {
      terms.push_back(g);
      continue;
    }
    const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
      for (const std::string& word : from) {
        if (std::find(to.begin(), to.end(), word) == to.end()) to.push_back(word);
      }
    };
    add(same->synonyms, g.synonyms);
    add(same->roles, g.roles);
    if (same->description.empty()) same->description = g.description;
  }
}

void check_roles(const RawProfile& raw, const std::vector<base::Term>& roles) {
  std::set<std::string> known;
  std::string list;
  for (const base::Term& role : roles) {
    known.insert(role.name);
    list.append(list.empty() ? "" : ", ").append(role.name);
  }
  for (const RoleUse& use : raw.role_uses) {
    if (known.count(use.role) != 0) continue;
    refuse("event type \"" + use.event_type + "\" has the role \"" + base::ellipsize(use.role, 60) + "\", which is not declared", use.place,
           "add [[roles]] name = \"...\", or use one of " + list);
  }
}

std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::exists(status)) {
    std::string names;
    for (const std::string& name : builtin_profile_names()) names.append(names.empty() ? "" : ", ").append(name);
    refuse("there is no such profile", path.string(), "use one of " + names + ", or the path of a .toml file");
  }
  if (!std::filesystem::is_regular_file(status)) refuse("a profile must be a file", path.string(), "give the path of a .toml file");
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) {
    text.resize(kMostBytes + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) refuse("the profile cannot be read", path.string(), "check its permissions");
  return text;
}

void check_text(const std::string& toml, const std::string& where) {
  if (toml.size() > kMostBytes) refuse("the profile is larger than 1 MiB", where, "this is hardly a profile; shorten it");
  if (!base::is_valid_utf8(toml)) refuse("the profile is not UTF-8 text", where, "save it as UTF-8");
}

}  // namespace

std::vector<std::string> builtin_profile_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kBuiltinProfileCount; ++i) names.emplace_back(kBuiltinProfiles[i].name);
  return names;
}

base::Profile load_profile(const std::string& name_or_file) {
  if (const char* toml = builtin(name_or_file)) return parse_profile(toml, std::string("built-in profile ") + name_or_file);
  base::Profile profile = parse_profile(read_file(name_or_file), name_or_file);
  // Pictures of examples lie beside the profile.
  for (base::Example& example : profile.examples) {
    for (std::string& image : example.images) image = (std::filesystem::path(name_or_file).parent_path() / image).string();
  }
  return profile;
}

std::optional<base::Commentary> load_commentary(const std::string& name_or_file) {
  if (const char* toml = builtin(name_or_file)) return parse_commentary(toml, std::string("built-in profile ") + name_or_file);
  return parse_commentary(read_file(name_or_file), name_or_file);
}

std::optional<base::Commentary> parse_commentary(const std::string& toml, const std::string& where) {
  check_text(toml, where);
  return read_profile(toml, where).commentary;
}

base::Profile parse_profile(const std::string& toml, const std::string& where) {
  check_text(toml, where);
  RawProfile raw = read_profile(toml, where);
  base::Profile profile = raw.profile;
  if (profile.name != kGeneral) {
    const base::Profile general = read_profile(builtin(kGeneral), "built-in profile general").profile;
    merge(profile.entity_types, general.entity_types);
    merge(profile.event_types, general.event_types);
    merge(profile.roles, general.roles);
    if (profile.prompt.empty()) profile.prompt = general.prompt;
  }
  check_roles(raw, profile.roles);
  profile.digest = digest(std::string(builtin(kGeneral)) + '\n' + toml);
  return profile;
}

}  // namespace reelgraph::captioner
