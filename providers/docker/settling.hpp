#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/snapshot.hpp"

/// What decides whether a call was carried out although its answer does not say so.
namespace aim::providers {

/// The request may have been carried out although no answer came.
[[nodiscard]] bool is_lost(const core::Error& error);
[[nodiscard]] bool says(const core::Error& error, std::string_view part);

/// Made by the very call: what the birth labels say of run, resource and generation agrees.
[[nodiscard]] bool same_birth(const core::Labels& one, const core::Labels& other);
[[nodiscard]] core::Labels birth_labels(const core::Labels& labels);

/// The twelve digits that people see.
[[nodiscard]] std::string short_id(std::string_view id);

}  // namespace aim::providers
