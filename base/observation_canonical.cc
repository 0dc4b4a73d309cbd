// What makes two spellings of one observation equal; see observation_json.h.
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "base/observation_json.h"
#include "base/utf8.h"

namespace reelgraph::base {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidArgument, what); }

std::string trimmed(std::string text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string::npos) return {};
  text.erase(text.find_last_not_of(" \t\n") + 1);
  text.erase(0, first);
  return text;
}

void clean_lines(std::vector<std::string>& lines, std::size_t limit) {
  std::vector<std::string> kept;
  for (const std::string& line : lines) {
    if (std::string clean = clean_line(line, limit); !clean.empty()) kept.push_back(std::move(clean));
  }
  lines = std::move(kept);
}

json clean_json(const json& value, const ObservationLimits& limits, std::size_t depth) {
  if (depth > limits.nesting - 8) return "...";
  if (value.is_string()) return sanitize_utf8(value.get_ref<const std::string&>(), limits.text_bytes);
  if (value.is_number_float() && !std::isfinite(value.get<double>())) return nullptr;
  if (value.is_array()) {
    json result = json::array();
    for (const json& item : value) result.push_back(clean_json(item, limits, depth + 1));
    return result;
  }
  if (value.is_object()) {
    json result = json::object();
    for (const auto& [key, item] : value.items()) result[sanitize_utf8(key, limits.word_bytes)] = clean_json(item, limits, depth + 1);
    return result;
  }
  return value.is_binary() || value.is_discarded() ? json() : value;
}

void clean_attributes(json& attributes, const ObservationLimits& limits) {
  attributes = attributes.is_object() ? clean_json(attributes, limits, 0) : json::object();
}

void check(const TimeSpan& span) {
  if (span.start < 0 || span.end < span.start || span.end > kMaxTimestamp) refuse("a span must not be negative, reversed or endless");
}

void clean_box(std::optional<Box>& box) {
  if (!box) return;
  const bool sane = box->x0 >= 0 && box->x0 <= box->x1 && box->x1 <= 1 && box->y0 >= 0 && box->y0 <= box->y1 && box->y1 <= 1;
  if (!sane) refuse("a box must be ordered and lie in 0..1 of the frame");
  for (double* v : {&box->x0, &box->y0, &box->x1, &box->y1}) *v += 0.0;  // -0.0 becomes 0.0
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t max_bytes) { return trimmed(sanitize_utf8(text, max_bytes)); }

std::string clean_line(std::string_view text, std::size_t max_bytes) {
  std::string line = sanitize_utf8(text, max_bytes);
  for (char& c : line) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return trimmed(std::move(line));
}

void renumber_refs(Observation& observation) {
  std::unordered_map<std::string, std::string> names;
  for (std::size_t i = 0; i < observation.entities.size(); ++i) {
    EntityMention& entity = observation.entities[i];
    std::string fresh(1, 'e');
    fresh += std::to_string(i);
    if (!names.emplace(std::move(entity.ref), fresh).second) refuse("two entities of one observation have the same ref");
    entity.ref = std::move(fresh);
  }
  const auto rename = [&](std::string& ref) {
    const auto it = names.find(ref);
    if (it == names.end()) refuse("the ref " + ellipsize(ref, 60) + " is no entity of its observation");
    ref = it->second;
  };
  for (Event& event : observation.events) {
    for (Participant& participant : event.participants) rename(participant.ref);
  }
  for (Relation& relation : observation.relations) {
    rename(relation.source);
    rename(relation.target);
  }
}

void make_canonical(Observation& o, const ObservationLimits& limits) {
  const auto word = [&](std::string& text) { text = clean_line(text, limits.word_bytes); };
  const auto prose = [&](std::string& text) { text = clean_text(text, limits.text_bytes); };
  renumber_refs(o);
  word(o.video);
  if (o.video.empty()) refuse("an observation names no video");
  check(o.span);
  prose(o.caption);
  prose(o.transcript);
  clean_lines(o.ocr, limits.text_bytes);
  clean_attributes(o.attributes, limits);
  for (EntityMention& entity : o.entities) {
    if (entity.stable_id) word(*entity.stable_id);
    if (entity.stable_id && entity.stable_id->empty()) entity.stable_id.reset();
    if (entity.name) word(*entity.name);
    if (entity.name && entity.name->empty()) entity.name.reset();
    word(entity.type);
    clean_lines(entity.aliases, limits.word_bytes);
    prose(entity.description);
    clean_attributes(entity.attributes, limits);
    clean_box(entity.box);
    if (entity.span) check(*entity.span);
  }
  for (Event& event : o.events) {
    word(event.type);
    if (event.type.empty()) refuse("an event has no type");
    check(event.span);
    prose(event.description);
    clean_attributes(event.attributes, limits);
    if (event.show_at) check({*event.show_at, *event.show_at});
    for (Participant& participant : event.participants) word(participant.role);
  }
  for (Relation& relation : o.relations) {
    word(relation.type);
    if (relation.type.empty()) refuse("a relation has no type");
    if (relation.span) check(*relation.span);
  }
  word(o.provenance.kind);
  if (o.provenance.kind.empty()) o.provenance.kind = "import";
  word(o.provenance.name);
  word(o.provenance.version);
}

}  // namespace reelgraph::base
