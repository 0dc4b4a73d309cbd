#include "captioner/endpoint/reading.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/observation_json.h"
#include "base/time.h"
#include "base/utf8.h"
#include "captioner/endpoint/json_member.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr std::size_t kMostText = 8000, kMostWord = 200;  // bytes
constexpr std::size_t kMostEntities = 200, kMostEvents = 200, kMostTexts = 200, kMostParticipants = 50;
constexpr const char* kOther = "other";

std::string folded(const std::string& word) {
  std::string text = base::clean_line(base::sanitize_utf8(word, kMostWord), kMostWord);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ' || c == '-') c = '_';
  }
  return text;
}

std::string text(const nlohmann::json& object, const char* key, std::size_t most) {
  const nlohmann::json& value = at(object, key);
  if (value.is_number()) return value.dump();
  return value.is_string() ? base::clean_line(base::sanitize_utf8(value.get<std::string>(), most), most) : std::string();
}

std::optional<base::Timestamp> time(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = at(object, key);
  if (value.is_number()) {
    const double seconds = value.get<double>();
    if (!std::isfinite(seconds) || seconds < 0 || seconds > base::to_seconds(base::kMaxTimestamp)) return std::nullopt;
    return base::from_seconds(seconds);
  }
  return value.is_string() ? base::parse_time(text(object, key, 40)) : std::nullopt;
}

/// The part of the chunk that an event's times mean; the whole chunk where they mean none of it.
base::TimeSpan span_of(const nlohmann::json& event, const base::TimeSpan& chunk, bool& told) {
  std::optional<base::Timestamp> start = time(event, "start"), end = time(event, "end");
  if (!start && end) start = end;
  told = false;
  if (!start) return chunk;
  if (!end || *end < *start) end = start;
  if (*end < chunk.start || *start >= chunk.end) return chunk;
  told = true;
  return {std::clamp(*start, chunk.start, chunk.end), std::clamp(*end, chunk.start, chunk.end)};
}

/// A list where there is one; nothing where it is null or absent.
const nlohmann::json& list(const nlohmann::json& object, const char* key) {
  static const nlohmann::json empty = nlohmann::json::array();
  const nlohmann::json& value = at(object, key);
  return value.is_array() ? value : empty;
}

/// The word that the model used for what the profile has no name of.
std::string own_word(const nlohmann::json& object) {
  const std::string type = folded(text(object, "type", kMostWord)), word = folded(text(object, "word", kMostWord));
  return type.empty() || type == kOther ? word : type;
}

}  // namespace

ChunkFacts::ChunkFacts(const base::Chunk& chunk) : index(chunk.index), span(chunk.span), own(chunk.own), last(chunk.last) {
  for (const base::Cue& cue : chunk.cues) {
    // Neighbours overlap: what was said belongs to the chunk in whose own part it began.
    if (cue.span.start < own.start || (cue.span.start >= own.end && !chunk.last)) continue;
    transcript += (transcript.empty() ? "" : "\n") + cue.text;
  }
}

Vocabulary::Vocabulary(const base::Profile& profile)
    : entities_(names_of(profile.entity_types)), events_(names_of(profile.event_types)), roles_(names_of(profile.roles)) {}

Vocabulary::Names Vocabulary::names_of(const std::vector<base::Term>& terms) {
  std::map<std::string, std::string> names;
  for (const base::Term& term : terms) names.emplace(folded(term.name), term.name);
  for (const base::Term& term : terms) {
    for (const std::string& synonym : term.synonyms) names.emplace(folded(synonym), term.name);
  }
  return {names.begin(), names.end()};
}

std::string Vocabulary::find(const Names& names, const std::string& word) {
  const std::string wanted = folded(word);
  const auto found =
      std::lower_bound(names.begin(), names.end(), wanted, [](const auto& entry, const std::string& key) { return entry.first < key; });
  return found != names.end() && found->first == wanted ? found->second : std::string();
}

base::Observation read_reply(const nlohmann::json& reply, const ChunkFacts& chunk, const Vocabulary& words) {
  base::Observation o;
  o.span = chunk.span;
  o.caption = base::clean_text(base::sanitize_utf8(at(reply, "caption").get<std::string>(), kMostText), kMostText);
  o.transcript = chunk.transcript;
  for (const nlohmann::json& line : list(reply, "ocr")) {
    if (o.ocr.size() < kMostTexts) o.ocr.push_back(base::clean_line(base::sanitize_utf8(line.get<std::string>(), kMostText), kMostText));
  }
  std::erase(o.ocr, std::string());

  std::map<std::string, std::string> refs;  // the model's -> ours
  const auto mention = [&](const std::string& ref, base::EntityMention entity) {
    entity.ref = "e" + std::to_string(refs.size());
    refs[ref] = entity.ref;
    o.entities.push_back(std::move(entity));
  };
  for (const nlohmann::json& item : list(reply, "entities")) {
    const std::string ref = text(item, "ref", kMostWord);
    if (o.entities.size() >= kMostEntities || refs.contains(ref)) continue;
    base::EntityMention entity;
    entity.type = words.entity_type(text(item, "type", kMostWord));
    if (entity.type.empty()) {
      const std::string word = own_word(item);
      entity.type = words.entity_type(word);
      if (entity.type.empty()) {
        entity.type = kOther;
        if (!word.empty() && word != kOther) entity.attributes["word"] = word;
      }
    }
    const std::string name = text(item, "name", kMostWord);
    if (!name.empty()) entity.name = name;
    entity.description = text(item, "description", kMostText);
    mention(ref, std::move(entity));
  }
  for (const nlohmann::json& item : list(reply, "events")) {
    if (o.events.size() >= kMostEvents) break;
    base::Event event;
    bool told = false;
    event.span = span_of(item, chunk.span, told);
    if (told && ((event.span.start < chunk.own.start) || (event.span.start >= chunk.own.end && !chunk.last))) continue;
    if (!told) event.attributes["time"] = "not told";
    event.type = words.event_type(text(item, "type", kMostWord));
    if (event.type.empty()) {
      const std::string word = own_word(item);
      event.type = words.event_type(word);
      if (event.type.empty()) {
        event.type = kOther;
        if (!word.empty() && word != kOther) event.attributes["word"] = word;
      }
    }
    event.description = text(item, "description", kMostText);
    for (const nlohmann::json& part : list(item, "participants")) {
      if (event.participants.size() >= kMostParticipants) break;
      const std::string ref = text(part, "ref", kMostWord);
      if (ref.empty()) continue;
      if (!refs.contains(ref)) {
        // Named in the event only: it is something, and all that is known of it is that word.
        if (o.entities.size() >= kMostEntities) continue;
        base::EntityMention entity;
        entity.type = kOther;
        entity.description = ref;
        mention(ref, std::move(entity));
      }
      std::string role = words.role(text(part, "role", kMostWord));
      if (role.empty()) role = kOther;
      event.participants.push_back({refs[ref], std::move(role)});
    }
    o.events.push_back(std::move(event));
  }
  o.video = "video";  // a canonical observation has one; which, the pipeline knows
  base::make_canonical(o);
  o.video.clear();
  return o;
}

}  // namespace reelgraph::captioner::endpoint
