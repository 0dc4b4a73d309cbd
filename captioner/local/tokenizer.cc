#include "captioner/local/tokenizer.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/utf8.h"
#include "captioner/local/added_tokens.h"
#include "captioner/local/byte_level.h"
#include "captioner/local/json_fields.h"
#include "captioner/local/json_file.h"
#include "captioner/local/word_piece.h"

namespace reelgraph::captioner::local {
namespace {

constexpr std::int64_t kMaxId = 4'000'000;

struct Token {
  std::string bytes;
  bool special = false;
};

std::string in_quotes(const std::string& content) { return "\"" + base::ellipsize(base::sanitize_utf8(content), 80) + "\""; }

/// The pre-tokenizers of tokenizer.json that byte-level BPE uses here.
struct BytePreTokenizer {
  bool digits = false, individual_digits = false;
  bool prefix_space = false;
  bool words = true;  ///< split by GPT-2's pattern
};

void read_pre_tokenizer(const JsonFields& fields, BytePreTokenizer& pre, bool& byte_level) {
  const std::string type = fields.text("type", "(none)");
  if (byte_level) fields.refuse_field("type", "is not supported after ByteLevel: " + type);
  if (type == "Digits") {
    pre.digits = true;
    pre.individual_digits = fields.flag("individual_digits", false);
  } else if (type == "ByteLevel") {
    byte_level = true;
    pre.prefix_space = fields.flag("add_prefix_space", true);
    pre.words = fields.flag("use_regex", true);
  } else if (type == "Sequence" && fields.has("pretokenizers") && fields.raw("pretokenizers").is_array()) {
    for (const nlohmann::json& part : fields.raw("pretokenizers")) {
      const JsonFields inner(part, fields.context(), fields.where("pretokenizers."));
      if (inner.text("type", "") == "Sequence") inner.refuse_field("type", "is not supported within a Sequence: Sequence");
      read_pre_tokenizer(inner, pre, byte_level);
    }
  } else {
    fields.refuse_field("type", "is not supported: " + type);
  }
}

/// The two sides of a merge: "a b" or ["a", "b"].
std::pair<std::string, std::string> sides_of(const nlohmann::json& merge, std::size_t index, const std::string& context) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  if (merge.is_string()) {
    const std::string text = merge.get<std::string>();
    const std::size_t blank = text.find(' ');
    if (blank != std::string::npos && blank > 0 && blank + 1 < text.size() && text.find(' ', blank + 1) == std::string::npos) {
      return {text.substr(0, blank), text.substr(blank + 1)};
    }
  }
  refuse(context, "merge " + std::to_string(index) + " is not a pair of tokens");
}

}  // namespace

struct Tokenizer::State {
  TokenizerKind kind = TokenizerKind::kByteLevelBpe;
  std::unordered_map<std::string, std::uint32_t> ids;  ///< content -> id, added tokens included
  std::unordered_map<std::uint32_t, Token> tokens;
  std::int64_t id_limit = 0;
  AddedTokens added;
  // Byte-level BPE.
  BytePreTokenizer pre;
  BpeMerges merges;
  bool ignore_merges = false, fuse_unknown = false;
  std::optional<std::uint32_t> unknown;
  std::array<std::int64_t, 256> byte_ids{};  ///< -1: no token
  // WordPiece.
  BertNormalizer normalizer;
  WordPieceVocabulary pieces;

  void add_token(const std::string& content, std::uint32_t id, Token token, const std::string& context, const char* clash);
  void read_vocabulary(const JsonFields& model);
  void read_added(const nlohmann::json& root, const std::string& context);
  void read_bpe(const nlohmann::json& root, const JsonFields& model, const std::string& context);
  void read_merges(const JsonFields& model);
  void read_word_piece(const nlohmann::json& root, const JsonFields& model, const std::string& context);
  void encode_text(std::string_view text, std::vector<std::int64_t>& out) const;
  void encode_word(std::string_view word, std::vector<std::int64_t>& out) const;
};

