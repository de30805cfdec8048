#include <gtest/gtest.h>

#include "planner/lifecycle.hpp"
#include "tests/unit/planner/configuration_fixture.hpp"

namespace aim::planner {
namespace {

TEST(MovedEntries, AreChecked) {
  EXPECT_EQ(
      report_of_body("containers: { a: { image: x }, b: { image: x, for_each: [k] } }\n"
                     "endpoints: { e: { model: m, image: i } }\n"
                     "moved:\n"
                     "  - { from: container.old, to: endpoint.e }\n"
                     "  - { from: container.a, to: container.b }\n"
                     "  - { from: container.c, to: container.c }\n"
                     "  - { from: container.d, to: container.aa }\n"
                     "  - { from: 'container.b[\"z\"]', to: 'container.b[\"kk\"]' }\n"
                     "  - { from: container.f, to: container.a }\n"
                     "  - { from: container.f, to: container.g }\n"
                     "  - { from: container.h, to: container.a }\n"
                     "  - { from: oops, to: container.a, why: x }\n"
                     "  - { to: container.a }\n"
                     "  - text\n"),
      "aim.yaml:5:5: error: Move between kinds\n"
      "  container.old cannot become endpoint.e: a resource keeps its kind. Remove the entry; the "
      "one is removed then and the other created.\n"
      "aim.yaml:6:5: error: Moved resource still exists\n"
      "  `moved` says that container.a became container.b, but container.a is still in this "
      "configuration. Remove that one, or the entry.\n"
      "aim.yaml:7:5: error: Move to itself\n"
      "  `moved` says that container.c became container.c, which changes nothing. Remove the "
      "entry.\n"
      "aim.yaml:8:5: error: Unknown resource\n"
      "  `container.aa` refers to container.aa, which this configuration does not have. Did you "
      "mean `container.a`? Correct the name, or add it under `containers`.\n"
      "aim.yaml:9:5: error: Unknown instance\n"
      "  `container.b[\"kk\"]` refers to container.b[\"kk\"], but its `for_each` has no such key. "
      "Did you mean `k`? It has \"k\".\n"
      "aim.yaml:11:5: error: Moved twice\n"
      "  Two entries of `moved` have `from: container.f`, and only one of them could count. "
      "Remove the other.\n"
      "  aim.yaml:10:5: the other is here\n"
      "aim.yaml:12:5: error: Moved twice\n"
      "  Two entries of `moved` have `to: container.a`, and only one of them could count. "
      "Remove the other.\n"
      "  aim.yaml:10:5: the other is here\n"
      "aim.yaml:13:13: error: Bad address\n"
      "  `from` is \"oops\", which is no address of a resource. One is written KIND.NAME or "
      "KIND.NAME[\"KEY\"], KIND being endpoint, container, network or volume.\n"
      "aim.yaml:13:36: error: Unknown key\n"
      "  An entry of `moved` has no key \"why\". It takes from and to.\n"
      "aim.yaml:14:5: error: Missing key\n"
      "  An entry of `moved` has no `from`, which is the address of a resource.\n"
      "aim.yaml:15:5: error: Wrong type\n"
      "  An entry of `moved` must be a map, but it is \"text\".\n");
}

TEST(MovedEntries, GoInNoCircles) {
  EXPECT_EQ(report_of_body("moved:\n"
                           "  - { from: container.a, to: container.b }\n"
                           "  - { from: container.b, to: container.c }\n"
                           "  - { from: container.c, to: container.a }\n"),
            "aim.yaml:3:5: error: Moves in a circle\n"
            "  container.a -> container.b -> container.c -> container.a: nobody could tell where a "
            "resource ends up. Remove one of these entries of `moved`.\n");
}

TEST(RemovedEntries, AreChecked) {
  EXPECT_EQ(
      report_of_body("containers: { a: { image: x } }\n"
                     "removed:\n"
                     "  - { from: container.a }\n"
                     "  - { from: container.b, destroy: maybe }\n"
                     "  - { from: container.b }\n"),
      "aim.yaml:4:5: error: Removed resource still exists\n"
      "  `removed` says that container.a is no longer there, but container.a is still in this "
      "configuration. Remove that one, or the entry.\n"
      "aim.yaml:5:35: error: Wrong type\n"
      "  `destroy` must be true or false, but it is \"maybe\".\n"
      "aim.yaml:6:5: error: Removed twice\n"
      "  Two entries of `removed` are about container.b. Remove one of them.\n"
      "  aim.yaml:5:5: the other is here\n");
  EXPECT_EQ(report_of_body("removed: container.a\n"),
            "aim.yaml:2:10: error: Wrong type\n"
            "  `removed` must be a list, but it is \"container.a\".\n");
}

TEST(LifecyclePaths, AreReadAsTheyAreShown) {
  for (const char* text :
       {"image", "env.NAME", "labels[\"a.b\"]", "args.--max-num-seqs", "ports[1]"}) {
    const std::optional<core::Path> path = parse_path(text);
    ASSERT_TRUE(path) << text;
    EXPECT_EQ(parse_path(core::to_string(*path)), path) << text;
  }
  for (const char* text :
       {"", ".", "a.", "a..b", "[\"a\"]", "a[", "a[x]", "a[\"b\"", "a[\"b\"]c"}) {
    EXPECT_EQ(parse_path(text), std::nullopt) << text;
  }
}

TEST(LifecycleErrors, NameThePathAndTheNearest) {
  EXPECT_EQ(
      report_of_body(
          "containers:\n"
          "  a:\n"
          "    image: x\n"
          "    lifecycle:\n"
          "      ignore_changes: [imge, image.tag, readiness.http.pth, env.A.B, 'a[', [x], "
          "'ports[0]', env.OK]\n"
          "  b: { image: x, lifecycle: { ignore_changes: some } }\n"
          "  c: { image: x, lifecycle: { replace_triggered_by: [db, container.none, "
          "container.a.imge, container.a.image] } }\n"),
      "aim.yaml:6:24: error: Unknown attribute\n"
      "  `ignore_changes` names \"imge\", which is no attribute of a container. Did you mean "
      "`image`? docs/reference/container.md lists all of them.\n"
      "aim.yaml:6:30: error: Path goes too deep\n"
      "  `ignore_changes` names \"image.tag\", but `image` counts only as a whole. Write `image`.\n"
      "aim.yaml:6:41: error: Unknown attribute\n"
      "  `ignore_changes` names \"readiness.http.pth\", but `readiness.http` has no such part. Did "
      "you mean `path`? It takes path, port, method, body, status, contains and json.\n"
      "aim.yaml:6:61: error: Path goes too deep\n"
      "  `ignore_changes` names \"env.A.B\", but `env` counts only as a whole. Write `env`.\n"
      "aim.yaml:6:70: error: Bad path\n"
      "  \"a[\" is no path of an attribute. One is written as `image`, `env.NAME` or "
      "`labels[\"a.b\"]`.\n"
      "aim.yaml:6:76: error: Wrong type\n"
      "  `ignore_changes` must be a list of attributes, or `all`, but here is a list.\n"
      "aim.yaml:6:81: error: Path goes too deep\n"
      "  `ignore_changes` names \"ports[0]\", but `ports` counts only as a whole. Write `ports`.\n"
      "aim.yaml:7:47: error: Wrong type\n"
      "  `ignore_changes` must be a list of attributes, or `all`, but it is \"some\".\n"
      "aim.yaml:8:54: error: Bad address\n"
      "  \"db\" is no address of a resource. `replace_triggered_by` takes KIND.NAME or "
      "KIND.NAME.ATTRIBUTE, KIND being endpoint, container, network or volume.\n"
      "aim.yaml:8:58: error: Unknown resource\n"
      "  `container.none` refers to container.none, which this configuration does not have. Did "
      "you mean `container.a`, `container.b` or `container.c`? Correct the name, or add it under "
      "`containers`.\n"
      "aim.yaml:8:74: error: Unknown attribute\n"
      "  `replace_triggered_by` names \"container.a.imge\", but container.a has no attribute "
      "\"imge\". Did you mean `image`? docs/reference/container.md lists all of them.\n");
}

}  // namespace
}  // namespace aim::planner
