// The least that a program can ask of Docker: raw HTTP/1.1 on a kept-alive Unix socket, bodies read
// past and never decoded. What aim needs beyond this is aim's own cost.

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

constexpr std::string_view kUsage =
    "usage: bare_client SOCKET look NAME...          lists all, inspects each, on one connection\n"
    "       bare_client SOCKET create WIDTH          creates and starts what standard input "
    "tells,\n"
    "                                                a NAME, a tab and a JSON body on each line\n"
    "       bare_client SOCKET remove WIDTH NAME...  removes them, running or not\n"
    "       bare_client SOCKET swap OLD NEW          stops one, starts the other\n";

class Connection {
 public:
  explicit Connection(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
      throw std::invalid_argument("the path of the socket is too long");
    }
    std::copy(path.begin(), path.end(), address.sun_path);
    sockaddr_storage storage{};
    std::memcpy(&storage, &address, sizeof(address));
    if (descriptor_ < 0 || ::connect(descriptor_,
                                     static_cast<sockaddr*>(static_cast<void*>(&storage)),
                                     sizeof(address)) != 0) {
      throw std::system_error(errno, std::generic_category(), path);
    }
  }

  ~Connection() { ::close(descriptor_); }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// One request and the whole of its answer. Throws unless the status is 2xx.
  void call(std::string_view method, const std::string& target, std::string_view body = {}) {
    std::string request = fmt::format("{} /v1.41{} HTTP/1.1\r\nHost: docker\r\n", method, target);
    if (!body.empty()) {
      request += "Content-Type: application/json\r\n";
    }
    if (method != "GET") {
      request += fmt::format("Content-Length: {}\r\n", body.size());
    }
    request += "\r\n";
    request += body;
    write(request);
    const int status = read_answer();
    if (status < 200 || status > 299) {
      throw std::runtime_error(fmt::format("{} {}: status {}", method, target, status));
    }
  }

 private:
  void write(std::string_view rest) {
    while (!rest.empty()) {
      const ssize_t count = ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (count < 0) {
        throw std::system_error(errno, std::generic_category(), "send");
      }
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  /// Makes `pending_` longer.
  void read_more() {
    const std::size_t before = pending_.size();
    pending_.resize(before + kPieceBytes);
    const ssize_t count = ::recv(descriptor_, pending_.data() + before, kPieceBytes, 0);
    if (count <= 0) {
      throw std::runtime_error("the connection broke");
    }
    pending_.resize(before + static_cast<std::size_t>(count));
  }

  std::string read_through(std::string_view end) {
    std::size_t found = pending_.find(end);
    while (found == std::string::npos) {
      read_more();
      found = pending_.find(end);
    }
    std::string text = pending_.substr(0, found);
    pending_.erase(0, found + end.size());
    return text;
  }

  void skip(std::size_t count) {
    while (pending_.size() < count) {
      read_more();
    }
    pending_.erase(0, count);
  }

  int read_answer() {
    std::string head = read_through("\r\n\r\n") + "\r\n";
    std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    const int status = static_cast<int>(number_at(head, head.find(' ') + 1, 10));
    constexpr std::string_view kLength = "\r\ncontent-length: ";
    if (head.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos) {
      for (std::size_t size = 1; size != 0;) {
        const std::string line = read_through("\r\n");
        size = number_at(line, 0, 16);
        skip(size + 2);
      }
    } else if (const std::size_t place = head.find(kLength); place != std::string::npos) {
      skip(number_at(head, place + kLength.size(), 10));
    }
    return status;
  }

  static std::size_t number_at(const std::string& text, std::size_t place, int base) {
    std::size_t value = 0;
    const char* begin = text.data() + std::min(place, text.size());
    if (std::from_chars(begin, text.data() + text.size(), value, base).ec != std::errc()) {
      throw std::runtime_error("not HTTP: " + text);
    }
    return value;
  }

  static constexpr std::size_t kPieceBytes = 64U * 1024;

  int descriptor_;
  std::string pending_;
};

using Strings = std::vector<std::string>;

/// Calls `work` with each index below `count` from `width` threads of one connection each.
template <class Work>
void in_parallel(const std::string& socket,
                 std::size_t width,
                 std::size_t count,
                 const Work& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(width, count); ++i) {
      threads.emplace_back([&] {
        try {
          Connection connection(socket);
          for (std::size_t index = next++; index < count; index = next++) {
            work(connection, index);
          }
        } catch (...) {
          const std::lock_guard lock(mutex);
          failure = std::current_exception();
          next = count;
        }
      });
    }
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

void look(const std::string& socket, std::span<const std::string> names) {
  Connection connection(socket);
  connection.call("GET", "/containers/json?all=1");
  for (const std::string& name : names) {
    connection.call("GET", fmt::format("/containers/{}/json", name));
  }
}

void create(const std::string& socket, std::size_t width) {
  Strings lines;
  for (std::string line; std::getline(std::cin, line);) {
    lines.push_back(std::move(line));
  }
  in_parallel(socket, width, lines.size(), [&](Connection& connection, std::size_t index) {
    const std::size_t tab = lines[index].find('\t');
    if (tab == std::string::npos) {
      throw std::invalid_argument("a line without a tab");
    }
    const std::string name = lines[index].substr(0, tab);
    connection.call("POST",
                    fmt::format("/containers/create?name={}", name),
                    std::string_view(lines[index]).substr(tab + 1));
    connection.call("POST", fmt::format("/containers/{}/start", name));
  });
}

void remove(const std::string& socket, std::size_t width, std::span<const std::string> names) {
  in_parallel(socket, width, names.size(), [&](Connection& connection, std::size_t index) {
    connection.call("DELETE", fmt::format("/containers/{}?v=1&force=1", names[index]));
  });
}

void swap(const std::string& socket, const std::string& old_name, const std::string& new_name) {
  Connection connection(socket);
  connection.call("POST", fmt::format("/containers/{}/stop", old_name));
  connection.call("POST", fmt::format("/containers/{}/start", new_name));
}

bool run(std::span<const std::string> arguments) {
  if (arguments.size() < 2) {
    return false;
  }
  const std::string& socket = arguments[0];
  const std::string& verb = arguments[1];
  const std::span<const std::string> rest = arguments.subspan(2);
  if (verb == "look") {
    look(socket, rest);
  } else if (verb == "create" && rest.size() == 1) {
    create(socket, std::stoul(rest[0]));
  } else if (verb == "remove" && !rest.empty()) {
    remove(socket, std::stoul(rest[0]), rest.subspan(1));
  } else if (verb == "swap" && rest.size() == 2) {
    swap(socket, rest[0], rest[1]);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Strings arguments(argv + 1, argv + argc);
    if (!run(arguments)) {
      fmt::print(stderr, "{}", kUsage);
      return 1;
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bare_client: {}\n", error.what());
    return 1;
  }
}
