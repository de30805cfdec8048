#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace aim::providers {

/// Decodes JSON objects that follow one another, with or without white space or the record
/// separator of RFC 7464 between them, whatever the pieces they arrive in.
class JsonLines {
 public:
  /// Returns false to end the decoding; the rest of what was fed is dropped.
  using Sink = std::function<bool(const boost::json::object& object)>;

  /// Calls `sink` with each object that is complete. Errors: Protocol on anything that is no JSON
  /// object or is larger than 4 MiB. After an error the decoder must not be fed again.
  [[nodiscard]] core::Result<void> feed(std::string_view bytes, const Sink& sink);

  /// To be called when the stream ended. Protocol if it ended inside an object.
  [[nodiscard]] core::Result<void> finish() const;

 private:
  /// Whether `c` ends the object that is being collected.
  bool ends_object(char c);

  std::string text_;  ///< the object so far; empty between objects
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace aim::providers
