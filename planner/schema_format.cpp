#include "planner/schema_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/value.hpp"
#include "planner/ip_address.hpp"
#include "planner/schema_hardware.hpp"

namespace aim::planner {

namespace {

// The names that Docker knows on Linux; RTMIN and RTMAX are counted from.
constexpr std::string_view kSignals[] = {
    "ABRT", "ALRM",   "BUS",  "CHLD",   "CLD",   "CONT", "FPE",  "HUP",  "ILL",
    "INT",  "IO",     "IOT",  "KILL",   "PIPE",  "POLL", "PROF", "PWR",  "QUIT",
    "SEGV", "STKFLT", "STOP", "SYS",    "TERM",  "TRAP", "TSTP", "TTIN", "TTOU",
    "URG",  "USR1",   "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ"};

// capabilities(7) as of Linux 5.9; Docker refuses any other name.
constexpr std::string_view kCapabilities[] = {"ALL",
                                              "AUDIT_CONTROL",
                                              "AUDIT_READ",
                                              "AUDIT_WRITE",
                                              "BLOCK_SUSPEND",
                                              "BPF",
                                              "CHECKPOINT_RESTORE",
                                              "CHOWN",
                                              "DAC_OVERRIDE",
                                              "DAC_READ_SEARCH",
                                              "FOWNER",
                                              "FSETID",
                                              "IPC_LOCK",
                                              "IPC_OWNER",
                                              "KILL",
                                              "LEASE",
                                              "LINUX_IMMUTABLE",
                                              "MAC_ADMIN",
                                              "MAC_OVERRIDE",
                                              "MKNOD",
                                              "NET_ADMIN",
                                              "NET_BIND_SERVICE",
                                              "NET_BROADCAST",
                                              "NET_RAW",
                                              "PERFMON",
                                              "SETFCAP",
                                              "SETGID",
                                              "SETPCAP",
                                              "SETUID",
                                              "SYSLOG",
                                              "SYS_ADMIN",
                                              "SYS_BOOT",
                                              "SYS_CHROOT",
                                              "SYS_MODULE",
                                              "SYS_NICE",
                                              "SYS_PACCT",
                                              "SYS_PTRACE",
                                              "SYS_RAWIO",
                                              "SYS_RESOURCE",
                                              "SYS_TIME",
                                              "SYS_TTY_CONFIG",
                                              "WAKE_ALARM"};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return result;
}

std::optional<int> small_number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && digits.front() != '-' ? std::optional(value) : std::nullopt;
}

std::optional<std::string> hostname(const std::string& text) {
  const bool well_formed = !text.empty() && text.size() <= 63 && is_word(text.front()) &&
                           is_word(text.back()) &&
                           std::all_of(text.begin(), text.end(), [](char c) {
                             return is_word(c) || c == '-' || c == '_' || c == '.';
                           });
  return well_formed ? std::optional(text) : std::nullopt;
}

std::optional<std::string> signal(const std::string& text) {
  if (const auto number = text.empty() ? std::nullopt : small_number(text)) {
    return *number >= 1 && *number <= 64 ? std::optional(std::to_string(*number)) : std::nullopt;
  }
  std::string name = upper(text);
  if (name.starts_with("SIG")) {
    name.erase(0, 3);
  }
  // Docker numbers the real-time signals from 34 (RTMIN) to 64 (RTMAX).
  const bool from_least = name.starts_with("RTMIN+");
  if (from_least || name.starts_with("RTMAX-")) {
    const auto offset =
        name.size() > 6 ? small_number(std::string_view(name).substr(6)) : std::nullopt;
    return offset && *offset >= 1 && *offset <= (from_least ? 15 : 14) ? std::optional("SIG" + name)
                                                                       : std::nullopt;
  }
  const bool known =
      name == "RTMIN" || name == "RTMAX" ||
      std::find(std::begin(kSignals), std::end(kSignals), name) != std::end(kSignals);
  return known ? std::optional("SIG" + name) : std::nullopt;
}

std::string capability_name(const std::string& text) {
  std::string name = upper(text);
  if (name.starts_with("CAP_")) {
    name.erase(0, 4);
  }
  return name;
}

std::optional<std::string> capability(const std::string& text) {
  std::string name = capability_name(text);
  const bool known = std::find(std::begin(kCapabilities), std::end(kCapabilities), name) !=
                     std::end(kCapabilities);
  return known ? std::optional(std::move(name)) : std::nullopt;
}

std::optional<std::string> security_option(const std::string& text) {
  constexpr std::string_view kNoNew = "no-new-privileges";
  if (text == kNoNew) {
    return text;
  }
  // The old spelling with a colon means the same.
  const std::size_t split = text.find_first_of("=:");
  if (split == std::string::npos || split + 1 == text.size()) {
    return std::nullopt;
  }
  const std::string key = text.substr(0, split);
  const std::string value = text.substr(split + 1);
  if (key == kNoNew && value == "true") {
    return key;
  }
  const bool known = (key == kNoNew && value == "false") || key == "apparmor" || key == "label" ||
                     (key == "seccomp" && (value == "unconfined" || value.starts_with('{')));
  return known ? std::optional(key + "=" + value) : std::nullopt;
}

