#include "cli/pipeline/cue_merger.h"

#include <algorithm>
#include <cstdlib>

namespace reelgraph::pipeline {
namespace {

constexpr std::size_t kRemembered = 64;
constexpr base::Duration kSameMoment = 500 * base::kMillisecond;

}  // namespace

bool CueMerger::seen(const base::Cue& cue) const {
  return std::any_of(recent_.begin(), recent_.end(), [&](const base::Cue& other) {
    return other.text == cue.text && other.source != cue.source && std::llabs(other.span.start - cue.span.start) <= kSameMoment;
  });
}

void CueMerger::note(const base::Cue& cue) {
  recent_.push_back(cue);
  if (recent_.size() > kRemembered) recent_.pop_front();
}

std::vector<base::Cue> CueMerger::upto(base::Timestamp at) {
  std::vector<base::Cue> cues;
  for (; next_ < sidecar_.size() && sidecar_[next_].span.start <= at; ++next_) {
    if (accept(sidecar_[next_])) cues.push_back(sidecar_[next_]);
  }
  return cues;
}

bool CueMerger::accept(const base::Cue& cue) {
  if (seen(cue)) return false;
  note(cue);
  return true;
}

}  // namespace reelgraph::pipeline
