#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include "providers/docker/docker_api.hpp"

namespace aim::providers {
namespace {

namespace json = boost::json;
using Place = std::vector<std::string>;
using Decode = std::function<std::string(std::string_view)>;

json::value recorded(const std::string& name) {
  std::ifstream file("tests/unit/providers/data/engine_20_10/" + name + ".json");
  return json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

/// The places of all keys below `value`.
void collect(const json::value& value, const Place& at, std::vector<Place>& places) {
  const auto go_into = [&](std::string key, const json::value& item) {
    Place below = at;
    below.push_back(std::move(key));
    if (value.is_object()) {
      places.push_back(below);
    }
    collect(item, below, places);
  };
  if (const json::object* object = value.if_object()) {
    for (const auto& [key, item] : *object) {
      go_into(std::string(key), item);
    }
  } else if (const json::array* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      go_into(std::to_string(i), (*array)[i]);
    }
  }
}

json::value* find(json::value& root, const Place& place, std::size_t length) {
  json::value* value = &root;
  for (std::size_t i = 0; i < length; ++i) {
    value = value->is_object() ? value->get_object().if_contains(place[i])
                               : &value->get_array().at(std::stoul(place[i]));
  }
  return value;
}

std::string path(const Place& place) {
  std::string text;
  for (const std::string& part : place) {
    text += "/" + part;
  }
  return text;
}

/// The places without which an answer makes no sense: leaving a key out, or null in its place.
std::set<std::string> essential(const std::string& answer, const Decode& decode) {
  const json::value whole = recorded(answer);
  std::vector<Place> places;
  collect(whole, {}, places);
  EXPECT_FALSE(places.empty()) << answer;
  std::set<std::string> found;
  for (const Place& place : places) {
    json::value without = whole;
    find(without, place, place.size() - 1)->get_object().erase(place.back());
    if (!decode(json::serialize(without)).empty()) {
      found.insert(path(place));
    }
    json::value null = whole;
    *find(null, place, place.size()) = nullptr;
    if (!decode(json::serialize(null)).empty()) {
      found.insert(path(place));
    }
  }
  return found;
}

/// What a decoder complains of, or nothing.
template <class Result>
std::string complaint(const Result& result) {
  return result ? std::string() : core::to_string(result.error());
}

using Paths = std::set<std::string>;

TEST(DecodeTolerance, AContainerNeedsLittle) {
  const Decode decode = [](std::string_view body) { return complaint(decode_container(body)); };
  const Paths needed{"/Config", "/Id", "/Name", "/State", "/State/Status"};
  EXPECT_EQ(essential("running", decode), needed);
  EXPECT_EQ(essential("created", decode), needed);
}

TEST(DecodeTolerance, AListNeedsIdsAndStates) {
  const Decode decode = [](std::string_view body) {
    return complaint(decode_container_list(body));
  };
  for (const std::string& place : essential("list", decode)) {
    EXPECT_TRUE(place.ends_with("/Id") || place.ends_with("/State")) << place;
  }
}

TEST(DecodeTolerance, TheRestNeedsNamesOnly) {
  for (const std::string& place : essential("networks", [](std::string_view body) {
         return complaint(decode_network_list(body));
       })) {
    EXPECT_TRUE(place.ends_with("/Id") || place.ends_with("/Name")) << place;
  }
  for (const std::string& place : essential(
           "volumes", [](std::string_view body) { return complaint(decode_volume_list(body)); })) {
    EXPECT_TRUE(place.ends_with("/Name")) << place;
  }
  EXPECT_EQ(essential("image", [](std::string_view body) { return complaint(decode_image(body)); }),
            Paths{"/Id"});
  EXPECT_EQ(
      essential("info", [](std::string_view body) { return complaint(decode_info(body, {})); }),
      Paths{});
}

TEST(DecodeTolerance, RefusalsInPlainTextAreTold) {
  for (const std::string body : {"client version 1.30 is too old", "page not found\n", "", "{}"}) {
    const core::Error error = error_from_answer({400, {{"content-type", "text/plain"}}, body});
    EXPECT_FALSE(error.message.empty()) << body;
  }
}

}  // namespace
}  // namespace aim::providers