void Tokenizer::State::add_token(const std::string& content, std::uint32_t id, Token token, const std::string& context, const char* clash) {
  const auto [it, fresh] = tokens.emplace(id, std::move(token));
  if (!fresh) refuse(context, std::string(clash) + ": " + std::to_string(id) + " (" + in_quotes(content) + ")");
  ids.emplace(content, id);
  id_limit = std::max(id_limit, std::int64_t{id} + 1);
}

void Tokenizer::State::read_vocabulary(const JsonFields& model) {
  if (!model.has("vocab") || !model.raw("vocab").is_object()) model.refuse_field("vocab", "is not an object");
  for (const auto& item : model.raw("vocab").items()) {
    const nlohmann::json& id = item.value();
    if (!id.is_number_integer()) refuse(model.context(), "id of token " + in_quotes(item.key()) + " is not an integer");
    if (!id.is_number_unsigned()) refuse(model.context(), "id of token " + in_quotes(item.key()) + " is negative");
    if (id.get<std::uint64_t>() >= static_cast<std::uint64_t>(kMaxId)) {
      refuse(model.context(), "id " + id.dump() + " of token " + in_quotes(item.key()) + " is beyond any vocabulary");
    }
    Token token;
    if (kind == TokenizerKind::kByteLevelBpe) {
      token.bytes = bytes_of_symbols(item.key()).value_or(item.key());
    } else {
      token.bytes = item.key();
    }
    add_token(item.key(), id.get<std::uint32_t>(), std::move(token), model.context(), "two tokens share one id");
  }
}

void Tokenizer::State::read_added(const nlohmann::json& root, const std::string& context) {
  const auto list = root.find("added_tokens");
  if (list == root.end() || list->is_null()) return;
  if (!list->is_array()) refuse(context, "added_tokens is not an array");
  for (const nlohmann::json& entry : *list) {
    const JsonFields fields(entry, context, "added_tokens.");
    if (!fields.has("content") || !fields.raw("content").is_string()) fields.refuse_field("content", "is missing or not text");
    AddedToken token;
    token.content = fields.raw("content").get<std::string>();
    if (token.content.empty()) fields.refuse_field("content", "is empty: an added token without content would match everywhere");
    if (fields.has("id") && fields.raw("id").is_number_integer() && !fields.raw("id").is_number_unsigned()) {
      fields.refuse_field("id", "of " + in_quotes(token.content) + " is negative");
    }
    if (fields.has("id") && fields.raw("id").is_number_unsigned() &&
        fields.raw("id").get<std::uint64_t>() >= static_cast<std::uint64_t>(kMaxId)) {
      fields.refuse_field("id", fields.raw("id").dump() + " of " + in_quotes(token.content) + " is beyond any vocabulary");
    }
    token.id = fields.whole("id", 0, kMaxId - 1);
    token.special = fields.flag("special", false);
    token.single_word = fields.flag("single_word", false);
    token.lstrip = fields.flag("lstrip", false);
    token.rstrip = fields.flag("rstrip", false);
    const auto known = ids.find(token.content);
    const auto id = static_cast<std::uint32_t>(token.id);
    if (known != ids.end() && known->second != id) {
      refuse(context, "added token " + in_quotes(token.content) + " has two ids: " + std::to_string(token.id) + " and " +
                          std::to_string(known->second));
    }
    if (known == ids.end()) {
      add_token(token.content, id, {token.content, token.special}, context, "an added token takes the id of another token");
    } else {
      tokens[id] = {token.content, token.special};
    }
    added.add(std::move(token));
  }
}

void Tokenizer::State::read_merges(const JsonFields& model) {
  const std::string& context = model.context();
  if (!model.has("merges") || !model.raw("merges").is_array()) model.refuse_field("merges", "is not an array");
  const nlohmann::json& list = model.raw("merges");
  merges.reserve(list.size());
  for (std::size_t rank = 0; rank < list.size(); ++rank) {
    const auto [left, right] = sides_of(list[rank], rank, context);
    const auto a = ids.find(left), b = ids.find(right), both = ids.find(left + right);
    for (const auto& [side, it] : {std::pair(left, a), std::pair(right, b)}) {
      if (it == ids.end())
        refuse(context, "merge " + std::to_string(rank) + " refers to a token that the vocabulary lacks: " + in_quotes(side));
    }
    if (both == ids.end()) {
      refuse(context, "merge " + std::to_string(rank) + " makes a token that the vocabulary lacks: " + in_quotes(left + right));
    }
    merges.add(a->second, b->second, static_cast<std::uint32_t>(rank), both->second);
  }
}

