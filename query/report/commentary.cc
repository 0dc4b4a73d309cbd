#include "query/report/commentary.h"

#include "base/error.h"
#include "query/report/director.h"

namespace reelgraph::query::report {

CommentaryReport make_commentary(const graph::Store& store, const base::Commentary& commentary, const graph::VideoRecord& video,
                                 const CommentaryOptions& options) {
  if (options.lookahead < 0 || options.lookahead > base::kMinute)
    throw base::Error(base::ErrorCode::kInvalidArgument, "a look-ahead outside 0 to 60 seconds", "--lookahead", "give seconds, such as 10");
  EventFeed feed(store, commentary, video);
  Director director(commentary, video, options, feed);
  director.run();

  CommentaryReport report;
  report.video = video.id;
  report.title = video.title;
  report.profile = commentary.profile;
  report.style = director.style();
  report.language = commentary.language;
  report.lines = std::move(director.lines());
  report.events_read = feed.read();
  report.events_told = feed.told();
  if (feed.outside() > 0)
    report.notes.push_back(std::to_string(feed.outside()) + " events begin after the end of the video (" + base::format_time(video.duration) +
                           ") and are left out");
  for (const std::string& name : director.names().twins())
    report.notes.push_back("several sides are called " + name + "; they are told apart by the order in which they appear");
  if (commentary.score && director.sides() != 2 && feed.told() > 0)
    report.notes.push_back("the events name " + std::to_string(director.sides()) + " sides, not two: no score is said");
  if (feed.read() == 0) {
    report.notes.push_back("the video has no events");
  } else if (feed.told() == 0) {
    std::string types;
    int n = 0;
    for (const auto& [type, count] : feed.strangers()) {
      if (++n <= 8) types += (types.empty() ? "" : ", ") + type;
    }
    report.notes.push_back("none of its events is of a kind that the profile " + commentary.profile + " tells of (they are " + types +
                           (n > 8 ? ", ..." : "") + ")");
  }
  return report;
}

}  // namespace reelgraph::query::report
