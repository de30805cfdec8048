#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>

#include "core/engine.hpp"

namespace aim::providers {

/// Adds up what the lines of a pull say of its layers. The last word on success is not here but
/// in an inspect afterwards: an Engine reports failures inside an answer of status 200.
class PullState {
 public:
  /// Takes one line in. Errors: Failed with what the line itself reports (`errorDetail`).
  [[nodiscard]] core::Result<void> take(const boost::json::object& line);

  /// `total_bytes` stays zero until the size of every layer is known.
  [[nodiscard]] core::PullProgress progress() const;

 private:
  struct Layer {
    std::uint64_t current = 0;
    std::uint64_t total = 0;
    bool done = false;
  };

  std::map<std::string, Layer> layers_;
  std::string status_;
};

}  // namespace aim::providers