void Tokenizer::State::read_bpe(const nlohmann::json& root, const JsonFields& model, const std::string& context) {
  const JsonFields fields(root, context);
  if (fields.has("normalizer")) {
    fields.refuse_field("normalizer", "is not supported: " + fields.object("normalizer").text("type", "(none)"));
  }
  if (fields.has("decoder") && fields.object("decoder").text("type", "") != "ByteLevel") {
    fields.refuse_field("decoder", "is not supported: " + fields.object("decoder").text("type", "(none)"));
  }
  bool byte_level = false;
  if (fields.has("pre_tokenizer")) read_pre_tokenizer(fields.object("pre_tokenizer"), pre, byte_level);
  if (!byte_level) fields.refuse_field("pre_tokenizer", "is not supported: it has no ByteLevel");
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model.text(affix, "").empty()) model.refuse_field(affix, "is not supported: " + in_quotes(model.text(affix, "")));
  }
  if (model.has("dropout") && model.raw("dropout") != 0) model.refuse_field("dropout", "is not supported");
  if (model.flag("byte_fallback", false)) model.refuse_field("byte_fallback", "is not supported");
  ignore_merges = model.flag("ignore_merges", false);
  fuse_unknown = model.flag("fuse_unk", false);
  if (const std::string content = model.text("unk_token", ""); !content.empty()) {
    const auto it = ids.find(content);
    if (it == ids.end()) model.refuse_field("unk_token", "is no token: " + in_quotes(content));
    unknown = it->second;
  }
  read_merges(model);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto it = ids.find(byte_alphabet()[byte]);
    byte_ids[byte] = it == ids.end() ? -1 : std::int64_t{it->second};
  }
}

