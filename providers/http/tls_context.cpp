#include "providers/http/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace aim::providers {

using core::ErrorCode;
using core::make_error;
using core::Result;

namespace {

core::Error unusable(std::string_view what, const std::string& file, std::string_view why) {
  return make_error(ErrorCode::Invalid, fmt::format("{} {} {}", what, file, why));
}

/// Nothing, or why a file cannot be read.
std::string unreadable(const std::string& file) {
  return ::access(file.c_str(), R_OK) == 0
             ? std::string()
             : fmt::format("cannot be read: {}", std::generic_category().message(errno));
}

/// Called when a key turns out to be encrypted: there is nobody to ask.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<void> trust(SSL_CTX* context, const TlsSettings& settings) {
  if (settings.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  constexpr std::string_view kWhat = "the certificate of the Engine's authority";
  if (const std::string why = unreadable(settings.ca_file); !why.empty()) {
    return unusable(kWhat,
                    settings.ca_file,
                    why + "; copy ca.pem from where the Engine's certificates were made");
  }
  if (SSL_CTX_load_verify_file(context, settings.ca_file.c_str()) != 1) {
    return unusable(kWhat, settings.ca_file, "is not a certificate in PEM form");
  }
  return {};
}

Result<void> identify(SSL_CTX* context, const TlsSettings& settings) {
  if (settings.certificate_file.empty()) {
    return {};
  }
  constexpr std::string_view kCertificate = "the client certificate";
  constexpr std::string_view kKey = "the private key";
  if (const std::string why = unreadable(settings.certificate_file); !why.empty()) {
    return unusable(kCertificate, settings.certificate_file, why);
  }
  if (const std::string why = unreadable(settings.key_file); !why.empty()) {
    return unusable(kKey, settings.key_file, why);
  }
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate_file.c_str()) != 1) {
    return unusable(kCertificate, settings.certificate_file, "is not a certificate in PEM form");
  }
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
  const int used =
      SSL_CTX_use_PrivateKey_file(context, settings.key_file.c_str(), SSL_FILETYPE_PEM);
  const unsigned long fault = ERR_peek_last_error();
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (is_encrypted) {
    return unusable(kKey,
                    settings.key_file,
                    "is encrypted, and aim cannot ask for its passphrase; decrypt it with "
                    "`openssl pkey -in key.pem -out plain.pem`, keep that readable for you alone, "
                    "and put it in its place");
  }
  if (used != 1 && ERR_GET_REASON(fault) == X509_R_KEY_VALUES_MISMATCH) {
    return unusable(kKey,
                    settings.key_file,
                    fmt::format("does not belong to the certificate {}; use the two that were "
                                "made together",
                                settings.certificate_file));
  }
  if (used != 1) {
    return unusable(kKey, settings.key_file, "is not a private key in PEM form");
  }
  return {};
}

bool is_address(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsSettings& settings) {
  ERR_clear_error();
  SSL_CTX* raw = SSL_CTX_new(TLS_client_method());
  if (raw == nullptr) {
    return make_error(ErrorCode::Failed, "OpenSSL could not be set up");
  }
  const std::shared_ptr<const TlsContext> context(new TlsContext(raw, settings.verify));
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_verify(raw, settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (settings.verify) {
    if (Result<void> trusted = trust(raw, settings); !trusted) {
      return trusted.error();
    }
  }
  if (Result<void> identified = identify(raw, settings); !identified) {
    return identified.error();
  }
  ERR_clear_error();
  return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

ssl_st* TlsContext::connection_to(const std::string& host) const {
  SSL* connection = SSL_new(context_);
  AIM_CHECK(connection != nullptr);
  if (is_address(host)) {
    if (verify_) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str());
    }
    return connection;
  }
  // SSL_set_tlsext_host_name, whose macro casts in the old way; the name is copied.
  SSL_ctrl(connection,
           SSL_CTRL_SET_TLSEXT_HOSTNAME,
           TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(host.c_str()));
  if (verify_) {
    // As Docker's own client: only the alternative names count, never the common name.
    SSL_set_hostflags(connection,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    SSL_set1_host(connection, host.c_str());
  }
  return connection;
}

}  // namespace aim::providers
