#include "providers/http/log_frames.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aim::providers {

namespace {

using core::ErrorCode;

constexpr unsigned char kStderr = 2;
constexpr unsigned char kDaemonError = 3;
// Docker itself writes frames of at most 16 KiB plus a timestamp; anything near this is no frame.
constexpr std::uint32_t kLongestFrame = 64U * 1024 * 1024;
constexpr std::size_t kLongestError = 4096;

}  // namespace

core::Result<void> LogFrames::feed(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty()) {
    if (header_size_ < header_.size()) {
      header_[header_size_++] = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      if (header_size_ == header_.size()) {
        if (core::Result<void> begun = begin_frame(); !begun) {
          return begun;
        }
      }
      continue;
    }
    const std::string_view piece = bytes.substr(0, payload_left_);
    bytes.remove_prefix(piece.size());
    payload_left_ -= static_cast<std::uint32_t>(piece.size());
    if (header_[0] == kDaemonError) {
      daemon_error_.append(piece.substr(0, kLongestError - daemon_error_.size()));
      if (payload_left_ == 0) {
        return core::make_error(ErrorCode::Failed, daemon_error_);
      }
    } else {
      sink(header_[0] == kStderr, piece);
    }
    if (payload_left_ == 0) {
      header_size_ = 0;
    }
  }
  return {};
}

core::Result<void> LogFrames::begin_frame() {
  if (header_[0] > kDaemonError || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) {
    return core::make_error(ErrorCode::Protocol,
                            "the container's output is not framed as Docker frames it");
  }
  payload_left_ = 0;
  for (std::size_t i = 4; i < header_.size(); ++i) {
    payload_left_ = payload_left_ << 8U | header_[i];
  }
  if (payload_left_ > kLongestFrame) {
    return core::make_error(
        ErrorCode::Protocol,
        fmt::format("the container's output holds a frame of {} bytes", payload_left_));
  }
  if (payload_left_ == 0) {
    header_size_ = 0;
  }
  return {};
}

core::Result<void> LogFrames::finish() const {
  if (header_size_ != 0) {
    return core::make_error(ErrorCode::Protocol, "the container's output ends inside a frame");
  }
  return {};
}

}  // namespace aim::providers
