#include "ingest/voice.h"

#include <espeak-ng/speak_lib.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/error.h"

namespace reelgraph::ingest {
namespace {

/// Takes the samples while `espeak_Synth` runs; not 0 would stop it.
int collect(short* samples, int count, espeak_EVENT* events) {
  if (samples == nullptr || count <= 0 || events == nullptr || events->user_data == nullptr) return 0;
  auto& sound = *static_cast<std::vector<float>*>(events->user_data);
  for (int i = 0; i < count; ++i) sound.push_back(static_cast<float>(samples[i]) / 32768.0F);
  return 0;
}

/// Once a process: eSpeak NG 1.51 cannot be started again after its end (it waits for a thread that is gone).
int start() {
  static const int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, nullptr, espeakINITIALIZE_DONT_EXIT);
  return rate;
}

/// By name, else by language; the latter falls back to any voice, so what was found is compared.
bool choose(const std::string& language) {
  if (espeak_SetVoiceByName(language.c_str()) == EE_OK) return true;
  espeak_VOICE wanted{};
  wanted.languages = language.c_str();
  if (espeak_SetVoiceByProperties(&wanted) != EE_OK) return false;
  const espeak_VOICE* found = espeak_GetCurrentVoice();
  if (found == nullptr || found->languages == nullptr || found->languages[0] == 0) return false;
  const std::string_view spoken = found->languages + 1;  // a byte of priority stands before the name
  const std::string_view family = std::string_view(language).substr(0, language.find('-'));
  return spoken.substr(0, spoken.find('-')) == family;
}

}  // namespace

Voice::Voice(const std::string& language) : sample_rate_(start()) {
  if (sample_rate_ <= 0)
    throw base::Error(base::ErrorCode::kInternal, "eSpeak NG finds no voice data", {},
                      "install the package espeak-ng-data (scripts/setup)");
  espeak_SetSynthCallback(&collect);
  if (!choose(language))
    throw base::Error(base::ErrorCode::kInvalidArgument, "eSpeak NG has no voice " + language, "the profile's [commentary] language",
                      "name a language that it has, such as en-gb or de");
}

base::AudioBlock Voice::say(const std::string& text, int words_per_minute) {
  base::AudioBlock block;
  block.sample_rate = sample_rate_;
  espeak_SetParameter(espeakRATE, std::clamp(words_per_minute, 80, 400), 0);
  if (espeak_Synth(text.c_str(), text.size() + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, nullptr, &block.samples) != EE_OK)
    throw base::Error(base::ErrorCode::kInternal, "eSpeak NG cannot say a line", text);
  // What it adds of silence at the end would make every line too long.
  while (!block.samples.empty() && std::abs(block.samples.back()) < 0.003F) block.samples.pop_back();
  return block;
}

}  // namespace reelgraph::ingest
