#include "recipes/models_markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <tuple>

namespace aim::recipes {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return result;
}

std::string counts(const std::map<int, Layout>& layouts) {
  std::string text;
  for (const auto& [gpus, layout] : layouts) {
    if (layout.enabled) {
      text += fmt::format("{}{}", text.empty() ? "" : ", ", gpus);
    }
  }
  return text;
}

std::string verified(const Recipe& recipe, const std::map<int, Layout>& layouts) {
  if (!recipe.verified) {
    return "";
  }
  const bool all = std::all_of(layouts.begin(), layouts.end(), [&](const auto& entry) {
    return recipe.is_verified(entry.first);
  });
  std::string text = fmt::format("{}, {}", recipe.verified->by, recipe.verified->date);
  if (!all) {
    text += fmt::format(" (on {})", fmt::join(recipe.verified->gpus, ", "));
  }
  return text;
}

}  // namespace

std::string models_markdown(const std::vector<Recipe>& recipes) {
  std::map<std::string,
           std::map<std::tuple<std::string, int, std::string, std::string>, std::string>>
      models;
  std::map<std::string, std::string> names;
  for (const Recipe& recipe : recipes) {
    const std::string key = lower(recipe.model_id);
    names.emplace(key, recipe.model_id);
    for (const auto& [backend, layouts] : recipe.serves) {
      models[key].emplace(std::tuple(recipe.hardware, -bits(recipe.precision), backend, recipe.id),
                          fmt::format("| {} | {} | {}{} | {} | `{}` | {} |\n",
                                      recipe.hardware,
                                      counts(layouts),
                                      to_string(recipe.precision),
                                      recipe.quant.empty() ? "" : " (" + recipe.quant + ")",
                                      backend,
                                      recipe.id,
                                      verified(recipe, layouts)));
    }
  }
  std::string text =
      "# Models and accelerators\n\n"
      "Written by `scripts/docs` from the recipes that come with aim. A model that stands here "
      "with "
      "another accelerator, or only in `recipes/models`, is served with a general recipe that aim "
      "derives from what is known of the model; see [recipes](recipes.md).\n\n"
      "A recipe for `any` accelerator is used where the model fits. An empty last column: it was "
      "published, and nobody is known to have run it as it is.\n";
  for (const auto& [key, rows] : models) {
    text += fmt::format(
        "\n## {}\n\n"
        "| accelerator | GPUs | precision | backend | recipe | verified by |\n"
        "|---|---|---|---|---|---|\n",
        names.at(key));
    for (const auto& [order, row] : rows) {
      text += row;
    }
  }
  return text;
}

}  // namespace aim::recipes
