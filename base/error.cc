#include "base/error.h"

#include <system_error>
#include <utility>

namespace reelgraph::base {
namespace {

std::string join(const std::string& message, const std::string& context, const std::string& cure) {
  std::string text = context.empty() ? message : context + ": " + message;
  if (!cure.empty()) text += " (" + cure + ")";
  return text;
}

}  // namespace

Error::Error(ErrorCode code, std::string message, std::string context, std::string cure)
    : std::runtime_error(join(message, context, cure)),
      code_(code),
      message_(std::move(message)),
      context_(std::move(context)),
      cure_(std::move(cure)) {}

Error Error::within(std::string_view context) const {
  std::string outer(context);
  if (!context_.empty()) outer += ": " + context_;
  return {code_, message_, std::move(outer), cure_};
}

int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument: return 2;
    case ErrorCode::kBadInput: return 3;
    case ErrorCode::kModel: return 4;
    case ErrorCode::kArchive: return 5;
    case ErrorCode::kInterrupted: return 6;
    case ErrorCode::kInternal: return 70;
  }
  return 70;
}

std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

}  // namespace reelgraph::base