std::optional<std::string> extra_host(const std::string& text) {
  const std::size_t split = text.find_first_of(":=");
  if (split == std::string::npos) {
    return std::nullopt;
  }
  const std::optional<std::string> host = hostname(text.substr(0, split));
  std::string address = text.substr(split + 1);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  if (host && address == "host-gateway") {
    return *host + ":" + address;
  }
  const std::optional<IpAddress> ip = IpAddress::parse(address);
  return host && ip ? std::optional(*host + ":" + ip->str()) : std::nullopt;
}

std::optional<std::string> one_of_or_container(const std::string& text,
                                               std::initializer_list<std::string_view> words) {
  const std::string_view prefix = "container:";
  const bool known = std::find(words.begin(), words.end(), text) != words.end() ||
                     (text.starts_with(prefix) && text.size() > prefix.size());
  return known ? std::optional(text) : std::nullopt;
}

std::optional<std::string> address(Format format, const std::string& text) {
  const std::optional<IpAddress> ip = IpAddress::parse(text);
  const bool fits = ip && (format != Format::Ipv4Address || ip->family == IpAddress::Family::V4) &&
                    (format != Format::Ipv6Address || ip->family == IpAddress::Family::V6);
  return fits ? std::optional(ip->str()) : std::nullopt;
}

bool is_one_word(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f';
  });
}

/// A name for the resolver: host names joined by dots, each of up to 63 letters.
std::optional<std::string> domain(const std::string& text) {
  constexpr std::size_t kLongest = 253;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t dot = std::min(text.find('.', begin), text.size());
    if (!hostname(text.substr(begin, dot - begin))) {
      return std::nullopt;
    }
    begin = dot + 1;
  }
  return text.size() <= kLongest ? std::optional(text) : std::nullopt;
}

std::optional<std::string> subnet(const std::string& text) {
  const std::optional<Subnet> parsed = Subnet::parse(text);
  return parsed && parsed->base() == *parsed ? std::optional(parsed->str()) : std::nullopt;
}

}  // namespace

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part == "..") {
      if (!parts.empty()) {
        parts.pop_back();
      }
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return fmt::format("/{}", fmt::join(parts, "/"));
}

std::optional<std::string> canonical_restart(const std::string& text) {
  if (text == "no" || text == "always" || text == "unless-stopped" || text == "on-failure") {
    return text;
  }
  constexpr std::string_view kPrefix = "on-failure:";
  if (!text.starts_with(kPrefix) || text.size() == kPrefix.size()) {
    return std::nullopt;
  }
  const std::optional<int> retries = small_number(std::string_view(text).substr(kPrefix.size()));
  if (!retries) {
    return std::nullopt;
  }
  // Zero retries is Docker's word for any number of them.
  return *retries == 0 ? "on-failure" : fmt::format("on-failure:{}", *retries);
}

namespace {

/// "25%", from 1 to 100.
std::optional<std::string> percent(const std::string& text) {
  const std::string digits = text.ends_with('%') ? text.substr(0, text.size() - 1) : "";
  const bool number = !digits.empty() && digits.size() <= 3 && digits.front() != '0' &&
                      digits.find_first_not_of("0123456789") == std::string::npos;
  return number && std::stoi(digits) <= 100 ? std::optional(text) : std::nullopt;
}

std::optional<std::string> file_mode(const std::string& text) {
  const bool octal = (text.size() == 3 || text.size() == 4) &&
                     text.find_first_not_of("01234567") == std::string::npos;
  return octal ? std::optional(text.size() == 3 ? "0" + text : text) : std::nullopt;
}

}  // namespace

