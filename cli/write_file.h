#pragma once
// Result files appear under their name only when they are whole.

#include "base/write_file.h"

namespace reelgraph::cli {

using base::write_file;

}  // namespace reelgraph::cli
