#include <boost/json.hpp>

#include "planner/schema.hpp"
#include "planner/schema_reference.hpp"

namespace aim::planner {
namespace {

namespace json = boost::json;
using core::Kind;
using testing::HasSubstr;

const json::object& definition(const json::value& schema, std::string_view name) {
  return schema.at("$defs").at(name).as_object();
}

/// Every "$ref" anywhere inside.
void collect_references(const json::value& value, std::vector<std::string>& references) {
  if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) {
      collect_references(item, references);
    }
  } else if (const json::object* object = value.if_object()) {
    for (const auto& [key, item] : *object) {
      if (key == "$ref") {
        references.emplace_back(item.as_string());
      }
      collect_references(item, references);
    }
  }
}

TEST(JsonSchema, IsJsonOfTheDraftItNames) {
  const json::value schema = json::parse(json::serialize(json_schema()));
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema.at("type"), "object");
  EXPECT_EQ(schema.at("additionalProperties"), false);
  EXPECT_TRUE(schema.at("patternProperties").as_object().contains("^x-"));
}

TEST(JsonSchema, HasEverySectionOfTheFile) {
  const json::value schema = json_schema();
  for (const char* section : {"version",
                              "project",
                              "hosts",
                              "variables",
                              "backends",
                              "defaults",
                              "endpoints",
                              "containers",
                              "networks",
                              "volumes",
                              "outputs",
                              "state"}) {
    EXPECT_TRUE(schema.at("properties").as_object().contains(section)) << section;
  }
}

TEST(JsonSchema, HasEveryAttributeWithItsDescription) {
  const json::value schema = json_schema();
  for (const Kind kind : core::kAllKinds) {
    const json::object& properties =
        definition(schema, core::to_string(kind)).at("properties").as_object();
    for (const Attribute& common : common_attributes(kind)) {
      EXPECT_EQ(properties.contains(common.name), !common.refused) << common.name;
    }
    for (const Attribute& attribute : attributes(kind)) {
      ASSERT_TRUE(properties.contains(attribute.name)) << attribute.name;
      EXPECT_THAT(std::string(properties.at(attribute.name).at("description").as_string()),
                  HasSubstr(std::string(attribute.description)));
      EXPECT_EQ(properties.at(attribute.name).as_object().contains("default"),
                !attribute.default_text.empty());
    }
  }
}

TEST(JsonSchema, EveryReferenceLeadsSomewhere) {
  const json::value schema = json_schema();
  std::vector<std::string> references;
  collect_references(schema, references);
  EXPECT_GT(references.size(), 50U);
  for (const std::string& reference : references) {
    ASSERT_TRUE(reference.starts_with("#/$defs/")) << reference;
    EXPECT_TRUE(schema.at("$defs").as_object().contains(reference.substr(8))) << reference;
  }
}

TEST(JsonSchema, AllowsInterpolationWhereATypedScalarStands) {
  const json::value schema = json_schema();
  EXPECT_EQ(definition(schema, "interpolated").at("pattern"), "\\$\\{");
  for (const char* name : {"integer",
                           "number",
                           "boolean",
                           "duration",
                           "size",
                           "port",
                           "strings",
                           "stringMap",
                           "arguments",
                           "restartPolicy",
                           "ports",
                           "mounts",
                           "networks"}) {
    const json::array& forms = definition(schema, name).at("anyOf").as_array();
    EXPECT_NE(std::find(forms.begin(), forms.end(), json::value{{"$ref", "#/$defs/interpolated"}}),
              forms.end())
        << name;
  }
}

TEST(JsonSchema, ShowsDefaultsAsTheyAreWritten) {
  const json::value schema = json_schema();
  const json::object& endpoint = definition(schema, "endpoint").at("properties").as_object();
  EXPECT_EQ(endpoint.at("port").at("default"), 8000);
  EXPECT_EQ(endpoint.at("stop_grace_period").at("default"), "60s");
  EXPECT_EQ(json::serialize(endpoint.at("logging").at("default")),
            R"({"driver":"json-file","options":{"max-file":"3","max-size":"50m"}})");
}