std::optional<std::string> in_format(Format format, const std::string& text) {
  switch (format) {
    case Format::Any:
    case Format::Content:
    case Format::Plain:
    case Format::EnvironmentKeys:
    case Format::LabelKeys:
    case Format::HealthTest:
    case Format::Healthcheck:
    case Format::AddressPools:
      return text;
    case Format::FilePermissions:
      return file_mode(text);
    case Format::Percent:
      return percent(text);
    case Format::IpAddress:
    case Format::BindAddress:
    case Format::Ipv4Address:
    case Format::Ipv6Address:
      return address(format, text);
    case Format::Subnet:
      return subnet(text);
    case Format::AbsolutePath:
      return text.starts_with('/') ? std::optional(clean_path(text)) : std::nullopt;
    case Format::RequestPath: {
      const bool clean = std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != '\x7f' && c != '#';
      });
      return text.starts_with('/') && clean ? std::optional(text) : std::nullopt;
    }
    case Format::Hostname:
      return hostname(text);
    case Format::Signal:
      return signal(text);
    case Format::Capability:
      return capability(text);
    case Format::SecurityOption:
      return security_option(text);
    case Format::ExtraHost:
      return extra_host(text);
    case Format::NetworkMode:
      return one_of_or_container(text, {"bridge", "host", "none"});
    case Format::IpcMode:
      return one_of_or_container(text, {"none", "private", "shareable", "host"});
    case Format::PidMode:
      return one_of_or_container(text, {"host"});
    case Format::CpuList:
      return canonical_cpu_list(text);
    case Format::Device:
      return canonical_device(text);
    case Format::FileMode:
      return canonical_file_mode(text);
    case Format::Platform:
      return canonical_platform(text);
    case Format::GpuCount:
      return canonical_gpu_count(text);
    case Format::GpuCapability:
    case Format::Group:
    case Format::ResolverOption:
      return is_one_word(text) ? std::optional(text) : std::nullopt;
    case Format::SearchDomain:
      return text == "." ? std::optional(text) : domain(text);
  }
  return std::nullopt;
}

std::string_view expected(Format format) {
  switch (format) {
    case Format::Any:
    case Format::Content:
    case Format::Plain:
    case Format::EnvironmentKeys:
    case Format::LabelKeys:
    case Format::HealthTest:
    case Format::Healthcheck:
    case Format::AddressPools:
      return "text";
    case Format::Percent:
      return "a part such as 25%";
    case Format::FilePermissions:
      return "permissions in three or four octal digits, such as 0644";
    case Format::IpAddress:
    case Format::BindAddress:
      return "an IP address";
    case Format::Ipv4Address:
      return "an IPv4 address";
    case Format::Ipv6Address:
      return "an IPv6 address";
    case Format::Subnet:
      return "a subnet such as 172.30.0.0/16";
    case Format::AbsolutePath:
      return "an absolute path";
    case Format::RequestPath:
      return "a path of a URL, which begins with a slash and has no spaces";
    case Format::Hostname:
      return "a host name of up to 63 letters, digits, dots, dashes and underscores";
    case Format::Signal:
      return "a signal such as SIGTERM or 15";
    case Format::Capability:
      return "a Linux capability such as NET_ADMIN, or ALL";
    case Format::SecurityOption:
      return "no-new-privileges, seccomp=unconfined, apparmor=PROFILE or label=OPTION";
    case Format::ExtraHost:
      return "HOST:IP or HOST:host-gateway";
    case Format::NetworkMode:
      return "bridge, host, none or container:NAME";
    case Format::IpcMode:
      return "none, private, shareable, host or container:NAME";
    case Format::PidMode:
      return "host or container:NAME";
    case Format::CpuList:
      return "numbers and ranges such as 0-3,6";
    case Format::Device:
      return "a device such as /dev/fuse, /dev/sdb:/dev/xvdb or /dev/sdb:/dev/xvdb:r";
    case Format::FileMode:
      return "octal permissions such as 1777 or 0750, and not 0";
    case Format::Platform:
      return "a platform such as linux/amd64 or linux/arm/v7";
    case Format::GpuCount:
      return "a number of GPUs, or `all`";
    case Format::GpuCapability:
      return "a capability such as gpu, compute or utility";
    case Format::Group:
      return "a name or number of a group";
    case Format::SearchDomain:
      return "a domain such as lab.example";
    case Format::ResolverOption:
      return "an option such as ndots:2";
  }
  return "text";
}

std::string format_hint(Format format, const std::string& text) {
  if (format == Format::BindAddress && text == "localhost") {
    return " Docker would take `localhost` and open the port on every interface. Write 127.0.0.1.";
  }
  if (format == Format::Subnet) {
    const std::optional<Subnet> parsed = Subnet::parse(text);
    return parsed ? fmt::format(" Did you mean `{}`?", parsed->base().str()) : "";
  }
  if (format == Format::Capability) {
    const std::string near = core::did_you_mean(
        capability_name(text), {std::begin(kCapabilities), std::end(kCapabilities)});
    return near.empty() ? "" : " " + near;
  }
  if (format == Format::SecurityOption && text.starts_with("seccomp")) {
    return " Docker takes the profile itself and not its path: write the JSON, as in "
           "seccomp=${file:profile.json}.";
  }
  if (format == Format::Platform && !text.empty() && text.find('/') == std::string::npos) {
    return fmt::format(" Did you mean `linux/{}`?", text);
  }
  if (format == Format::NetworkMode && !text.empty()) {
    return " To join a network of this configuration, name it in `networks`.";
  }
  return {};
}

bool takes_secret(Format format) {
  return format == Format::Any || format == Format::Content || format == Format::EnvironmentKeys ||
         format == Format::LabelKeys || format == Format::HealthTest;
}

}  // namespace aim::planner
