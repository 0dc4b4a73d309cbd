#include "captioner/signals/events.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace reelgraph::captioner::signals {
namespace {

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

/// As JSON wants it: 0.85, not 0.8500000000000001.
double share(double value) { return std::round(value * 1000) / 1000; }

std::string text_of(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

/// Share of the picture in words that claim no precision.
std::string amount(double part) {
  if (part < 0.01) return "less than a hundredth";
  if (part < 0.1) return "about " + text_of("%.0f", part * 100) + " %";
  return "about " + text_of("%.0f", rounded(part * 100, 5)) + " %";
}

}  // namespace

base::Event cut_event(const base::ShotBoundary& boundary) {
  base::Event event;
  event.type = "cut";
  event.span = {boundary.at, boundary.at};
  event.attributes = {{"confidence", share(boundary.confidence)}};
  event.description = "the picture cuts to another shot";
  event.show_at = boundary.at;
  if (boundary.kind == base::BoundaryKind::kFade) {
    event.attributes["kind"] = "fade";
    event.description = "the picture fades to another shot";
    // The first picture of a fade-in still shows little of what comes.
    event.show_at = boundary.at + 500 * base::kMillisecond;
  }
  return event;
}

base::Event motion_event(const MotionSpan& motion) {
  base::Event event;
  event.type = "motion";
  event.span = motion.span;
  const std::string where = region(motion.x, motion.y);
  event.description = "something moves, mostly " + std::string(where == "centre" ? "in the " : "at the ") + where + ", at most " +
                      amount(motion.largest) + " of the picture at once";
  event.attributes = {{"region", where}, {"share", share(motion.largest)}, {"confidence", share(motion.confidence)}};
  event.show_at = motion.shown;
  return event;
}

base::Event camera_event(const ViewSpan& span) {
  base::Event event;
  event.type = "camera_moves";
  event.span = span.span;
  event.description = "the camera moves";
  event.attributes = {{"confidence", 0.8}, {"way", share(span.shift)}};
  event.show_at = span.span.start + span.span.length() / 2;
  return event;
}

base::Event sound_event(const SoundSpan& sound) {
  base::Event event;
  event.span = sound.span;
  event.attributes = {{"level_db", std::round(sound.level_db * 10) / 10}, {"confidence", 0.9}};
  if (sound.loud) {
    event.type = "loud";
    event.description = "loud sound, up to " + text_of("%.0f", sound.level_db) + " dB of full scale";
    event.show_at = sound.peak;
  } else {
    event.type = "silent";
    event.description = "no sound to be heard";
  }
  return event;
}

void EventLimit::pass(base::Event event, std::vector<base::Event>& events, std::vector<base::CoverageNote>& notes) {
  Count& count = counts_[event.type];
  const base::Timestamp minute = event.span.start / base::kMinute;
  if (minute != count.minute) count = {minute, 0};
  if (++count.events <= per_minute_) {
    events.push_back(std::move(event));
  } else if (count.events == per_minute_ + 1) {
    notes.push_back({{event.span.start, (minute + 1) * base::kMinute}, "too_many_events"});
  }
}

}  // namespace reelgraph::captioner::signals
