#include "captioner/signals/caption.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/span_set.h"

namespace reelgraph::captioner::signals {
namespace {

/// "about 12 s", "about 0.8 s".
std::string about(base::Duration length) {
  char buffer[32];
  const double seconds = base::to_seconds(length);
  std::snprintf(buffer, sizeof buffer, seconds < 2 ? "about %.1f s" : "about %.0f s", seconds);
  return buffer;
}

std::string times(std::size_t count) { return count == 1 ? "once" : count == 2 ? "twice" : std::to_string(count) + " times"; }

void sentence(std::string& text, const std::string& words) {
  if (!text.empty()) text += ' ';
  text += words + ".";
}

base::SpanSet within(base::SpanSet spans, base::TimeSpan own) { return spans.intersection(base::SpanSet{own}); }

void say_cuts(std::string& text, const std::vector<base::ShotBoundary>& boundaries) {
  std::size_t fades = 0;
  for (const base::ShotBoundary& b : boundaries) fades += b.kind == base::BoundaryKind::kFade ? 1 : 0;
  const std::size_t cuts = boundaries.size() - fades;
  if (cuts > 0) sentence(text, "The picture cuts " + times(cuts));
  if (fades > 0) sentence(text, "The picture fades to another shot " + times(fades));
}

void say_trouble(std::string& text, const Findings& f, View view, const char* words) {
  base::SpanSet spans;
  for (const ViewSpan& span : f.trouble) {
    if (span.view == view) spans.add(span.span);
  }
  const base::Duration total = within(spans, f.own).total();
  if (total > 0) sentence(text, words + std::string(" for ") + about(total));
}

void say_motion(std::string& text, const Findings& f, const base::SpanSet& unclear) {
  base::SpanSet moving;
  const MotionSpan* largest = nullptr;
  for (const MotionSpan& m : f.motion) {
    if (m.span.intersection(f.own).empty()) continue;
    moving.add(m.span.intersection(f.own));
    if (largest == nullptr || m.largest > largest->largest) largest = &m;
  }
  if (largest != nullptr) {
    const std::string where = region(largest->x, largest->y);
    const std::string place = where == "centre" ? "in the centre" : "at the " + where;
    sentence(text, "Something moves for " + about(moving.total()) + ", most of all " + place);
  } else if (!f.measured->picture.empty() && unclear.empty()) {
    sentence(text, "Nothing was seen to move");
  } else if (!unclear.empty()) {
    sentence(text, "What moves in the scene cannot be told there");
  }
}

void say_sound(std::string& text, const Findings& f) {
  base::SpanSet loud, silent;
  for (const SoundSpan& span : f.sound) (span.loud ? loud : silent).add(span.span);
  loud = within(loud, f.own);
  silent = within(silent, f.own);
  if (!loud.empty())
    sentence(text, "The sound is loud for " + about(loud.total()) + ", first at " + base::format_time(loud.spans().front().start));
  if (silent.total() >= f.own.length() && !silent.empty()) {
    sentence(text, "There is no sound to be heard");
  } else if (!silent.empty()) {
    sentence(text, "There is silence for " + about(silent.total()));
  }
}

double to_digits(double value, double scale) { return std::round(value * scale) / scale; }

}  // namespace

std::string caption(const Findings& f) {
  std::string text;
  base::SpanSet unclear;
  for (const ViewSpan& span : f.trouble) unclear.add(span.span.intersection(f.own));
  say_cuts(text, f.measured->boundaries);
  say_trouble(text, f, View::kCameraMoves, "The camera moves");
  say_trouble(text, f, View::kTooDark, "The picture is too dark to tell anything");
  say_trouble(text, f, View::kNoisy, "The picture changes all over");
  say_motion(text, f, unclear);
  for (std::string words : f.told) {
    if (!words.empty() && words.front() >= 'a' && words.front() <= 'z') words.front() = static_cast<char>(words.front() - 'a' + 'A');
    sentence(text, words);
  }
  say_sound(text, f);
  if (f.measured->picture.empty())
    sentence(text, f.measured->sound.empty() ? "There is neither picture nor sound here" : "There is sound only");
  return text;
}

std::string transcript(const std::vector<base::Cue>& cues, base::TimeSpan own, bool first) {
  std::string text;
  const std::string* before = nullptr;
  for (const base::Cue& cue : cues) {
    const bool here = own.contains(cue.span.start) || (first && cue.span.start < own.start);
    if (!here || cue.text.empty() || (before != nullptr && *before == cue.text)) continue;
    if (!text.empty()) text += '\n';
    text += cue.text;
    before = &cue.text;
  }
  return text;
}

nlohmann::json averages(const Findings& f) {
  nlohmann::json result = nlohmann::json::object();
  const auto& picture = f.measured->picture;
  if (!picture.empty()) {
    double brightness = 0, sharpness = 0;
    for (const base::PictureSample& s : picture) {
      brightness += s.brightness;
      sharpness += s.sharpness;
    }
    const double count = static_cast<double>(picture.size());
    base::SpanSet moving, camera;
    for (const MotionSpan& m : f.motion) moving.add(m.span);
    for (const ViewSpan& span : f.trouble) {
      if (span.view == View::kCameraMoves) camera.add(span.span);
    }
    const double length = std::max(1.0, static_cast<double>(f.own.length()));
    result["brightness"] = to_digits(brightness / count, 1000);
    result["sharpness"] = to_digits(sharpness / count, 10);
    result["motion_share"] = to_digits(static_cast<double>(within(moving, f.own).total()) / length, 1000);
    result["camera"] = within(camera, f.own).empty() ? "still" : "moves";
    result["near_duplicates"] = f.measured->near_duplicates;
  }
  if (!f.measured->sound.empty()) {
    double energy = 0;
    for (const base::SoundSample& s : f.measured->sound) energy += std::pow(10, s.level_db / 10);
    result["sound_db"] = to_digits(std::max(-120.0, 10 * std::log10(energy / static_cast<double>(f.measured->sound.size()))), 10);
  }
  return result;
}

}  // namespace reelgraph::captioner::signals
