#include "providers/docker/settling.hpp"

#include <algorithm>
#include <array>

namespace aim::providers {

using core::Error;
using core::ErrorCode;
using core::Labels;

namespace {

constexpr std::array<const char*, 3> kBirth = {
    core::label::kRun, core::label::kAddress, core::label::kGeneration};

}  // namespace

bool is_lost(const Error& error) {
  return error.code == ErrorCode::Unreachable || error.code == ErrorCode::Timeout;
}

bool says(const Error& error, std::string_view part) {
  return error.message.find(part) != std::string::npos;
}

bool same_birth(const Labels& one, const Labels& other) {
  return std::all_of(kBirth.begin(), kBirth.end(), [&](const char* name) {
    const auto a = one.find(name);
    const auto b = other.find(name);
    return a != one.end() && b != other.end() && a->second == b->second;
  });
}

Labels birth_labels(const Labels& labels) {
  Labels result;
  for (const auto& [name, text] : labels) {
    if (name.starts_with(core::label::kPrefix)) {
      result.emplace(name, text);
    }
  }
  return result;
}

std::string short_id(std::string_view id) { return std::string(id.substr(0, 12)); }

}  // namespace aim::providers
