#include "deploy/describe/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace cloister::describe {
namespace {

// CLI11 keeps what a validator allows only in words: "TEXT:{text,json}".
Value ValueOf(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {Value::Kind::kNothing, {}, ""};
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  if (open != std::string::npos && absl::EndsWith(type, "}")) {
    const std::string words = type.substr(open + 1, type.size() - open - 2);
    return {Value::Kind::kWords, absl::StrSplit(words, ','), ""};
  }
  if (type == "FORMAT:FILE") return {Value::Kind::kFormatFile, {}, type};
  if (type == "FORMAT") return {Value::Kind::kFormat, {}, type};
  if (type == "FOLDER") return {Value::Kind::kFolder, {}, type};
  if (absl::StrContains(type, "FILE")) return {Value::Kind::kFile, {}, type};
  // What follows is the range of a number, of which its description tells.
  return {Value::Kind::kText, {}, type.substr(0, type.find(':'))};
}

// In an order of its own: CLI11 orders them by where they lie in memory.
std::vector<std::string> NamesOf(const std::set<CLI::Option*>& options) {
  std::vector<std::string> names;
  for (const CLI::Option* option : options) names.push_back(option->get_name());
  std::sort(names.begin(), names.end());
  return names;
}

Option Describe(const CLI::Option& option) {
  Option described;
  for (const std::string& name : option.get_snames()) described.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) described.names.push_back("--" + name);
  if (described.names.empty()) described.names.push_back(option.get_name());
  described.value = ValueOf(option);
  described.about = option.get_description();
  described.usual = option.get_default_str();
  described.environment = option.get_envname();
  described.excludes = NamesOf(option.get_excludes());
  described.needs = NamesOf(option.get_needs());
  described.required = option.get_required();
  described.many = option.get_items_expected_max() > 1;
  return described;
}

// Those of option groups are CLI11's sub-commands without a name.
void AddOptions(const CLI::App& app, Command* command) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    auto& into = option->nonpositional() ? command->options : command->positionals;
    into.push_back(Describe(*option));
  }
}

}  // namespace

Command Describe(const CLI::App& app) {
  Command command;
  command.name = app.get_name();
  command.about = app.get_description();
  command.footer = app.get_footer();
  command.command_required = app.get_require_subcommand_min() > 0;
  command.options_of_parent = app.get_fallthrough();
  command.passes_on = app.get_prefix_command();
  AddOptions(app, &command);
  const auto shown = [](const CLI::App* below) { return !below->get_group().empty(); };
  for (const CLI::App* below : app.get_subcommands(shown)) {
    if (below->get_name().empty()) {
      AddOptions(*below, &command);
    } else {
      command.commands.push_back(Describe(*below));
    }
  }
  return command;
}

}  // namespace cloister::describe
