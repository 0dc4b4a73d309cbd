#include "captioner/local/case_files.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "captioner/local/json_fields.h"
#include "captioner/local/json_file.h"
#include "captioner/local/picture_file.h"
#include "captioner/local/resize.h"

namespace reelgraph::captioner::local {
namespace {

constexpr const char* kCaseFile = "case.json";

/// `read` over JSON whose types nobody has checked yet; a wrong one is an error of the file.
template <typename Read>
auto checked(const std::filesystem::path& file, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    refuse(file.string(), std::string("is no recorded case: ") + error.what());
  }
}

std::vector<ChatMessage> messages_of(const nlohmann::json& json, const std::string& mode) {
  std::vector<ChatMessage> messages;
  for (const nlohmann::json& message : json.at("messages")) {
    messages.push_back({message.at("role").get<std::string>(), {}, std::nullopt, message.at("text").get<std::string>()});
  }
  if (messages.empty()) return messages;
  // Pictures belong to the first message of the user.
  ChatMessage& first = *std::max_element(
      messages.begin(), messages.end(), [](const ChatMessage& a, const ChatMessage& b) { return (a.role == "user") < (b.role == "user"); });
  if (mode == "image") {
    for (std::size_t i = 0; i < json.at("frames").size(); ++i) first.stills.push_back({json.at("rows").at(i), json.at("cols").at(i)});
  } else if (mode == "video") {
    PromptVideo video{json.at("timestamps_s").get<std::vector<double>>(), std::nullopt};
    if (!json.at("duration_s").is_null()) video.duration_s = json["duration_s"].get<double>();
    first.video = std::move(video);
  }
  return messages;
}

}  // namespace

RecordedCase RecordedCase::open(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kCaseFile;
  const nlohmann::json json = read_json_file(file);
  return checked(file, [&] {
    RecordedCase result{.folder = folder, .expected = SafetensorsFile::open(folder / "expected.safetensors")};
    result.name = json.at("name");
    result.mode = json.at("mode");
    result.frames = json.at("frames").get<std::vector<std::string>>();
    for (const std::string& frame : result.frames) {
      if (frame.find_first_of("/\\") != std::string::npos) refuse(file.string(), "frame " + frame + " lies outside the case's folder");
    }
    if (!result.frames.empty()) {
      result.longest_edge = std::clamp<std::int64_t>(json.at("longest_edge"), 1, 65536);
      result.tile = std::clamp<std::int64_t>(json.at("tile"), 1, 4096);
      result.pixel_path = json.at("pixel_path");
      result.splitting = json.value("splitting", false);
    }
    result.messages = messages_of(json, result.mode);
    result.special_matching = json.value("special_matching_in_user_text", true);
    result.max_new_tokens = json.at("generation").at("max_new_tokens");
    return result;
  });
}

std::vector<base::Image> RecordedCase::tiles(bool pil) const {
  std::vector<base::Image> tiles;
  const Filter filter = pil ? Filter::kLanczos : Filter::kBicubic;
  for (const std::string& frame : frames) {
    const RgbaImage picture = read_png(folder / frame);
    if (mode == "video") {
      tiles.push_back(squash_frame(without_alpha(picture), longest_edge, tile, filter));
      continue;
    }
    Tiles cut = pil ? cut_still(picture, longest_edge, tile, splitting, filter)
                    : cut_still(without_alpha(picture), longest_edge, tile, splitting, filter);
    std::move(cut.images.begin(), cut.images.end(), std::back_inserter(tiles));
  }
  return tiles;
}

std::vector<base::Image> RecordedCase::stored_tiles(const std::string& path) const {
  const TensorView& tensor = expected.at("pixels_u8." + path);
  if (tensor.dtype != DType::kU8 || tensor.shape.size() != 4 || tensor.shape[3] != 3 || tensor.shape[1] > 4096 || tensor.shape[2] > 4096) {
    refuse(expected.path().string(), "pixels_u8." + path + " is not uint8 [tiles, side, side, 3]");
  }
  const auto size = static_cast<std::size_t>(tensor.shape[1] * tensor.shape[2] * 3);
  std::vector<base::Image> tiles;
  for (std::size_t at = 0; at + size <= tensor.data.size() && size > 0; at += size) {
    base::Image image{static_cast<int>(tensor.shape[2]), static_cast<int>(tensor.shape[1]), std::vector<std::uint8_t>(size)};
    std::memcpy(image.pixels.data(), tensor.data.data() + at, size);
    tiles.push_back(std::move(image));
  }
  return tiles;
}

std::vector<std::filesystem::path> find_recorded_cases(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder / kCaseFile, error)) return {folder};
  std::vector<std::filesystem::path> cases;
  for (const std::filesystem::path& parent : {folder, folder / "cases"}) {
    for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
      if (std::filesystem::exists(entry.path() / kCaseFile, error)) cases.push_back(entry.path());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

std::vector<nlohmann::json> read_json_lines(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  std::vector<nlohmann::json> lines;
  std::size_t begin = 0;
  for (int number = 1; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      lines.push_back(parse_json(line, file.string() + ":" + std::to_string(number)));
    begin = end + 1;
  }
  return lines;
}

std::vector<std::int64_t> to_int64(const TensorView& tensor) {
  if (tensor.dtype != DType::kI64) refuse("tensor", std::string("dtype ") + name_of(tensor.dtype) + " in place of I64");
  std::vector<std::int64_t> values(static_cast<std::size_t>(tensor.elements()));
  if (!values.empty()) std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

std::vector<float> floats_from_base64(const std::string& text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    if (c == '=') break;
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) refuse("base64", "holds a character that is none of its alphabet");
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      bytes += static_cast<char>((bits >> have) & 0xFFU);
    }
  }
  if (bytes.size() % sizeof(float) != 0) refuse("base64", "is no whole number of float32 values");
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace reelgraph::captioner::local
