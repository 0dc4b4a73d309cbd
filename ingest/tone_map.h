#pragma once
// HDR light to SDR colours.

#include <cstdint>
#include <span>

namespace reelgraph::ingest {

enum class HdrTransfer { kPq, kHlg };

/// One row of BT.2020 R'G'B' (uint16 [3 N], 0..65535 for 0..1) to sRGB of BT.709 primaries (uint8 [3 N]).
void tone_map_row(std::span<const std::uint16_t> from, std::uint8_t* to, HdrTransfer transfer);

}  // namespace reelgraph::ingest
