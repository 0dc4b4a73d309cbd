// Observation lines into the archive: one transaction a file, one line in memory at a time.
#include <istream>
#include <string>

#include "base/error.h"
#include "base/observation_json.h"
#include "base/utf8.h"
#include "graph/transfer.h"

namespace reelgraph::graph {
namespace {

constexpr std::size_t kMaxReports = 100;

/// Lines of a stream, without their ends, none longer than a limit: the rest of a longer one is passed over unread.
class LineReader {
 public:
  LineReader(std::istream& in, std::size_t limit) : in_(in), limit_(limit), buffer_(std::size_t{1} << 16, '\0') {}

  /// False at the end. `too_long`: the line was cut.
  bool next(std::string& line, bool& too_long) {
    line.clear();
    too_long = false;
    bool any = false;
    while (true) {
      if (at_ == filled_ && !fill()) return any;
      any = true;
      const std::size_t end = std::string_view(buffer_).substr(0, filled_).find('\n', at_);
      const std::size_t stop = end == std::string_view::npos ? filled_ : end;
      const std::size_t room = limit_ - line.size();
      if (stop - at_ > room) too_long = true;
      line.append(buffer_, at_, std::min(stop - at_, room));
      at_ = end == std::string_view::npos ? filled_ : end + 1;
      if (end != std::string_view::npos) return true;
    }
  }

  [[nodiscard]] bool failed() const { return in_.bad(); }

 private:
  bool fill() {
    in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    at_ = 0;
    filled_ = static_cast<std::size_t>(in_.gcount());
    return filled_ > 0;
  }

  std::istream& in_;
  std::size_t limit_;
  std::string buffer_;
  std::size_t at_ = 0, filled_ = 0;
};

class Importer {
 public:
  Importer(Store& store, const std::string& name, const ImportOptions& options)
      : bulk_(store.begin_bulk()), name_(name), options_(options) {}

  ImportResult run(std::istream& in) {
    LineReader reader(in, options_.max_line_bytes);
    std::string line;
    bool too_long = false;
    for (std::int64_t number = 1; reader.next(line, too_long); ++number) {
      check_stop();
      std::string_view text = line;
      if (number == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
      if (text.find_first_not_of(" \t\r") == std::string_view::npos && !too_long) continue;
      ++result_.lines;
      try {
        if (too_long) {
          throw base::Error(base::ErrorCode::kBadInput, "longer than " + std::to_string(options_.max_line_bytes) + " bytes");
        }
        take(text);
      } catch (const base::Error& e) {
        if (e.code() != base::ErrorCode::kBadInput && e.code() != base::ErrorCode::kInvalidArgument) throw;
        const std::string place = name_ + ":" + std::to_string(number);
        if (!options_.keep_going) {
          throw base::Error(base::ErrorCode::kBadInput, e.message(), place,
                            "nothing of the file was imported; mend the line, or skip bad lines with --keep-going");
        }
        ++result_.skipped;
        if (result_.errors.size() < kMaxReports) result_.errors.push_back(place + ": " + e.message());
      }
      for (const std::string& warning : warnings_) warn(number, warning);
      warnings_.clear();
    }
    if (reader.failed()) throw base::Error(base::ErrorCode::kBadInput, "reading failed", name_, "check the file and the disk");
    for (const auto& [video, duration] : bulk_->grown()) {
      if (result_.warnings.size() < kMaxReports) {
        result_.warnings.push_back(name_ + ": spans lie past the duration of video " + video + "; it now ends at " +
                                   base::format_time(duration));
      }
    }
    check_stop();
    bulk_->commit();
    return std::move(result_);
  }

 private:
  void check_stop() const {
    if (!options_.stop.stop_requested()) return;
    throw base::Error(base::ErrorCode::kInterrupted, "interrupted; nothing of this file was imported", name_, "run the same command again");
  }

  void take(std::string_view text) {
    base::ObservationLine line = base::parse_observation_line(text, &warnings_);
    if (auto* o = std::get_if<base::Observation>(&line)) {
      base::renumber_refs(*o);
      ++(bulk_->add(*o) ? result_.added : result_.unchanged);
    } else if (const auto* video = std::get_if<base::VideoLine>(&line)) {
      bulk_->put_video(*video);
    } else if (const auto* coverage = std::get_if<base::CoverageLine>(&line)) {
      bulk_->add(*coverage);
    } else if (const auto* identity = std::get_if<base::IdentityLine>(&line)) {
      bulk_->add(*identity);
    } else {
      bulk_->add(std::get<base::SummaryLine>(line));
    }
  }

  void warn(std::int64_t number, const std::string& text) {
    if (result_.warnings.size() < kMaxReports) result_.warnings.push_back(name_ + ":" + std::to_string(number) + ": " + text);
  }

  std::unique_ptr<Bulk> bulk_;
  const std::string& name_;
  const ImportOptions& options_;
  ImportResult result_;
  std::vector<std::string> warnings_;
};

}  // namespace

ImportResult import_jsonl(Archive& archive, std::istream& in, const std::string& name, const ImportOptions& options) {
  return Importer(archive.store(), name, options).run(in);
}

}  // namespace reelgraph::graph
