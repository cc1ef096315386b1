#include "sync/publisher/cli/options.h"

#include <CLI/CLI.hpp>

#include "sync/publisher/cli/duration.h"

namespace cloister::publisher {

void AddRepositoryOption(CLI::App* app, Arguments* arguments) {
  app->add_option("--repository", arguments->repository, "Folder of the repository")->required();
}

void AddKeysOption(CLI::App* app, Arguments* arguments, const std::string& help) {
  app->add_option("--keys", arguments->keys, help)->required();
}

void AddOutputOption(CLI::App* app, Arguments* arguments) {
  app->add_option_function<std::string>(
         "--output", [arguments](const std::string& text) { arguments->json = text == "json"; },
         "How to print the outcome")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
}

void AddLifetimeOption(CLI::App* app, const std::string& name,
                       std::optional<absl::Duration>* lifetime, const std::string& usual) {
  app->add_option_function<std::string>(
         name,
         [name, lifetime](const std::string& text) {
           absl::StatusOr<absl::Duration> parsed = ParseLifetime(text);
           if (!parsed.ok()) RefuseOption(name, parsed.status());
           *lifetime = *parsed;
         },
         "How long the signature is good for: 3600s, 12h, 7d …")
      ->default_str(usual);
}

void SelectCommand(CLI::App* app, Arguments* arguments, Command run) {
  app->callback([arguments, run] { arguments->run = run; });
}

void RefuseOption(const std::string& name, const absl::Status& status) {
  throw CLI::ValidationError(name, std::string(status.message()));
}

}  // namespace cloister::publisher
