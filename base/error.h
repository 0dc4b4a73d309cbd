#pragma once
// Errors that cross a folder's border. A foreign error (FFmpeg, SQLite, libcurl, errno) is translated once, in its wrapper.

#include <stdexcept>
#include <string>
#include <string_view>

namespace reelgraph::base {

/// What kind of failure it was. The values decide the exit code of the program (`exit_code`); they are never reused.
enum class ErrorCode {
  kInvalidArgument = 1,  ///< a caller's or a user's option is wrong
  kBadInput = 2,         ///< a file, stream or line given by the user cannot be used
  kModel = 3,            ///< a model folder, model runtime or model server failed
  kArchive = 4,          ///< the archive cannot be opened, read or written
  kInterrupted = 5,      ///< stopped on request; resumable
  kInternal = 6,         ///< a defect of reelgraph itself
};

/// A failure as the user sees it: what was wrong, where, and what to do about it.
/// `what()` is the three joined: "context: message (cure)".
class Error : public std::runtime_error {
 public:
  /// @param message what was wrong, in lower case, without a full stop
  /// @param context where: file, "FILE:LINE", "VIDEO at 0:01:02.000", table; may be empty
  /// @param cure what the user can do; may be empty
  Error(ErrorCode code, std::string message, std::string context = {}, std::string cure = {});

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const std::string& context() const noexcept { return context_; }
  [[nodiscard]] const std::string& cure() const noexcept { return cure_; }

  /// The same failure, seen from further out: `context` is put before the present one.
  [[nodiscard]] Error within(std::string_view context) const;

 private:
  ErrorCode code_;
  std::string message_;
  std::string context_;
  std::string cure_;
};

/// Exit code of the program for an error (docs of the command line: 2 usage, 3 bad input, 4 model, 5 archive, 6 interrupted; 70 internal).
[[nodiscard]] int exit_code(ErrorCode code) noexcept;

/// Text of an errno value, thread-safe ("No such file or directory").
[[nodiscard]] std::string errno_text(int error_number);

}  // namespace reelgraph::base