void Tokenizer::State::read_word_piece(const nlohmann::json& root, const JsonFields& model, const std::string& context) {
  const JsonFields fields(root, context);
  const JsonFields bert = fields.object("normalizer");
  if (bert.text("type", "") != "BertNormalizer") bert.refuse_field("type", "is not supported: " + bert.text("type", "(none)"));
  normalizer.clean_text = bert.flag("clean_text", true);
  normalizer.handle_chinese_chars = bert.flag("handle_chinese_chars", true);
  normalizer.lowercase = bert.flag("lowercase", true);
  normalizer.strip_accents = bert.flag("strip_accents", normalizer.lowercase);
  const std::string splitter = fields.object("pre_tokenizer").text("type", "(none)");
  if (splitter != "BertPreTokenizer") fields.refuse_field("pre_tokenizer", "is not supported: " + splitter);
  pieces.prefix = model.text("continuing_subword_prefix", "##");
  pieces.max_characters = static_cast<std::size_t>(model.size("max_input_chars_per_word", 100'000, 100));
  const std::string content = model.text("unk_token", "[UNK]");
  const auto it = ids.find(content);
  if (it == ids.end()) model.refuse_field("unk_token", "is no token: " + in_quotes(content));
  pieces.unknown = it->second;
  for (const auto& item : model.raw("vocab").items()) pieces.ids.emplace(item.key(), item.value().get<std::uint32_t>());
}

void Tokenizer::State::encode_word(std::string_view word, std::vector<std::int64_t>& out) const {
  std::vector<std::uint32_t> symbols;
  if (ignore_merges) {
    std::string content;
    for (const char c : word) content += byte_alphabet()[static_cast<std::uint8_t>(c)];
    if (const auto it = ids.find(content); it != ids.end()) {
      out.push_back(it->second);
      return;
    }
  }
  symbols.reserve(word.size());
  bool after_unknown = false;
  for (const char c : word) {
    const std::int64_t id = byte_ids[static_cast<std::uint8_t>(c)];
    if (id >= 0) {
      symbols.push_back(static_cast<std::uint32_t>(id));
    } else if (unknown && !(fuse_unknown && after_unknown)) {
      symbols.push_back(*unknown);
    }
    after_unknown = id < 0;
  }
  merges.apply(symbols);
  out.insert(out.end(), symbols.begin(), symbols.end());
}

void Tokenizer::State::encode_text(std::string_view text, std::vector<std::int64_t>& out) const {
  if (text.empty()) return;
  if (kind == TokenizerKind::kWordPiece) {
    const std::string normal = normalizer.apply(text);
    for (const std::string_view word : split_bert_words(normal)) pieces.encode(word, out);
    return;
  }
  const std::vector<std::string_view> parts = pre.digits ? split_digits(text, pre.individual_digits) : std::vector<std::string_view>{text};
  std::string prefixed;
  for (std::string_view part : parts) {
    if (pre.prefix_space && part.front() != ' ') {
      prefixed = " " + std::string(part);
      part = prefixed;
    }
    if (!pre.words) {
      encode_word(part, out);
      continue;
    }
    for (const std::string_view word : split_words(part)) encode_word(word, out);
  }
}

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::parse(std::string_view json, const std::string& context, std::optional<TokenizerKind> expected) {
  const nlohmann::json root = parse_json(json, context);
  const JsonFields fields(root, context);
  const JsonFields model = fields.object("model");
  auto state = std::make_unique<State>();
  const std::string type = model.text("type", model.has("merges") ? "BPE" : "(none)");
  if (type == "WordPiece") {
    state->kind = TokenizerKind::kWordPiece;
  } else if (type != "BPE") {
    model.refuse_field("type", "is not supported: " + type);
  }
  if (expected && *expected != state->kind) model.refuse_field("type", "is not supported here: " + type);
  state->read_vocabulary(model);
  if (state->kind == TokenizerKind::kByteLevelBpe) {
    state->read_bpe(root, model, context);
  } else {
    state->read_word_piece(root, model, context);
  }
  state->read_added(root, context);
  return Tokenizer(std::move(state));
}

Tokenizer Tokenizer::load(const std::filesystem::path& file, std::optional<TokenizerKind> expected) {
  return parse(read_text_file(file), file.string(), expected);
}

TokenizerKind Tokenizer::kind() const { return state_->kind; }
std::int64_t Tokenizer::id_limit() const { return state_->id_limit; }

std::optional<std::int64_t> Tokenizer::id_of(std::string_view content) const {
  const auto it = state_->ids.find(std::string(content));
  if (it == state_->ids.end()) return std::nullopt;
  return it->second;
}

bool Tokenizer::is_special(std::int64_t id) const {
  if (id < 0 || id >= kMaxId) return false;
  const auto it = state_->tokens.find(static_cast<std::uint32_t>(id));
  return it != state_->tokens.end() && it->second.special;
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text, SpecialMatching special) const {
  std::vector<std::int64_t> ids;
  std::size_t at = 0;
  for (const AddedTokens::Match& match : state_->added.find(text, special == SpecialMatching::kAllowed)) {
    state_->encode_text(text.substr(at, match.begin - at), ids);
    ids.push_back(match.id);
    at = match.end;
  }
  state_->encode_text(text.substr(at), ids);
  return ids;
}

const std::string& Tokenizer::bytes_of(std::int64_t id) const {
  static const std::string kNone;
  if (id < 0 || id >= kMaxId) return kNone;
  const auto it = state_->tokens.find(static_cast<std::uint32_t>(id));
  return it == state_->tokens.end() ? kNone : it->second.bytes;
}

std::string Tokenizer::decode(const std::vector<std::int64_t>& ids, bool keep_special) const {
  std::string bytes;
  for (const std::int64_t id : ids) {
    if (keep_special || !is_special(id)) bytes += bytes_of(id);
  }
  return lossy_utf8(bytes);
}

}  // namespace reelgraph::captioner::local
