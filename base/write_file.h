#pragma once
// Result files appear under their name only when they are whole.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>

namespace reelgraph::base {

/// Lets `write` fill a file beside `file`, then moves it there. On error the old file, if any, is unchanged.
/// @throws Error kArchive if it cannot be written; what `write` throws
void write_file(const std::filesystem::path& file, const std::function<void(std::ostream&)>& write);
void write_file(const std::filesystem::path& file, const std::string& bytes);

}  // namespace reelgraph::base
