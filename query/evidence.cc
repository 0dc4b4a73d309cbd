#include "query/evidence.h"

#include <algorithm>

#include "base/utf8.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kLongestQuote = 600;                 // bytes of a citation's text
constexpr base::Duration kEventSlack = 3 * base::kSecond;  // a frame that far from an event still shows its surroundings

}  // namespace

Evidence::Evidence(const graph::Store& store, int most, bool with_frames) : store_(store), most_(most), with_frames_(with_frames) {}

int Evidence::add(Citation citation, base::Timestamp show_at, base::Duration slack) {
  for (std::size_t i = 0; i < citations_.size(); ++i) {
    const Citation& c = citations_[i];
    if (c.video == citation.video && c.span == citation.span && c.event == citation.event && c.text == citation.text)
      return static_cast<int>(i) + 1;
  }
  if (full()) return 0;
  if (with_frames_) {
    if (const auto frame = store_.frame_near(citation.video, citation.span, show_at, slack)) citation.frame = frame->file;
  }
  citations_.push_back(std::move(citation));
  return static_cast<int>(citations_.size());
}

int Evidence::cite(const graph::EventRecord& event) {
  return add({event.video, event.span, base::ellipsize(event_text(event), kLongestQuote), event.row, event.observation, {}},
             event.show_at.value_or(event.span.start), kEventSlack);
}

int Evidence::cite(const graph::Passage& passage) {
  return add({passage.video, passage.span, base::ellipsize(passage.text, kLongestQuote), passage.event, passage.observation, {}},
             passage.span.start + passage.span.length() / 2, kEventSlack);
}

int Evidence::cite(const std::string& video, base::TimeSpan span, const std::string& text) {
  return add({video, span, text, std::nullopt, std::nullopt, {}}, span.start + span.length() / 2, 0);
}

std::string when_where(const std::string& video, base::TimeSpan span) {
  std::string text = base::format_time(span.start);
  if (span.length() >= base::kSecond) text.append("-").append(base::format_time(span.end));
  return text + " in " + video;
}

std::string readable(const std::string& type) {
  std::string text = type;
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string readable(const std::vector<std::string>& types) {
  std::string text;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += i + 1 == types.size() ? " or " : ", ";
    text += readable(types[i]);
  }
  return text;
}

std::string event_text(const graph::EventRecord& event) {
  if (!event.description.empty()) return event.description;
  std::string text = readable(event.type);
  for (std::size_t i = 0; i < event.participants.size(); ++i) text += (i == 0 ? ": " : ", ") + event.participants[i].name;
  return text;
}

nlohmann::json moment_json(const std::string& video, base::TimeSpan span) {
  return {{"video", video}, {"start", base::to_seconds(span.start)}, {"end", base::to_seconds(span.end)}};
}

}  // namespace reelgraph::query
