#include "ingest/voice.h"

#include <espeak-ng/speak_lib.h>

#include <algorithm>

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

}  // namespace

Voice::Voice(const std::string& language) {
  sample_rate_ = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, nullptr, espeakINITIALIZE_DONT_EXIT);
  if (sample_rate_ <= 0)
    throw base::Error(base::ErrorCode::kInternal, "eSpeak NG finds no voice data", {}, "install the package espeak-ng-data (scripts/setup)");
  espeak_SetSynthCallback(&collect);
  if (espeak_SetVoiceByName(language.c_str()) != EE_OK) {
    espeak_Terminate();
    throw base::Error(base::ErrorCode::kInvalidArgument, "eSpeak NG has no voice " + language, "the profile's [commentary] language",
                      "name one that `espeak-ng --voices` lists, such as en-gb");
  }
}

Voice::~Voice() { espeak_Terminate(); }

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
