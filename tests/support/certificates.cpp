#include "tests/support/certificates.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace aim::support {

namespace fs = std::filesystem;

namespace {

constexpr const char* kNewKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

}  // namespace

void openssl(const std::string& arguments) {
  const std::string command = "openssl " + arguments + " 2>&1 </dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) {
    throw std::runtime_error("cannot run openssl");
  }
  std::string said;
  std::array<char, 4096> piece{};
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe)) {
    said.append(piece.data(), got);
  }
  if (const int status = ::pclose(pipe); status != 0) {
    throw std::runtime_error(fmt::format("{}: {}", command, said));
  }
}

Authority::Authority(const std::string& name) {
  std::string pattern = (fs::temp_directory_path() / "aim-authority-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary directory");
  }
  directory_ = pattern;
  openssl(fmt::format("req -x509 {} -days 2 -subj '/CN={}' -keyout {}/ca-key.pem -out {}",
                      kNewKey,
                      name,
                      directory_.string(),
                      certificate().string()));
}

Authority::~Authority() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

Identity Authority::issue(const std::string& name, const Wish& wish) const {
  const std::string base = (directory_ / name).string();
  Identity made{base + ".pem", base + "-key.pem"};
  openssl(fmt::format(
      "req -new {} -subj '/CN={}' -keyout {} -out {}.csr", kNewKey, name, made.key.string(), base));
  std::ofstream extensions(base + ".ext");
  extensions << "extendedKeyUsage=serverAuth,clientAuth\n";
  if (!wish.alternative_names.empty()) {
    extensions << "subjectAltName=" << wish.alternative_names << "\n";
  }
  extensions.close();
  openssl(
      fmt::format("x509 -req -in {0}.csr -CA {1} -CAkey {2}/ca-key.pem -CAcreateserial "
                  "-days {3} -extfile {0}.ext -out {0}.pem",
                  base,
                  certificate().string(),
                  directory_.string(),
                  wish.expired ? -1 : 1));
  return made;
}

fs::path Authority::encrypted(const fs::path& key) const {
  fs::path result = key.string() + ".encrypted";
  openssl(fmt::format(
      "pkey -in {} -aes256 -passout pass:secret -out {}", key.string(), result.string()));
  return result;
}

fs::path client_directory(const Authority& at,
                          const std::string& name,
                          const fs::path& ca,
                          const Identity& identity) {
  fs::path made = at.directory() / name;
  fs::create_directories(made);
  const auto put = [&](const fs::path& from, const char* to) {
    if (!from.empty()) {
      fs::copy_file(from, made / to, fs::copy_options::overwrite_existing);
    }
  };
  put(ca, "ca.pem");
  put(identity.certificate, "cert.pem");
  put(identity.key, "key.pem");
  return made;
}

}  // namespace aim::support
