#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "providers/http/tls_context.hpp"

namespace aim::providers {

using core::Error;
using core::ErrorCode;
using core::make_error;

namespace {

constexpr const char* kNameless = "an authority without a name";

std::string utc(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return "a date that cannot be read";
  }
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC",
                     parts.tm_year + 1900,
                     parts.tm_mon + 1,
                     parts.tm_mday,
                     parts.tm_hour,
                     parts.tm_min);
}

std::string text_of(const X509_NAME* name) {
  BIO* out = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(
      out, name, 0, XN_FLAG_ONELINE & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, size > 0 ? static_cast<std::size_t>(size) : 0);
  BIO_free(out);
  return text.empty() ? kNameless : text;
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const unsigned char* bytes = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  if (size == 4) {
    return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  }
  std::string text;
  for (int i = 0; i + 1 < size; i += 2) {
    text += fmt::format("{}{:x}", i == 0 ? "" : ":", bytes[i] * 256 + bytes[i + 1]);
  }
  return text;
}

/// "lab, 10.0.0.1", or that there are none.
std::string names_of(const X509* certificate) {
  std::vector<std::string> names;
  auto* alternatives = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                         static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      names.push_back(address_text(name->d.iPAddress));
    }
  }
  GENERAL_NAMES_free(alternatives);
  return names.empty() ? "no host at all (it has no subjectAltName)"
                       : fmt::format("{}", fmt::join(names, ", "));
}

/// The first in the server's chain for which `is_it` holds, the server's own first of all.
template <class Is>
const X509* in_chain(const SSL* connection, const Is& is_it) {
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(connection);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    if (const X509* one = sk_X509_value(chain, i); is_it(one)) {
      return one;
    }
  }
  return nullptr;
}

bool has_expired(const X509* certificate) {
  return X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
}

bool is_to_come(const X509* certificate) {
  return X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
}

std::string believed(const TlsSettings& settings) {
  return settings.ca_file.empty() ? "the authorities of this system" : settings.ca_file;
}

/// Which fault of the server's certificate ended the handshake, and what to do about it.
std::string server_fault(const SSL* connection,
                         long verdict,
                         const TlsSettings& settings,
                         const std::string& host,
                         const std::string& where) {
  const X509* own = in_chain(connection, [](const X509*) { return true; });
  if (own == nullptr) {
    return fmt::format("{} showed no certificate", where);
  }
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      if (has_expired(own)) {
        return fmt::format("the certificate of {} expired on {}; the Engine needs a new one",
                           where,
                           utc(X509_get0_notAfter(own)));
      }
      return fmt::format(
          "the authority {} that issued the certificate of {} has expired; renew it "
          "in {}",
          text_of(X509_get_issuer_name(own)),
          where,
          believed(settings));
    case X509_V_ERR_CERT_NOT_YET_VALID: {
      const X509* early = in_chain(connection, is_to_come);
      return fmt::format(
          "the certificate of {} is valid from {} only; compare the clocks of both "
          "machines",
          where,
          utc(X509_get0_notBefore(early != nullptr ? early : own)));
    }
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format(
          "the certificate of {} is for {}, not for {}; reach it by such a name, or "
          "have {} put among the certificate's alternative names",
          where,
          names_of(own),
          host,
          host);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_INVALID_CA:
      return fmt::format(
          "the certificate of {} was issued by {}, who is not the authority in {}; "
          "if that is the right Engine, put its authority's certificate there",
          where,
          text_of(X509_get_issuer_name(own)),
          believed(settings));
    default:
      return fmt::format(
          "the certificate of {} is refused: {}", where, X509_verify_cert_error_string(verdict));
  }
}

/// Nothing, or why the server says that it does not accept us.
std::optional<std::string_view> refusal_of(int reason) {
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "the Engine does not say why";
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
      return "it is not meant for clients";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return "it was revoked";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "it has expired";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the Engine does not know the authority that issued it";
    default:
      return std::nullopt;
  }
}

std::string client_fault(const SSL* connection,
                         std::string_view why,
                         const TlsSettings& settings,
                         const std::string& where) {
  if (settings.certificate_file.empty()) {
    return fmt::format(
        "{} wants a client certificate, and there is none; put cert.pem and key.pem "
        "beside {}",
        where,
        settings.ca_file.empty() ? "ca.pem" : settings.ca_file);
  }
  const X509* own = SSL_get_certificate(connection);
  if (own != nullptr && has_expired(own)) {
    return fmt::format(
        "{} refused the client certificate {}: it expired on {}; have a new one "
        "issued",
        where,
        settings.certificate_file,
        utc(X509_get0_notAfter(own)));
  }
  return fmt::format(
      "{} refused the client certificate {}, issued by {}: {}; use one issued by "
      "the authority that the Engine was started with (--tlscacert)",
      where,
      settings.certificate_file,
      own != nullptr ? text_of(X509_get_issuer_name(own)) : kNameless,
      why);
}

std::string other_fault(const TlsFailure& failure, const std::string& where) {
  switch (ERR_GET_REASON(failure.reason)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      return fmt::format(
          "{} does not speak TLS; use the Engine's port with TLS, usually 2376, or "
          "turn TLS off",
          where);
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return fmt::format("{} does not speak TLS 1.2 or newer", where);
    default:
      break;
  }
  if (failure.reason == 0) {
    return fmt::format("{} hung up while TLS was being agreed upon", where);
  }
  const char* text = ERR_reason_error_string(failure.reason);
  return fmt::format("TLS with {} failed: {}", where, text != nullptr ? text : "unknown reason");
}

}  // namespace

Error tls_fault(const TlsFailure& failure,
                const TlsSettings& settings,
                const std::string& host,
                const std::string& where) {
  const int reason = ERR_GET_REASON(failure.reason);
  const long verdict = SSL_get_verify_result(failure.connection);
  if (settings.verify && reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
    return make_error(ErrorCode::Denied,
                      server_fault(failure.connection, verdict, settings, host, where));
  }
  if (const std::optional<std::string_view> why = refusal_of(reason)) {
    return make_error(ErrorCode::Denied, client_fault(failure.connection, *why, settings, where));
  }
  return make_error(ErrorCode::Protocol, other_fault(failure, where));
}

}  // namespace aim::providers
