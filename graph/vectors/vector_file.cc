#include "graph/vectors/vector_file.h"

#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace reelgraph::graph {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[8] = {'R', 'G', 'V', 'E', 'C', '0', '0', '1'};
constexpr std::uint64_t kWholeBytes = std::uint64_t{64} << 20;  // up to here every byte is hashed, beyond that samples
constexpr std::uint64_t kWindow = 64 << 10;
constexpr std::uint64_t kWindows = 256;
constexpr std::uint64_t kLargestNote = std::uint64_t{1} << 30;

/// The last bytes of a file.
struct Tail {
  std::uint64_t index_bytes = 0;
  std::uint64_t note_bytes = 0;
  std::uint64_t hash = 0;  ///< of index and note
  char magic[8] = {};
};

struct FileCloser {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using FilePtr = std::unique_ptr<std::FILE, FileCloser>;

[[noreturn]] void cannot_write(const fs::path& file, const std::string& why) {
  throw base::Error(base::ErrorCode::kArchive, "the vector index cannot be written: " + why, file.string(),
                    "make room or give write permission, then run `reelgraph index`");
}

/// Of the index (all of it, or its beginning and evenly spaced windows if it is large) and the note behind it. False: cannot be read.
bool hash_of(std::FILE* f, std::uint64_t index_bytes, std::uint64_t note_bytes, std::uint64_t& hash) {
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::vector<char> buffer(std::size_t{1} << 20);
  const auto add = [&](std::uint64_t from, std::uint64_t bytes) {
    if (std::fseek(f, static_cast<long>(from), SEEK_SET) != 0) return false;
    while (bytes > 0) {
      const std::size_t n = std::min<std::uint64_t>(bytes, buffer.size());
      if (std::fread(buffer.data(), 1, n, f) != n) return false;
      XXH3_64bits_update(state.get(), buffer.data(), n);
      bytes -= n;
    }
    return true;
  };
  bool good = true;
  if (index_bytes <= kWholeBytes) {
    good = add(0, index_bytes);
  } else {
    const std::uint64_t step = (index_bytes - kWindow) / kWindows;
    for (std::uint64_t i = 0; good && i <= kWindows; ++i) good = add(i * step, kWindow);
  }
  good = good && add(index_bytes, note_bytes);
  hash = XXH3_64bits_digest(state.get());
  return good;
}

std::string bytes_of(const nlohmann::json& json, const VectorFile& c) {
  const std::string text = json.dump();
  std::string note(8, '\0');
  const std::uint64_t length = text.size();
  std::memcpy(note.data(), &length, 8);
  note += text;
  note.append(reinterpret_cast<const char*>(c.owners.data()), c.owners.size() * sizeof(std::int64_t));
  note.append(reinterpret_cast<const char*>(c.crowding.data()), c.crowding.size() * sizeof(float));
  return note;
}

/// False: does not fit together.
bool read_note(const std::string& note, VectorFile& c) {
  if (note.size() < 8) return false;
  std::uint64_t length = 0;
  std::memcpy(&length, note.data(), 8);
  if (length > note.size() - 8) return false;
  const auto json = nlohmann::json::parse(note.substr(8, length), nullptr, false);
  if (!json.is_object()) return false;
  try {
    c.model = json.at("model").get<std::string>();
    c.kind = json.at("kind").get<std::string>();
    c.dimensions = json.at("dimensions").get<std::int64_t>();
    c.count = json.at("count").get<std::int64_t>();
    c.sequence = json.at("sequence").get<std::int64_t>();
    const auto owners = json.at("owners").get<std::uint64_t>(), crowding = json.at("crowding").get<std::uint64_t>();
    if (owners > note.size() || crowding > note.size() || 8 + length + owners * 8 + crowding * 4 != note.size()) return false;
    c.owners.resize(owners);
    c.crowding.resize(crowding);
    std::memcpy(c.owners.data(), note.data() + 8 + length, owners * 8);
    std::memcpy(c.crowding.data(), note.data() + 8 + length + owners * 8, crowding * 4);
  } catch (const nlohmann::json::exception&) {
    return false;
  }
  return c.count > 0 && c.dimensions > 0;
}

}  // namespace

