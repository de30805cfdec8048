#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "planner/ip_address.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::List;
using core::Value;

namespace {

struct Publication {
  IpAddress address;
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";
  std::size_t index = 0;  ///< in the list as it was written
};

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value != 0 ? std::optional(value) : std::nullopt;
}

std::string host_of(const IpAddress& address) {
  return address.family == IpAddress::Family::V6 ? "[" + address.str() + "]" : address.str();
}

std::string canonical(const Publication& port) {
  return fmt::format(
      "{}:{}:{}/{}", host_of(port.address), port.host_port, port.container_port, port.protocol);
}

/// "IP:HOST:CONTAINER" taken apart at its last two colons; without an address it stays empty.
struct Pieces {
  std::string_view address;
  std::string_view host;
  std::string_view container;
  bool has_address = false;
};

std::optional<Pieces> take_apart(std::string_view text) {
  const std::size_t inner = text.rfind(':');
  if (inner == std::string_view::npos || inner == 0) {
    return std::nullopt;
  }
  Pieces pieces;
  pieces.container = text.substr(inner + 1);
  const std::size_t outer = text.rfind(':', inner - 1);
  if (outer == std::string_view::npos) {
    pieces.host = text.substr(0, inner);
    return pieces;
  }
  pieces.host = text.substr(outer + 1, inner - outer - 1);
  pieces.address = text.substr(0, outer);
  pieces.has_address = true;
  return pieces;
}

/// The address to publish on, or why there is none.
std::optional<IpAddress> address_of(const Pieces& pieces, std::string& why) {
  if (!pieces.has_address) {
    return IpAddress();
  }
  std::string_view text = pieces.address;
  const bool bracketed = text.starts_with('[') && text.ends_with(']') && text.size() > 2;
  if (bracketed) {
    text = text.substr(1, text.size() - 2);
  }
  const std::optional<IpAddress> address = IpAddress::parse(text);
  if (address && (address->family == IpAddress::Family::V6) == bracketed) {
    return address;
  }
  if (text == "localhost") {
    why = fmt::format(
        "Docker takes the name `localhost` and then opens the port on every "
        "interface. Write 127.0.0.1:{}:{}.",
        pieces.host,
        pieces.container);
  } else if (text.find(':') != std::string_view::npos && !bracketed) {
    why = "An IPv6 address stands in brackets, as in [::1]:8080:80.";
  } else {
    why = fmt::format("{} is not an IP address, and Docker publishes on addresses, not on names.",
                      shown(pieces.address));
  }
  return std::nullopt;
}

std::optional<Publication> parse_publication(const std::string& written, std::string& why) {
  std::string_view text = written;
  Publication port;
  if (const std::size_t slash = text.rfind('/'); slash != std::string_view::npos) {
    port.protocol = std::string(text.substr(slash + 1));
    text = text.substr(0, slash);
  }
  if (port.protocol != "tcp" && port.protocol != "udp" && port.protocol != "sctp") {
    why = "The protocol is tcp, udp or sctp.";
    return std::nullopt;
  }
  const std::optional<Pieces> pieces = take_apart(text);
  if (!pieces) {
    why = fmt::format(
        "Say both ports, HOST:CONTAINER, such as {0}:{0}, or 127.0.0.1:{0}:{0} to "
        "keep it on Docker's host.",
        port_number(text) ? text : "8080");
    return std::nullopt;
  }
  const std::optional<IpAddress> address = address_of(*pieces, why);
  if (!address) {
    return std::nullopt;
  }
  if (pieces->host.find('-') != std::string_view::npos ||
      pieces->container.find('-') != std::string_view::npos) {
    why = "Ranges of ports are not taken. Write one line for each port.";
    return std::nullopt;
  }
  const std::optional<std::uint16_t> host = port_number(pieces->host);
  const std::optional<std::uint16_t> container = port_number(pieces->container);
  if (!host || !container) {
    why = "Both ports are numbers from 1 to 65535.";
    return std::nullopt;
  }
  port.address = *address;
  port.host_port = *host;
  port.container_port = *container;
  return port;
}

bool is_wildcard(const IpAddress& address) { return address.bytes == IpAddress().bytes; }

bool collide(const Publication& a, const Publication& b) {
  return a.host_port == b.host_port && a.protocol == b.protocol &&
         a.address.family == b.address.family &&
         (a.address == b.address || is_wildcard(a.address) || is_wildcard(b.address));
}

bool report_collisions(const std::vector<Publication>& ports, const Site& site) {
  bool good = true;
  for (std::size_t later = 1; later < ports.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (!collide(ports[earlier], ports[later])) {
        continue;
      }
      const Site place = site.at(ports[later].index);
      place.error("Port published twice",
                  fmt::format("`{}` is {}, but `{}` takes that port already with {}. A port of the "
                              "host leads to one port of the container only.",
                              place.name(),
                              shown(canonical(ports[later])),
                              site.at(ports[earlier].index).name(),
                              shown(canonical(ports[earlier]))));
      good = false;
      break;
    }
  }
  return good;
}

}  // namespace

std::optional<Value> normalise_ports(const Value& value, const Site& site) {
  const List* items = value.get<List>();
  if (items == nullptr) {
    refuse(site, "a list of published ports", value);
    return std::nullopt;
  }
  std::vector<Publication> ports;
  List unchecked;
  bool good = true;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const Value& item = (*items)[i];
    const Site place = site.at(i);
    const std::optional<std::string> text = text_from(item);
    std::string why;
    if (passes_unchecked(item)) {
      unchecked.push_back(item);
    } else if (!text) {
      refuse(place, "[IP:]HOST:CONTAINER[/PROTOCOL] in one text", item);
      good = false;
    } else if (std::optional<Publication> port = parse_publication(*text, why)) {
      port->index = i;
      ports.push_back(std::move(*port));
    } else {
      place.error("Invalid port", fmt::format("`{}` is {}. {}", place.name(), shown(*text), why));
      good = false;
    }
  }
  if (!report_collisions(ports, site) || !good) {
    return std::nullopt;
  }
  List result;
  for (const Publication& port : ports) {
    result.emplace_back(canonical(port));
  }
  std::sort(result.begin(), result.end(), [](const Value& a, const Value& b) {
    return *a.get<std::string>() < *b.get<std::string>();
  });
  result.insert(result.end(), unchecked.begin(), unchecked.end());
  return Value(std::move(result));
}

}  // namespace aim::planner
