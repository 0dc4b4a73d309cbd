// CSV and subtitles.
#include <algorithm>
#include <ostream>

#include "base/markup.h"
#include "base/observation_json.h"
#include "graph/transfer/export.h"

namespace reelgraph::graph {
namespace {

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
      out << base::csv_field(event.video) << ',' << base::seconds_text(event.span.start) << ',' << base::seconds_text(event.span.end) << ','
          << base::csv_field(event.type) << ',' << base::csv_field(event.description) << ',' << base::csv_field(participants) << ','
          << base::csv_field(event.attributes.empty() ? std::string() : event.attributes.dump()) << "\r\n";
    }
  }
}

void export_subtitles(const Store& store, std::ostream& out, const std::vector<VideoRecord>& videos, bool webvtt) {
  if (webvtt) out << "WEBVTT\n\n";
  const char point = webvtt ? '.' : ',';
  std::int64_t number = 0;
  for (const VideoRecord& video : videos) {
    if (webvtt && videos.size() > 1) out << "NOTE " << base::cue_text(video.id, true) << "\n\n";
    store.each_observation(video.id, [&](const base::Observation& o) {
      const std::string text = base::cue_text(spoken_or_seen(o), webvtt);
      if (text.empty()) return;
      // A cue of no length is shown by no player.
      const base::Timestamp end = std::max(o.span.end, o.span.start + base::kMillisecond);
      if (!webvtt) out << ++number << '\n';
      out << base::cue_time(o.span.start, point) << " --> " << base::cue_time(end, point) << '\n' << text << "\n\n";
    });
  }
}

}  // namespace reelgraph::graph
