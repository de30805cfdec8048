#include "recipes/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <tuple>

#include "recipes/fields.hpp"

namespace aim::recipes {

using core::Diagnostics;

namespace {

constexpr std::size_t kMostListed = 5;

/// The part of the order that does not depend on the goal: smaller is better.
auto worth(const Candidate& one) {
  return std::tuple(one.general, !one.verified, one.hardware == "any", -bits(one.precision));
}

using Worth = decltype(worth(std::declval<const Candidate&>()));

class Ranking {
 public:
  Ranking(const SelectionInput& input, const std::vector<Candidate>& candidates) : input_(input) {
    for (const Candidate& one : candidates) {
      if (one.rejections.empty()) {
        counts_[worth(one)].insert(one.gpus);
      }
    }
  }

  /// Total: two candidates are equal only when nothing tells them apart.
  [[nodiscard]] auto key(const Candidate& one) const {
    return std::tuple(one.rejections.size(),
                      distance(one),
                      worth(one),
                      gpus_rank(one),
                      precision_rank(one),
                      backend_rank(one),
                      one.recipe_id,
                      one.served != input_.wish.model,
                      one.served.size(),  // o/m-FP8 before o/m-Instruct-FP8
                      one.served,
                      one.hardware,
                      one.file);
  }

 private:
  const SelectionInput& input_;
  std::map<Worth, std::set<int>> counts_;

  /// How far the worst rejection is from what was asked for.
  static int distance(const Candidate& one) {
    int sum = 0;
    for (const Rejection& rejection : one.rejections) {
      sum += rejection.by_wish ? 1 : weight(rejection.criterion);
    }
    return sum;
  }

  /// Another layout is nearer than another machine.
  static int weight(Criterion criterion) {
    switch (criterion) {
      case Criterion::Fit:
        return 10;
      case Criterion::Features:
        return 11;
      case Criterion::GpuCount:
        return 12;
      case Criterion::Enabled:
        return 13;
      case Criterion::Recipe:
      case Criterion::Backend:
      case Criterion::Precision:
        return 14;
      case Criterion::Hardware:
        return 20;
    }
    return 20;
  }

  /// Fewest first; for latency the smallest number comes behind all others.
  int gpus_rank(const Candidate& one) const {
    constexpr int kBehind = 1 << 20;
    const auto counts = counts_.find(worth(one));
    const bool smallest =
        counts != counts_.end() && counts->second.size() > 1 && one.gpus == *counts->second.begin();
    return one.gpus + (input_.wish.goal == Goal::Latency && smallest ? kBehind : 0);
  }

  int precision_rank(const Candidate& one) const {
    const bool native = input_.facts && input_.facts->precision == one.precision;
    return native ? -1 : static_cast<int>(one.precision);
  }