void write_vector_file(const fs::path& file, const VectorFile& c) {
  const fs::path draft = file.string() + "." + std::to_string(::getpid()) + ".part";
  const auto remove_draft = [&] {
    std::error_code ignored;
    fs::remove(draft, ignored);
  };
  try {
    faiss::write_index(c.index.get(), draft.c_str());
    FilePtr f(std::fopen(draft.c_str(), "r+b"));
    if (!f) cannot_write(file, std::strerror(errno));
    Tail tail;
    tail.index_bytes = fs::file_size(draft);
    const std::string note = bytes_of({{"model", c.model},
                                       {"kind", c.kind},
                                       {"dimensions", c.dimensions},
                                       {"count", c.count},
                                       {"sequence", c.sequence},
                                       {"owners", c.owners.size()},
                                       {"crowding", c.crowding.size()}},
                                      c);
    tail.note_bytes = note.size();
    std::memcpy(tail.magic, kMagic, sizeof kMagic);
    const auto end = static_cast<long>(tail.index_bytes);
    if (std::fseek(f.get(), end, SEEK_SET) != 0 || std::fwrite(note.data(), 1, note.size(), f.get()) != note.size() ||
        std::fflush(f.get()) != 0 || !hash_of(f.get(), tail.index_bytes, tail.note_bytes, tail.hash) ||
        std::fseek(f.get(), 0, SEEK_END) != 0 || std::fwrite(&tail, 1, sizeof tail, f.get()) != sizeof tail || std::fflush(f.get()) != 0 ||
        ::fsync(::fileno(f.get())) != 0) {
      cannot_write(file, std::strerror(errno));
    }
    f.reset();
    fs::rename(draft, file);
  } catch (const base::Error&) {
    remove_draft();
    throw;
  } catch (const std::exception& e) {  // faiss and the file system
    remove_draft();
    cannot_write(file, e.what());
  }
}

std::string read_vector_file(const fs::path& file, bool in_memory, VectorFile& c) {
  const FilePtr f(std::fopen(file.c_str(), "rb"));
  if (!f) return errno == ENOENT ? "is missing" : std::string("cannot be read (") + std::strerror(errno) + ")";
  std::error_code error;
  const std::uint64_t size = fs::file_size(file, error);
  Tail tail;
  if (error || size < sizeof tail || std::fseek(f.get(), -static_cast<long>(sizeof tail), SEEK_END) != 0 ||
      std::fread(&tail, 1, sizeof tail, f.get()) != sizeof tail || std::memcmp(tail.magic, kMagic, sizeof kMagic - 3) != 0) {
    return "is cut off or none of reelgraph's";
  }
  if (std::memcmp(tail.magic, kMagic, sizeof kMagic) != 0) return "was written by another version";
  if (tail.note_bytes > kLargestNote || tail.index_bytes > size || tail.index_bytes + tail.note_bytes + sizeof tail != size)
    return "is cut off";
  std::uint64_t hash = 0;
  if (!hash_of(f.get(), tail.index_bytes, tail.note_bytes, hash)) return "cannot be read";
  if (hash != tail.hash) return "is damaged";
  std::string note(tail.note_bytes, '\0');
  if (std::fseek(f.get(), static_cast<long>(tail.index_bytes), SEEK_SET) != 0 ||
      std::fread(note.data(), 1, note.size(), f.get()) != note.size() || !read_note(note, c)) {
    return "is damaged";
  }
  try {
    c.index.reset(faiss::read_index(file.c_str(), in_memory ? 0 : faiss::IO_FLAG_MMAP | faiss::IO_FLAG_READ_ONLY));
  } catch (const std::exception&) {
    return "is damaged";
  }
  const bool rows_known = c.owners.empty() || c.owners.size() == static_cast<std::size_t>(c.count);
  if (c.index->ntotal != c.count || c.index->d != c.dimensions || !rows_known ||
      (!c.crowding.empty() && c.crowding.size() != static_cast<std::size_t>(c.count))) {
    return "is damaged";
  }
  return {};
}

}  // namespace reelgraph::graph
