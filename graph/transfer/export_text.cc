// CSV and subtitles.
#include <algorithm>
#include <cstdio>
#include <ostream>

#include "base/observation_json.h"
#include "graph/transfer/export.h"

namespace reelgraph::graph {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

/// "00:01:02.500", with SubRip's comma or WebVTT's point.
std::string cue_time(base::Timestamp t, char point) {
  const std::int64_t ms = t / base::kMillisecond;
  char text[40];
  std::snprintf(text, sizeof text, "%02lld:%02d:%02d%c%03d", static_cast<long long>(ms / 3'600'000), static_cast<int>(ms / 60'000 % 60),
                static_cast<int>(ms / 1'000 % 60), point, static_cast<int>(ms % 1'000));
  return text;
}

/// Text that cannot end its cue early or begin another: no empty line, no arrow; markup escaped where the format has any.
std::string cue_text(const std::string& text, bool webvtt) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' && (out.empty() || out.back() == '\n')) continue;
    if (c == '-' && text.compare(i, 3, "-->") == 0) {
      out += webvtt ? "--&gt;" : "->";
      i += 2;
    } else if (webvtt && c == '&') {
      out += "&amp;";
    } else if (webvtt && c == '<') {
      out += "&lt;";
    } else if (webvtt && c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string spoken_or_seen(const base::Observation& o) {
  if (!o.transcript.empty()) return o.transcript;
  if (!o.caption.empty()) return o.caption;
  std::string text;
  for (const base::Event& event : o.events) {
    if (event.description.empty()) continue;
    if (!text.empty()) text += '\n';
    text += event.description;
  }
  return text;
}

}  // namespace

void export_csv(const Store& store, std::ostream& out, const std::vector<VideoRecord>& videos) {
  out << "video,start,end,type,description,participants,attributes\r\n";
  for (const VideoRecord& video : videos) {
    EventFilter filter;
    filter.videos = {video.id};
    for (const EventRecord& event : store.events(filter)) {
      std::string participants;
      for (const ParticipantRecord& p : event.participants) {
        if (!participants.empty()) participants += "; ";
        if (!p.role.empty()) participants += p.role + "=";
        participants += p.name;
      }
      out << csv_field(event.video) << ',' << base::seconds_text(event.span.start) << ',' << base::seconds_text(event.span.end) << ','
          << csv_field(event.type) << ',' << csv_field(event.description) << ',' << csv_field(participants) << ','
          << csv_field(event.attributes.empty() ? std::string() : event.attributes.dump()) << "\r\n";
    }
  }
}

void export_subtitles(const Store& store, std::ostream& out, const std::vector<VideoRecord>& videos, bool webvtt) {
  if (webvtt) out << "WEBVTT\n\n";
  const char point = webvtt ? '.' : ',';
  std::int64_t number = 0;
  for (const VideoRecord& video : videos) {
    if (webvtt && videos.size() > 1) out << "NOTE " << cue_text(video.id, true) << "\n\n";
    store.each_observation(video.id, [&](const base::Observation& o) {
      const std::string text = cue_text(spoken_or_seen(o), webvtt);
      if (text.empty()) return;
      // A cue of no length is shown by no player.
      const base::Timestamp end = std::max(o.span.end, o.span.start + base::kMillisecond);
      if (!webvtt) out << ++number << '\n';
      out << cue_time(o.span.start, point) << " --> " << cue_time(end, point) << '\n' << text << "\n\n";
    });
  }
}

}  // namespace reelgraph::graph
