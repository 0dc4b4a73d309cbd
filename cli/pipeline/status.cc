#include "cli/pipeline/types.h"

namespace reelgraph::pipeline {

std::string status_name(Status status) {
  switch (status) {
    case Status::kDone: return "done";
    case Status::kPartial: return "partial";
    case Status::kFailed: return "failed";
    case Status::kUnchanged: return "unchanged";
    case Status::kInterrupted: return "interrupted";
  }
  return "failed";
}

}  // namespace reelgraph::pipeline
