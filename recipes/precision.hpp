#pragma once

#include <optional>
#include <string_view>

namespace aim::recipes {

/// How the weights of a checkpoint are stored. The formats of 4 bits (mxfp4, nvfp4, awq, gptq) are
/// told apart by `quant`.
enum class Precision { Bf16, Fp16, Fp8, Int8, Fp4, Int4 };

/// "bf16"
[[nodiscard]] std::string_view to_string(Precision precision);

/// Also takes mxfp4 and nvfp4, which are fp4. Nothing for any other word.
[[nodiscard]] std::optional<Precision> precision_from(std::string_view word);

/// "bf16, fp16, fp8, int8, fp4 and int4"
[[nodiscard]] std::string_view all_precisions();

/// Bits a weight: 16, 8 or 4.
[[nodiscard]] int bits(Precision precision);

/// Bytes a weight, with the scales of the format: fp4 as mxfp4 has one byte for 32 weights, as
/// nvfp4 one for 16; int4 two bytes for 128.
[[nodiscard]] double bytes_per_weight(Precision precision, std::string_view quant);

}  // namespace aim::recipes
