#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace aim::providers {

/// Decodes the output of a container without a terminal: frames of eight header bytes (stream
/// 0 stdin, 1 stdout, 2 stderr, 3 the daemon's own error; three zeros; length in 32 bits, big
/// endian) and a payload. Frames and the pieces they arrive in are independent of each other, so
/// a payload is handed on as it comes. Source: Engine API, "Attach to a container", stream format.
class LogFrames {
 public:
  using Sink = std::function<void(bool is_stderr, std::string_view text)>;

  /// Errors: Protocol on bytes that are no frame, Failed with the text of a daemon's error. After
  /// an error the decoder must not be fed again.
  [[nodiscard]] core::Result<void> feed(std::string_view bytes, const Sink& sink);

  /// To be called when the stream ended. Protocol if it ended inside a frame.
  [[nodiscard]] core::Result<void> finish() const;

 private:
  [[nodiscard]] core::Result<void> begin_frame();

  std::array<unsigned char, 8> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t payload_left_ = 0;
  std::string daemon_error_;
};

}  // namespace aim::providers