  int backend_rank(const Candidate& one) const {
    const auto& all = input_.backends->backends;
    return static_cast<int>(
        std::find_if(all.begin(),
                     all.end(),
                     [&](const BackendData& backend) { return backend.name == one.backend; }) -
        all.begin());
  }
};

std::string gpus_text(int count) { return count == 1 ? "1 GPU" : fmt::format("{} GPUs", count); }

std::string asked(const Wish& wish) {
  std::vector<std::string> parts;
  if (wish.recipe) {
    parts.push_back("recipe " + *wish.recipe);
  }
  if (wish.backend) {
    parts.push_back(*wish.backend);
  }
  if (wish.precision) {
    parts.emplace_back(to_string(*wish.precision));
  }
  if (wish.gpus) {
    parts.push_back(gpus_text(*wish.gpus));
  }
  if (wish.context_length) {
    parts.push_back(grouped(*wish.context_length) + " tokens");
  }
  return parts.empty() ? "" : fmt::format(" as asked for ({})", fmt::join(parts, ", "));
}

std::string listed_candidate(const Candidate& one) {
  std::vector<std::string> reasons;
  for (const Rejection& rejection : one.rejections) {
    reasons.push_back(rejection.reason);
  }
  return fmt::format("  {} ({}, {}, {}, {}): {}",
                     one.recipe_id,
                     one.backend,
                     one.hardware,
                     gpus_text(one.gpus),
                     to_string(one.precision),
                     fmt::join(reasons, "; "));
}

bool only_by_wish(const Candidate& one) {
  return std::all_of(one.rejections.begin(), one.rejections.end(), [](const Rejection& rejection) {
    return rejection.by_wish;
  });
}

std::vector<std::string> reasons_for(const Candidate& chosen, const SelectionInput& input) {
  std::vector<std::string> reasons;
  if (is_gguf(input.wish)) {
    return {fmt::format("{} is in GGUF form, which llama.cpp serves as it is.", chosen.served),
            chosen.gpus == 0 ? "It runs on the CPU." : "It runs on a GPU."};
  }
  reasons.push_back(
      chosen.general
          ? fmt::format(
                "No recipe fits; this one is derived from the facts of {} and not verified.",
                input.facts->model_id)
          : fmt::format("Recipe {} is {} with {} on {}.",
                        chosen.recipe_id,
                        chosen.verified ? "verified" : "not verified",
                        gpus_text(chosen.gpus),
                        chosen.hardware == "any" ? "any accelerator" : chosen.hardware));
  if (!input.wish.precision) {
    reasons.push_back(
        fmt::format("{} is the highest precision that fits.", to_string(chosen.precision)));
  }
  if (!input.wish.gpus) {
    reasons.push_back(input.wish.goal == Goal::Latency
                          ? fmt::format("{} for the goal latency.", gpus_text(chosen.gpus))
                          : fmt::format("{} {} the fewest that fit.",
                                        gpus_text(chosen.gpus),
                                        chosen.gpus == 1 ? "is" : "are"));
  }
  if (chosen.fit) {
    reasons.push_back(fmt::format("Fit: {}.", fit_sum(*chosen.fit)));
  }
  return reasons;
}

void report_unknown(const SelectionInput& input, Diagnostics& diagnostics) {
  const std::string& model = input.wish.model;
  std::vector<std::string> near = core::nearest(model, input.known_models);
  // Without the organisation: "Qwen3-32B".
  const auto lower = [](std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    return result;
  };
  const auto name_of = [&](std::string_view full) {
    return lower(full.substr(full.rfind('/') + 1));
  };
  for (const std::string& known : input.known_models) {
    if (name_of(known) == name_of(model) &&
        std::find(near.begin(), near.end(), known) == near.end()) {
      near.insert(near.begin(), known);
    }
  }
  near.resize(std::min<std::size_t>(near.size(), 3));
  for (std::string& name : near) {
    name = fmt::format("`{}`", name);
  }
  diagnostics.error(
      "Unknown model",
      fmt::format("There is neither a recipe for {} nor are its size and shape known.{} For a "
                  "fine-tune set `base_model` to the model it was made from; or write a recipe for "
                  "it in ./recipes.",
                  in_quotes(model),
                  near.empty() ? "" : fmt::format(" Did you mean {}?", listed(near, "or"))));
}

void report_none(const SelectionInput& input,
                 const std::vector<Candidate>& candidates,
                 bool fallback_would_help,
                 Diagnostics& diagnostics) {
  std::string detail =
      fmt::format("Nothing serves {}{} on what is here.", input.wish.model, asked(input.wish));
  if (!candidates.empty()) {
    detail += " The nearest:";
  }
  for (std::size_t i = 0; i < std::min(kMostListed, candidates.size()); ++i) {
    detail += "\n" + listed_candidate(candidates[i]);
  }
  detail += fallback_would_help
                ? "\nChange what is asked for, or let the nearest be taken with `fallback: allow`."
                : "\nChange what is asked for, or write a recipe of your own in ./recipes.";
  diagnostics.error("No recipe fits", std::move(detail));
}

/// The best of what fits, or the one that is picked.
void choose_fitting(const SelectionInput& input, const Picker& pick, Selection& selection) {
  if (!pick) {
    selection.chosen = selection.candidates.front();
    selection.reasons = reasons_for(*selection.chosen, input);
    return;
  }
  std::vector<Candidate> fitting;
  std::copy_if(selection.candidates.begin(),
               selection.candidates.end(),
               std::back_inserter(fitting),
               [](const Candidate& one) { return one.rejections.empty(); });
  if (const std::optional<std::size_t> index = pick(fitting)) {
    selection.chosen = fitting.at(*index);
    selection.reasons = {
        fmt::format("Chosen by the program of `select` among {} that fit.", fitting.size())};
    if (selection.chosen->fit) {
      selection.reasons.push_back(fmt::format("Fit: {}.", fit_sum(*selection.chosen->fit)));
    }
  }
}

}  // namespace

std::string_view to_string(Criterion criterion) {
  switch (criterion) {
    case Criterion::Recipe:
      return "recipe";
    case Criterion::Backend:
      return "backend";
    case Criterion::Hardware:
      return "hardware";
    case Criterion::Precision:
      return "precision";
    case Criterion::Enabled:
      return "enabled";
    case Criterion::GpuCount:
      return "gpus";
    case Criterion::Features:
      return "features";
    case Criterion::Fit:
      return "fit";
  }
  return "";
}

bool is_known_model(const SelectionInput& input, Diagnostics& diagnostics) {
  const bool known = !input.recipes.empty() || input.facts || is_gguf(input.wish);
  if (!known) {
    report_unknown(input, diagnostics);
  }
  return known;
}

Selection select(const SelectionInput& input, Diagnostics& diagnostics, const Picker& pick) {
  Selection selection;
  if (!is_known_model(input, diagnostics)) {
    return selection;
  }
  selection.candidates = make_candidates(input);
  std::vector<Candidate>& all = selection.candidates;
  const Ranking ranking(input, all);
  std::sort(all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) {
    return ranking.key(a) < ranking.key(b);
  });
  if (!all.empty() && all.front().rejections.empty()) {
    choose_fitting(input, pick, selection);
    return selection;
  }
  const auto nearest = std::find_if(all.begin(), all.end(), only_by_wish);
  if (nearest == all.end() || input.wish.fallback == Fallback::Refuse) {
    report_none(input, all, nearest != all.end(), diagnostics);
    return selection;
  }
  selection.chosen = *nearest;
  selection.reasons = reasons_for(*nearest, input);
  for (const Rejection& rejection : nearest->rejections) {
    selection.reasons.push_back(fmt::format("Taken as the nearest: it {}.", rejection.reason));
  }
  return selection;
}

}  // namespace aim::recipes
