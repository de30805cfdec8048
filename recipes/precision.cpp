#include "recipes/precision.hpp"

#include <algorithm>
#include <array>

namespace aim::recipes {

namespace {

struct Word {
  Precision precision;
  std::string_view word;
};

constexpr std::array<Word, 8> kWords = {{{Precision::Bf16, "bf16"},
                                         {Precision::Fp16, "fp16"},
                                         {Precision::Fp8, "fp8"},
                                         {Precision::Int8, "int8"},
                                         {Precision::Fp4, "fp4"},
                                         {Precision::Int4, "int4"},
                                         {Precision::Fp4, "mxfp4"},
                                         {Precision::Fp4, "nvfp4"}}};

}  // namespace

std::string_view to_string(Precision precision) {
  return std::find_if(kWords.begin(),
                      kWords.end(),
                      [&](const Word& word) { return word.precision == precision; })
      ->word;
}

std::optional<Precision> precision_from(std::string_view word) {
  const auto* found = std::find_if(
      kWords.begin(), kWords.end(), [&](const Word& entry) { return entry.word == word; });
  return found == kWords.end() ? std::nullopt : std::optional(found->precision);
}

std::string_view all_precisions() { return "bf16, fp16, fp8, int8, fp4 and int4"; }

int bits(Precision precision) {
  switch (precision) {
    case Precision::Bf16:
    case Precision::Fp16:
      return 16;
    case Precision::Fp8:
    case Precision::Int8:
      return 8;
    case Precision::Fp4:
    case Precision::Int4:
      return 4;
  }
  return 16;
}

double bytes_per_weight(Precision precision, std::string_view quant) {
  switch (precision) {
    case Precision::Bf16:
    case Precision::Fp16:
      return 2.0;
    case Precision::Fp8:
    case Precision::Int8:
      return 1.0;
    case Precision::Fp4:
      return quant == "nvfp4" ? 0.5 + 1.0 / 16 : 0.5 + 1.0 / 32;
    case Precision::Int4:
      return 0.5 + 2.0 / 128;
  }
  return 2.0;
}

}  // namespace aim::recipes