TEST(Reference, NamesEveryAttributeOnce) {
  for (const Kind kind : core::kAllKinds) {
    const std::string page = reference_markdown(kind);
    EXPECT_TRUE(page.starts_with("# " + std::string(core::to_string(kind)) + "\n"));
    for (const Attribute& attribute : attributes(kind)) {
      const std::string row = "\n| `" + std::string(attribute.name) + "` | ";
      EXPECT_THAT(page, HasSubstr(row));
    }
    for (const ComputedAttribute& computed : computed_attributes(kind)) {
      EXPECT_THAT(page,
                  HasSubstr("\n| `" + std::string(computed.name) + "` | " +
                            (computed.known_before_apply ? "yes" : "no") + " | "));
    }
  }
}

TEST(Reference, DoesNotOfferWhatIsRefused) {
  for (const Kind kind : core::kAllKinds) {
    for (const Attribute& attribute : common_attributes(kind)) {
      const std::string row = "\n| `" + std::string(attribute.name) + "` | ";
      EXPECT_EQ(reference_markdown(kind).find(row) == std::string::npos, attribute.refused) << row;
    }
    EXPECT_THAT(reference_markdown(kind), HasSubstr("\n| `for_each` | list or map | "));
    EXPECT_THAT(reference_markdown(kind), HasSubstr("\n| `depends_on` | "));
  }
}

TEST(JsonSchema, ABackendSetsTheImageOnly) {
  const json::value schema = json_schema();
  const json::value& vllm = schema.at("properties").at("backends").at("properties").at("vllm");
  EXPECT_EQ(json::serialize(vllm.at("anyOf").at(0).at("properties")),
            R"({"image":{"$ref":"#/$defs/image"}})");
}

TEST(Reference, SaysTypeDefaultAndCost) {
  const std::string page = reference_markdown(Kind::Endpoint);
  EXPECT_THAT(page, HasSubstr("| `model` | text | required | replace | What is served"));
  EXPECT_THAT(page,
              HasSubstr("| `stop_grace_period` | duration (`30s`, `5m`, `1h30m`) | `60s` | "
                        "aim only | "));
  EXPECT_THAT(page,
              HasSubstr("| `memory` | size (`16GiB`, `500MB`, `512m`) |  | in place | Memory "
                        "limit; Docker takes no less than 6MiB. Left out: no limit. Removing "
                        "it needs a new container. |"));
  EXPECT_THAT(page,
              HasSubstr("| `api_key` | text |  | replace | Key that clients must send. "
                        "Sensitive: never shown or stored in clear. |"));
}

TEST(Reference, HasATableForEachObject) {
  const std::string page = reference_markdown(Kind::Container);
  for (const char* heading : {"### `readiness`",
                              "### `readiness.http`",
                              "### `readiness.tcp`",
                              "### `logging`",
                              "### An item of `mounts` in its long form",
                              "### A value of `networks` as a map",
                              "## What every container takes",
                              "### `lifecycle`"}) {
    EXPECT_THAT(page, HasSubstr(std::string("\n") + heading + "\n"));
  }
}

TEST(Reference, EveryTableRowHasFiveOrThreeCells) {
  for (const Kind kind : core::kAllKinds) {
    const std::string page = reference_markdown(kind);
    std::size_t begin = 0;
    while (begin < page.size()) {
      const std::size_t end = page.find('\n', begin);
      const std::string line = page.substr(begin, end - begin);
      begin = end + 1;
      if (!line.starts_with("| `")) {
        continue;
      }
      std::size_t bars = 0;
      for (std::size_t i = 0; i < line.size(); ++i) {
        bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1U : 0U;
      }
      EXPECT_TRUE(bars == 6 || bars == 4) << line;
    }
  }
}

}  // namespace
}  // namespace aim::planner
