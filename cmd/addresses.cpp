#include "cmd/addresses.hpp"

#include <fmt/format.h>

#include "core/diagnostic.hpp"

namespace aim::cmd {

using core::Address;
using core::ErrorCode;
using core::make_error;
using core::Result;

namespace {

/// What `given` may mean, sorted: the address itself, or those that are so without their kind or
/// without their key.
std::vector<Address> meant(const std::string& given, const std::set<Address>& known) {
  const std::string text = with_quoted_key(given);
  if (const Result<Address> whole = Address::parse(text); whole && known.contains(*whole)) {
    return {*whole};
  }
  std::vector<Address> matching;
  for (const Address& address : known) {
    const std::string full = address.str();
    const Address bare{address.kind, address.name, std::nullopt};
    if (full.substr(full.find('.') + 1) == text || bare.str() == text || bare.name == text) {
      matching.push_back(address);
    }
  }
  return matching;
}

core::Error not_found(const std::string& given, const std::set<Address>& known) {
  std::vector<std::string> names;
  for (const Address& address : known) {
    names.push_back(address.str());
    names.push_back(address.name);
  }
  const std::string hint = core::did_you_mean(given, names);
  return make_error(
      ErrorCode::NotFound,
      fmt::format("there is no resource \"{}\"{}{}", given, hint.empty() ? "" : ". ", hint));
}

core::Error ambiguous(const std::string& given, const std::vector<Address>& matching) {
  std::vector<std::string> texts;
  for (const Address& address : matching) {
    texts.push_back(address.str());
  }
  return make_error(ErrorCode::Conflict,
                    fmt::format("\"{}\" can be {}; say which", given, fmt::join(texts, " or ")));
}

}  // namespace

std::string with_quoted_key(const std::string& given) {
  const std::size_t open = given.find('[');
  if (open == std::string::npos || !given.ends_with(']')) {
    return given;
  }
  std::string key = given.substr(open + 1, given.size() - open - 2);
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"') {
    return given;
  }
  if (key.size() >= 2 && key.front() == '\'' && key.back() == '\'') {
    key = key.substr(1, key.size() - 2);
  }
  const Address address{core::Kind::Endpoint, "x", key};
  return given.substr(0, open) + address.str().substr(std::string("endpoint.x").size());
}

Result<Address> complete_address(const std::string& given, const std::set<Address>& known) {
  const std::vector<Address> matching = meant(given, known);
  if (matching.empty()) {
    return not_found(given, known);
  }
  if (matching.size() > 1) {
    return ambiguous(given, matching);
  }
  return matching.front();
}

Result<std::vector<Address>> complete_addresses(const std::string& given,
                                                const std::set<Address>& known) {
  std::vector<Address> matching = meant(given, known);
  if (matching.empty()) {
    return not_found(given, known);
  }
  const Address& first = matching.front();
  for (const Address& address : matching) {
    if (address.kind != first.kind || address.name != first.name) {
      return ambiguous(given, matching);
    }
  }
  return matching;
}

std::set<Address> known_addresses(const planner::Configuration& configuration,
                                  const core::StateSnapshot& state) {
  std::set<Address> known;
  for (const auto& [address, resource] : configuration.resources) {
    known.insert(address);
  }
  for (const auto& [address, record] : state.resources) {
    known.insert(address);
  }
  return known;
}

}  // namespace aim::cmd
