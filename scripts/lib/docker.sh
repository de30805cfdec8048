# shellcheck shell=bash
# Talks to a Docker Engine with curl alone. Sourced after common.sh.

# json_member FILE NAME: the text of a member, for the flat files of the Docker client.
json_member() {
  sed -n 's/.*"'"$2"'"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$1" | head -n 1
}

# The address that Docker's own client would use: DOCKER_HOST, the current context, the default.
docker_address() {
  local configuration="${DOCKER_CONFIG:-$HOME/.docker}" context="${DOCKER_CONTEXT:-}" metadata
  if [ -n "${DOCKER_HOST:-}" ] && [ -z "$context" ]; then
    printf '%s\n' "$DOCKER_HOST"
    return
  fi
  if [ -z "$context" ] && [ -r "$configuration/config.json" ]; then
    context="$(json_member "$configuration/config.json" currentContext)"
  fi
  if [ -n "$context" ] && [ "$context" != default ]; then
    metadata="$configuration/contexts/meta/$(printf '%s' "$context" | sha256sum | cut -c1-64)"
    [ -r "$metadata/meta.json" ] ||
      fail "the Docker context '$context' does not exist: see 'docker context ls'"
    json_member "$metadata/meta.json" Host
    return
  fi
  printf 'unix:///var/run/docker.sock\n'
}

# docker_curl ADDRESS PATH [curl options]: one request to the Engine's API.
docker_curl() {
  local address="$1" path="$2"
  shift 2
  case "$address" in
    unix://*) curl -sS --unix-socket "${address#unix://}" "$@" "http://docker$path" ;;
    /*) curl -sS --unix-socket "$address" "$@" "http://docker$path" ;;
    tcp://*)
      if [ -n "${DOCKER_TLS_VERIFY:-}" ]; then
        local certificates="${DOCKER_CERT_PATH:-$HOME/.docker}"
        curl -sS --cacert "$certificates/ca.pem" --cert "$certificates/cert.pem" \
          --key "$certificates/key.pem" "$@" "https://${address#tcp://}$path"
      else
        curl -sS "$@" "http://${address#tcp://}$path"
      fi
      ;;
    *) fail "cannot reach Docker at '$address' with curl: set DOCKER_HOST to a unix:// or tcp:// address" ;;
  esac
}

# Whether an Engine answers at the address.
docker_answers() {
  docker_curl "$1" /_ping --fail --max-time 5 >/dev/null 2>&1
}
